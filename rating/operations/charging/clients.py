"""
Clients of online charging and their tokens: shown once, kept as a hash.
"""

from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from django.utils.translation import gettext as _

from rating.models import ChargingClient, UsageSource


class UnableToAddClient(Exception):
    """The code is taken, or there is no such source."""


def add_client(*, code: str, name: str, source: UsageSource, **terms: Any) -> str:
    """
    Make a client of a switch and return its token, which is not stored and can't be told again.

    `terms` are the other columns of ChargingClient. Raises UnableToAddClient.
    """
    if ChargingClient.objects.filter(code=code).exists():
        message = _("There is a client “%(code)s” already.")
        raise UnableToAddClient(message % {"code": code})
    token = token_urlsafe(32)
    ChargingClient.objects.create(
        code=code, name=name, source=source, token_hash=hash_token(token), **terms
    )
    return token


def renew_token(*, code: str) -> str:
    """Give a client another token; the one before opens nothing any more."""
    token = token_urlsafe(32)
    changed = ChargingClient.objects.filter(code=code).update(token_hash=hash_token(token))
    if not changed:
        message = _("There is no client “%(code)s”.")
        raise UnableToAddClient(message % {"code": code})
    return token


def hash_token(token: str) -> str:
    """Return what is stored of a token: long and random, it needs no slow hash."""
    return sha256(token.encode()).hexdigest()
