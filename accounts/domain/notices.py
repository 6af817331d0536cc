"""
Notices of money from outside: what they say, and what becomes of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from accounts.domain.identifiers import UnreadablePhone, read_phone
from accounts.domain.posting import LARGEST
from billing_project.kernel.money import round_money

#: A payment may be told of so many days late, or ahead of our clock, before a person looks at it.
LATEST: Final = timedelta(days=60)
EARLIEST: Final = timedelta(days=1)
LONGEST_KEY: Final = 40


class WrongNotice(ValueError):
    """The amount is not in whole minor units or too large, or an id is missing or too long."""


class What(StrEnum):
    """What a notice says."""

    PAYMENT = "payment"
    CANCEL = "cancel"
    REFUND = "refund"
    CHARGEBACK = "chargeback"


class AccountBy(StrEnum):
    """How the sender names the account."""

    NUMBER = "number"
    IDENTIFIER = "identifier"
    #: By our own id: the sender found the account itself.
    GIVEN = "given"


class State(StrEnum):
    """How far a notice has come."""

    RECEIVED = "received"
    CREDITED = "credited"
    UNASSIGNED = "unassigned"
    REFUSED = "refused"
    RETURNED = "returned"
    #: A notice that is no payment has had its effect.
    DONE = "done"


class Reason(StrEnum):
    """Why a notice was not credited at once."""

    NONE = ""
    ACCOUNT_UNKNOWN = "account_unknown"
    ACCOUNT_MISSING = "account_missing"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_IN_DOUBT = "account_in_doubt"
    OTHER_CURRENCY = "other_currency"
    DATE_IN_DOUBT = "date_in_doubt"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_TOO_SMALL = "amount_too_small"
    AMOUNT_TOO_LARGE = "amount_too_large"
    ACCOUNT_FORMAT = "account_format"
    OTHER_PAYMENT = "other_payment"
    PAYMENT_UNKNOWN = "payment_unknown"
    PAYMENT_REVERSED = "payment_reversed"
    TOO_LATE = "too_late"
    MONEY_USED = "money_used"
    CANCELLED = "cancelled"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """
    What a sender says: (gateway, external_id, what) is unique for ever.

    The account is named by `account_hint` as the sender wrote it, read as `account_by` says, or by
    `account_id` where the sender's own matching found it (the hint then is only kept). No hint and
    no id: a person assigns the money. `keeps_doubtful` False: what can't be credited is refused
    instead of kept, because the sender gives the money back itself. `refused` refuses it in any
    case (too small, wrong format), so that the message is on record. `raw` is the message itself.
    """

    gateway: str
    external_id: str
    amount: Decimal
    paid_at: datetime
    business_date: date
    account_hint: str = ""
    account_by: AccountBy = AccountBy.NUMBER
    account_id: int | None = None
    currency: str = "RUB"
    what: What = What.PAYMENT
    comment: str = ""
    raw: str = ""
    on_behalf_of: str = ""
    keeps_doubtful: bool = True
    refused: Reason = Reason.NONE

    def __post_init__(self) -> None:
        if abs(self.amount) > LARGEST or self.amount != round_money(self.amount):
            message = f"{self.amount} is too large or not rounded"
            raise WrongNotice(message)
        if not 0 < len(self.external_id) <= 80 or not 0 < len(self.gateway) <= 24:
            message = "an id is missing or too long"
            raise WrongNotice(message)

    @property
    def by(self) -> AccountBy:
        """How the account is named."""
        return self.account_by if self.account_id is None else AccountBy.GIVEN

    @property
    def hint(self) -> str:
        """The account as written; our own id where nothing was."""
        given = "" if self.account_id is None else str(self.account_id)
        return (self.account_hint or given)[:120]

    @property
    def key(self) -> str:
        """What is looked up."""
        return str(self.account_id) if self.account_id is not None else key_of(self.hint, self.by)


def key_of(hint: str, by: AccountBy) -> str:
    """
    Return what is looked up for an account as written: its number, or E.164 digits, or a login.

    >>> key_of(" 100 000 017", AccountBy.NUMBER), key_of("8 921 555-01-01", AccountBy.IDENTIFIER)
    ('100000017', '79215550101')
    """
    text = "".join(hint.split())
    if by == AccountBy.IDENTIFIER:
        try:
            text = read_phone(text)
        except UnreadablePhone:
            text = text.lower()
    return text[:LONGEST_KEY]


@dataclass(frozen=True, slots=True)
class Payer:
    """The account that a notice names: whether it takes money, and which."""

    account_id: int
    closed_on: date | None
    currency: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What of a notice decides its outcome."""

    amount: Decimal
    currency: str
    has_hint: bool
    business_date: date
    keeps_doubtful: bool = True
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a notice, and why."""

    state: State
    reason: Reason = Reason.NONE


def judge(claim: Claim, payer: Payer | None, *, today: date) -> Verdict:
    """Decide: credit, keep for a person, or refuse. Money that came is never refused for doubt."""
    if claim.refused:
        return Verdict(State.REFUSED, Reason(claim.refused))
    if claim.amount <= 0:
        return Verdict(State.REFUSED, Reason.AMOUNT_NOT_POSITIVE)
    doubt = _doubt(claim, payer, today)
    if doubt is Reason.NONE:
        return Verdict(State.CREDITED)
    return Verdict(State.UNASSIGNED if claim.keeps_doubtful else State.REFUSED, doubt)


def _doubt(claim: Claim, payer: Payer | None, today: date) -> Reason:
    if payer is None:
        return Reason.ACCOUNT_UNKNOWN if claim.has_hint else Reason.ACCOUNT_MISSING
    checks: Mapping[Reason, bool] = {
        Reason.ACCOUNT_CLOSED: payer.closed_on is not None and payer.closed_on <= today,
        Reason.OTHER_CURRENCY: payer.currency != claim.currency,
        Reason.DATE_IN_DOUBT: not today - LATEST <= claim.business_date <= today + EARLIEST,
    }
    return next((reason for reason, is_so in checks.items() if is_so), Reason.NONE)
