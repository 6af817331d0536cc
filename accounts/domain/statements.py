"""
A bank's statement as values: what it says of each account, and whether its totals hold.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import Final

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class BankDocument:
    """
    One document (payment order and alike) of a statement; `line` is where it begins in the file.

    `received_on` and `paid_on` are the bank's own days, None where it gave none.
    """

    line: int
    kind: str
    number: str
    issued_on: date
    amount: Decimal
    payer_account: str
    payer_inn: str
    payer_name: str
    payee_account: str
    purpose: str
    received_on: date | None = None
    paid_on: date | None = None

    @property
    def credited_on(self) -> date:
        """The day the money came to the payee's account."""
        return self.received_on or self.paid_on or self.issued_on


@dataclass(frozen=True, slots=True)
class AccountDays:
    """What the statement says of one bank account over some days, both included."""

    line: int
    account: str
    first: date | None = None
    last: date | None = None
    opening: Decimal | None = None
    received: Decimal | None = None
    paid: Decimal | None = None
    closing: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole file. `accounts` are the bank accounts it is about, in the order it names them."""

    encoding: str
    sender: str
    first: date | None
    last: date | None
    accounts: tuple[str, ...]
    sections: tuple[AccountDays, ...]
    documents: tuple[BankDocument, ...]


class Way(StrEnum):
    """Which way a document goes, seen from our bank accounts."""

    IN = "in"
    OUT = "out"
    OWN = "own"  # between two accounts of ours
    ALIEN = "alien"  # neither side is an account of this statement


@dataclass(frozen=True, slots=True)
class WrongTotal:
    """A total that does not hold: what the statement says, and what its own figures give."""

    line: int
    account: str
    what: str  # "received", "paid", "closing", "opening"
    said: Decimal
    found: Decimal


def way_of(document: BankDocument, *, told: Collection[str], ours: Collection[str]) -> Way:
    """
    Return which way the document goes.

    `told` are the accounts the statement is about, `ours` all bank accounts of the operator.
    """
    if document.payer_account not in told and document.payee_account not in told:
        return Way.ALIEN
    if document.payee_account not in ours:
        return Way.OUT
    return Way.OWN if document.payer_account in ours else Way.IN


def identities(documents: Iterable[BankDocument]) -> Iterator[tuple[str, int]]:
    """
    Yield each document's identity and which of its like it is in this file, from 1.

    A document is known by its day, number, payer's account and INN, amount and our account; what
    the bank repeats in a later statement has the same identity. A second document that says the
    same in one file is another one, of the same beginning.
    """
    seen: Counter[str] = Counter()
    for document in documents:
        said = (
            document.issued_on.isoformat(),
            document.number,
            document.payer_account,
            document.payer_inn,
            f"{document.amount:.2f}",
            document.payee_account,
        )
        digest = sha256("\x1f".join(said).encode()).hexdigest()[:40]
        seen[digest] += 1
        place = seen[digest]
        yield (digest if place == 1 else f"{digest}-{place}"), place


def wrong_totals(statement: Statement) -> list[WrongTotal]:
    """
    Return where the statement contradicts itself.

    Opening + received − paid = closing in each section, each section opens with what the one before
    closed with, and over all sections of an account what was received and paid is what its
    documents add up to. Figures the bank left out are not asked for.
    """
    sections: dict[str, list[AccountDays]] = defaultdict(list)
    for section in statement.sections:
        sections[section.account].append(section)
    found = [wrong for section in statement.sections for wrong in _of_section(section)]
    for account, days in sections.items():
        found += _of_chain(days)
        came = [each.amount for each in statement.documents if each.payee_account == account]
        went = [each.amount for each in statement.documents if each.payer_account == account]
        found += _of_sum(days, "received", said=[each.received for each in days], documents=came)
        found += _of_sum(days, "paid", said=[each.paid for each in days], documents=went)
    return found


def is_proven(statement: Statement) -> bool:
    """Whether every account's received total was given, so that nothing can be missing."""
    told = {each.account for each in statement.sections if each.received is not None}
    untold = {each.account for each in statement.sections if each.received is None}
    return set(statement.accounts) <= told - untold


def _of_section(section: AccountDays) -> Iterator[WrongTotal]:
    if section.opening is None or section.closing is None:
        return
    if section.received is None or section.paid is None:
        return
    found = section.opening + section.received - section.paid
    if found != section.closing:
        yield WrongTotal(section.line, section.account, "closing", section.closing, found)


def _of_chain(days: Sequence[AccountDays]) -> Iterator[WrongTotal]:
    dated = sorted((each for each in days if each.first), key=lambda each: (each.first, each.line))
    for before, after in pairwise(dated):
        if before.closing is not None and after.opening not in {None, before.closing}:
            said = after.opening or ZERO
            yield WrongTotal(after.line, after.account, "opening", said, before.closing)


def _of_sum(
    days: Sequence[AccountDays],
    what: str,
    *,
    said: Sequence[Decimal | None],
    documents: Sequence[Decimal],
) -> Iterator[WrongTotal]:
    told = [amount for amount in said if amount is not None]
    if len(told) < len(said):
        return
    found = sum(documents, ZERO)
    if sum(told, ZERO) != found:
        yield WrongTotal(days[0].line, days[0].account, what, sum(told, ZERO), found)
