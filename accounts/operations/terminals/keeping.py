"""
Terminals as rows: making and editing them, their passwords, and whether a request is theirs.
"""

import hmac
import os
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import ip_address, ip_network
from secrets import token_urlsafe
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.formats.terminal_registry import UnreadableColumns, read_columns
from accounts.models.terminals import Terminal

#: Compared with where there is nothing to compare: who knocks must not learn it by the clock.
_NOBODY: Final = sha256(b"").hexdigest()


class UnableToKeepTerminal(Exception):
    """The code is taken, or a column is wrong; `field` names it."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def add_terminal(*, code: str, name: str, **terms: Any) -> tuple[Terminal, str]:
    """
    Make a terminal; return it and its password, which is not stored and can't be told again.

    `terms` are other columns of Terminal; the user name is the code unless given. With
    `secret_variable` the password is the one in that environment variable, and "" is returned.
    """
    terms.setdefault("user_name", code)
    password = "" if terms.get("secret_variable") else token_urlsafe(24)
    terminal = Terminal(code=code, name=name, password_hash=_hash(password), **terms)
    _check(terminal)
    terminal.save(force_insert=True)
    return terminal, password


def edit_terminal(*, terminal_id: int, **terms: Any) -> Terminal:
    """Change a terminal's columns; its code and password stay. Raises UnableToKeepTerminal."""
    terminal = Terminal.objects.get(pk=terminal_id)
    if not terms.get("user_name", True):
        terms["user_name"] = terminal.code
    for name, value in terms.items():
        setattr(terminal, name, value)
    _check(terminal)
    terminal.save(update_fields=list(terms))
    return terminal


def renew_password(*, terminal_id: int) -> str:
    """Give a terminal another password; the one before opens nothing any more."""
    password = token_urlsafe(24)
    Terminal.objects.filter(pk=terminal_id).update(
        password_hash=_hash(password), secret_variable=""
    )
    return password


def _check(terminal: Terminal) -> None:
    try:
        read_networks(terminal.networks)
    except ValueError as error:
        message = _("“%(text)s” is no network.") % {"text": error.args[0]}
        raise UnableToKeepTerminal(message, "networks") from error
    try:
        read_columns(terminal.columns)
    except UnreadableColumns as error:
        raise UnableToKeepTerminal(str(error), "columns") from error
    try:
        terminal.full_clean(exclude=["password_hash"])
    except ValidationError as error:
        field, [message, *_rest] = next(iter(error.message_dict.items()))
        raise UnableToKeepTerminal(message, field if field != "__all__" else "") from error


def proves(terminal: Terminal | None, *, user_name: str, password: str) -> bool:
    """Return whether user name and password are the terminal's, in constant time."""
    known_name = terminal.user_name if terminal is not None else ""
    known_hash = _stored(terminal) if terminal is not None else ""
    is_name = hmac.compare_digest(known_name.encode(), user_name.encode())
    is_password = hmac.compare_digest(known_hash or _NOBODY, _hash(password) or _NOBODY)
    return bool(known_hash) and is_name and is_password


def needs_password(terminal: Terminal) -> bool:
    """Return whether its address alone doesn't let it in."""
    return bool(terminal.password_hash or terminal.secret_variable)


def is_from(terminal: Terminal, address: str) -> bool:
    """Return whether the address is one the terminal may ask from."""
    networks = read_networks(terminal.networks)
    try:
        asking = ip_address(address)
    except ValueError:
        return not networks
    return not networks or any(asking in network for network in networks)


def read_networks(text: str) -> Sequence[Any]:
    """Return the networks of a list apart by commas; ValueError names the one that is none."""
    found = []
    for written in (part.strip() for part in text.split(",")):
        try:
            found += [ip_network(written)] if written else []
        except ValueError as error:
            raise ValueError(written) from error
    return found


def _stored(terminal: Terminal) -> str:
    if terminal.secret_variable:
        return _hash(os.environ.get(terminal.secret_variable, ""))
    return terminal.password_hash


def _hash(password: str) -> str:
    """Return what is stored of a password: ours are long and random, they need no slow hash."""
    return sha256(password.encode()).hexdigest() if password else ""
