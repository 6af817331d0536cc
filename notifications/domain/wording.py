"""
Wording: templates with checked variables, rendered with values written as the language writes them.

A template holds `{variable}`; a part in `[[double brackets]]` is left out when a variable inside it
has no value. Nothing else is special: no attributes, no formats, no code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PIECE: Final = re.compile(r"\[\[|\]\]|\{([^{}]*)\}|[{}]")
#: Spaces that break a line; those that hold a sum together stay.
_BREAKS: Final = re.compile(r"[ \t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_NAME: Final = re.compile(r"[a-z_]+")

#: Variables of every template.
COMMON: Final = frozenset({"name", "account", "date"})
#: Further variables, by event kind.
VARIABLES: Final[Mapping[str, frozenset[str]]] = {
    "account.closed": frozenset(),
    "service.activated": frozenset({"service", "identifier"}),
    "service.suspended": frozenset({"service", "identifier"}),
    "service.resumed": frozenset({"service", "identifier"}),
    "service.terminated": frozenset({"service", "identifier"}),
    "number.changed": frozenset({"service", "identifier", "former"}),
    "plan.change_scheduled": frozenset({"service", "plan", "from_date", "fee"}),
    "plan.changed": frozenset({"service", "plan", "fee"}),
    "plan.change_cancelled": frozenset({"service", "plan", "reason"}),
    "bundle.dissolved": frozenset({"about", "from_date"}),
    "pause.agreed": frozenset({"service", "identifier", "from_date", "until", "cost"}),
    "pause.cancelled": frozenset({"service", "identifier", "from_date", "reason"}),
    "payment.received": frozenset({"amount", "balance"}),
    "payment.reversed": frozenset({"amount", "balance"}),
    "payment.refunded": frozenset({"amount", "balance", "reason"}),
    "payment.link": frozenset({"amount", "link"}),
    "chargeback.lost": frozenset({"amount", "balance"}),
    "autopay.set": frozenset({"amount", "about"}),
    "autopay.stopped": frozenset({"amount", "about"}),
    "autopay.capped": frozenset({"amount", "about"}),
    "autopay.failed": frozenset({"amount", "about"}),
    "adjustment.posted": frozenset({"amount", "balance", "reason"}),
    "bonus.granted": frozenset({"amount", "until", "pays", "reason"}),
    "balance.low": frozenset({"balance", "from_date"}),
    "access.restricted": frozenset(
        {"service", "identifier", "access", "remedy", "balance", "top_up", "speed"}
    ),
    "access.restored": frozenset({"service", "identifier", "access", "balance", "speed"}),
    "promise.given": frozenset({"amount", "due", "price"}),
    "promise.kept": frozenset({"amount"}),
    "promise.broken": frozenset({"amount", "paid"}),
    "limit.changed": frozenset({"limit", "limit_before"}),
    "bill.issued": frozenset({"number", "amount", "to_pay", "due_date", "period"}),
    "bill.consolidated": frozenset({"number", "amount", "to_pay", "due_date", "period"}),
    "credit_note.issued": frozenset({"number", "bill", "amount", "balance", "reason"}),
    "debit_note.issued": frozenset({"number", "bill", "amount", "balance", "reason"}),
    "bill.reissued": frozenset({"number", "bill", "amount", "reason"}),
    "dispute.raised": frozenset({"number", "about", "amount", "due_date"}),
    "dispute.answered": frozenset({"number", "about", "reason"}),
    "dispute.accepted": frozenset({"number", "about", "amount", "reason"}),
    "dispute.rejected": frozenset({"number", "about", "amount", "reason"}),
    "compensation.given": frozenset({"about", "amount"}),
    "ticket.answered": frozenset({"number", "about", "reason"}),
    "guard.reached": frozenset({"service", "identifier", "amount", "spent"}),
    "allowance.low": frozenset({"service", "identifier", "included", "left"}),
    "allowance.used_up": frozenset({"service", "identifier", "included"}),
    "password.changed": frozenset({"moment"}),
}


class UnableToWord(ValueError):
    """The template is wrong, or a value it needs is missing; `variable` names it where there is one."""

    def __init__(self, message: str, *, variable: str = "") -> None:
        super().__init__(message)
        self.variable = variable


@dataclass(frozen=True, slots=True)
class _Part:
    """Literals and variables in turn; an optional part may be left out as a whole."""

    pieces: tuple[tuple[str, str], ...]
    is_optional: bool
    names: frozenset[str]


def variables_of(event_kind: str) -> frozenset[str]:
    """Return the variables a template of the kind may use."""
    return COMMON | VARIABLES.get(event_kind, frozenset())


def check_template(text: str, *, event_kind: str) -> None:
    """Raise UnableToWord if the text is no template, or uses a variable the kind does not have."""
    known = variables_of(event_kind)
    for part in _parse(text):
        for name in sorted(part.names - known):
            message = f"{event_kind} has no variable {{{name}}}"
            raise UnableToWord(message, variable=name)


def render(text: str, *, values: Mapping[str, str]) -> str:
    """
    Render a template; a missing value outside of an optional part raises UnableToWord.

    >>> render("Balance {balance}.[[ Pay by {due}.]]", values={"balance": "₽5"})
    'Balance ₽5.'
    """
    return "".join(_render_part(part, values) for part in _parse(text))


def render_line(text: str, *, values: Mapping[str, str]) -> str:
    """Render a subject: one line, whatever the values hold."""
    return _BREAKS.sub(" ", render(text, values=values)).strip()


def _render_part(part: _Part, values: Mapping[str, str]) -> str:
    missing = sorted(name for name in part.names if not values.get(name)) if part.names else []
    if missing and part.is_optional:
        return ""
    if missing:
        message = f"no value for {{{missing[0]}}}"
        raise UnableToWord(message, variable=missing[0])
    return "".join(values[name] if name else literal for literal, name in part.pieces)


@lru_cache(maxsize=512)
def _parse(text: str) -> tuple[_Part, ...]:
    """Cut the text into parts; brackets of both kinds must be in pairs, `[[` not inside `[[`."""
    parts: list[_Part] = []
    pieces: list[tuple[str, str]] = []
    is_optional = False
    for literal, mark in _scan(text):
        pieces.append((literal, ""))
        if mark in ("[[", "]]"):
            if is_optional == (mark == "[["):
                message = f"unpaired {mark}"
                raise UnableToWord(message)
            parts.append(_make_part(pieces, is_optional=is_optional))
            pieces, is_optional = [], not is_optional
        elif mark:
            pieces.append(("", _read_name(mark)))
    if is_optional:
        message = "unpaired [["
        raise UnableToWord(message)
    return (*parts, _make_part(pieces, is_optional=False))


def _make_part(pieces: list[tuple[str, str]], *, is_optional: bool) -> _Part:
    kept = tuple(piece for piece in pieces if any(piece))
    return _Part(kept, is_optional, frozenset(name for _literal, name in kept if name))


def _scan(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    for found in _PIECE.finditer(text):
        yield text[position : found.start()], found.group()
        position = found.end()
    yield text[position:], ""


def _read_name(mark: str) -> str:
    name = mark[1:-1]
    if not _NAME.fullmatch(name):
        message = f"{mark} is no variable"
        raise UnableToWord(message)
    return name
