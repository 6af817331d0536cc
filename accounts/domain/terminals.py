"""
The check/pay protocol of terminals (OSMP, QIWI and alike): what is asked, codes of the answers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final

from accounts.domain.identifiers import UnreadableLogin, UnreadablePhone, read_login, read_phone
from accounts.domain.notices import AccountBy, Reason

_TXN: Final = re.compile(r"[0-9A-Za-z_.:-]{1,40}")
_SUM: Final = re.compile(r"\d{1,12}(?:[.,]\d{1,2})?")
_DATE: Final = re.compile(r"\d{14}")
_ACCOUNT: Final = re.compile(r"\d{4,12}")
_LONGEST_ACCOUNT: Final = 120


class Code(IntEnum):
    """Results of the protocol. Only LATER is not final: the machine asks again."""

    OK = 0
    LATER = 1
    ACCOUNT_FORMAT = 4
    NO_ACCOUNT = 5
    FORBIDDEN = 7
    TECHNICAL = 8
    TOO_SMALL = 241
    TOO_LARGE = 242
    OTHER = 300


class Command(StrEnum):
    """What a machine may ask."""

    CHECK = "check"
    PAY = "pay"
    CANCEL = "cancel"
    STATUS = "status"


#: What the machine is told where a notice was refused, or is no payment any more.
CODE_OF: Final[Mapping[Reason, Code]] = {
    Reason.ACCOUNT_FORMAT: Code.ACCOUNT_FORMAT,
    Reason.ACCOUNT_UNKNOWN: Code.NO_ACCOUNT,
    Reason.ACCOUNT_MISSING: Code.NO_ACCOUNT,
    Reason.ACCOUNT_CLOSED: Code.FORBIDDEN,
    Reason.OTHER_CURRENCY: Code.FORBIDDEN,
    Reason.AMOUNT_TOO_SMALL: Code.TOO_SMALL,
    Reason.AMOUNT_NOT_POSITIVE: Code.TOO_SMALL,
    Reason.AMOUNT_TOO_LARGE: Code.TOO_LARGE,
    Reason.TOO_LATE: Code.FORBIDDEN,
    Reason.MONEY_USED: Code.FORBIDDEN,
}


class Malformed(ValueError):
    """A request that doesn't say what it must; the message names the parameter."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request read: `amount` and `paid_at` where the command has them."""

    command: Command
    txn_id: str
    account: str = ""
    amount: Decimal | None = None
    paid_at: datetime | None = None


def read_asked(values: Mapping[str, Sequence[str]], *, zone: tzinfo) -> Asked:
    """Read the parameters of a request; times are the terminal's wall clock in `zone`. Malformed."""
    try:
        command = Command(_one(values, "command"))
    except ValueError as error:
        raise Malformed("command") from error
    asked = Asked(
        command=command,
        txn_id=_match(_TXN, values, "txn_id"),
        account=" ".join(_one(values, "account").split()),
        amount=_amount(values),
        paid_at=_moment(values, zone),
    )
    needed = {
        "account": command in {Command.CHECK, Command.PAY} and not asked.account,
        "sum": command is Command.PAY and asked.amount is None,
        "txn_date": command is Command.PAY and asked.paid_at is None,
    }
    for name, is_missing in needed.items():
        if is_missing:
            raise Malformed(name)
    return asked


def _one(values: Mapping[str, Sequence[str]], name: str) -> str:
    """Return a parameter's one value; twice the same parameter is nobody's intention."""
    found = values.get(name, ())
    if len(found) > 1 or any("\0" in value or len(value) > _LONGEST_ACCOUNT for value in found):
        raise Malformed(name)
    return found[0].strip() if found else ""


def _match(pattern: re.Pattern[str], values: Mapping[str, Sequence[str]], name: str) -> str:
    value = _one(values, name)
    if not (value.isascii() and pattern.fullmatch(value)):
        raise Malformed(name)
    return value


def _amount(values: Mapping[str, Sequence[str]]) -> Decimal | None:
    if not _one(values, "sum"):
        return None
    written = _match(_SUM, values, "sum").replace(",", ".")
    return Decimal(written).quantize(Decimal("0.01"))


def _moment(values: Mapping[str, Sequence[str]], zone: tzinfo) -> datetime | None:
    if not _one(values, "txn_date"):
        return None
    written = _match(_DATE, values, "txn_date")
    try:
        # `strptime` of a text without offset: the zone is the operator's, as agreed.
        return datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError as error:
        raise Malformed("txn_date") from error


def is_account(text: str, by: AccountBy) -> bool:
    """
    Return whether the text is written as an account of that kind is.

    >>> is_account("100000017", AccountBy.NUMBER), is_account("1000O0017", AccountBy.NUMBER)
    (True, False)
    >>> is_account("+7 921 555-01-01", AccountBy.IDENTIFIER), is_account("ы", AccountBy.IDENTIFIER)
    (True, False)
    """
    if by == AccountBy.NUMBER:
        written = "".join(text.split())
        return bool(written.isascii() and _ACCOUNT.fullmatch(written))
    return _is_phone(text) or _is_login(text)


def _is_phone(text: str) -> bool:
    try:
        read_phone(text)
    except UnreadablePhone:
        return False
    return True


def _is_login(text: str) -> bool:
    try:
        read_login(text)
    except UnreadableLogin:
        return False
    return True


def judge_amount(amount: Decimal, *, least: Decimal, most: Decimal) -> Reason:
    """
    Return why a terminal may not take so much, or nothing.

    >>> judge_amount(Decimal("9.99"), least=Decimal(10), most=Decimal(100))
    <Reason.AMOUNT_TOO_SMALL: 'amount_too_small'>
    """
    if amount < least or amount <= 0:
        return Reason.AMOUNT_TOO_SMALL
    return Reason.AMOUNT_TOO_LARGE if amount > most else Reason.NONE
