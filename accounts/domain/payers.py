"""
Whose a payment from the bank is: what its purpose names, and what is decided from that.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from accounts.domain.numbering import is_account_number

#: More candidates than a person looks through.
MOST_CANDIDATES: Final = 10
#: Digits of an account number that is whole.
SHORTEST: Final = 7

_NUMBER_SIGN: Final = r"(?:№|N[оo°]?\.?|no\.?|#|номер|номером)?"
_GAP: Final = r"[\s:.,_()«»\"'-]*"
#: «ЛС», «л/с», «л.с.», «лиц. счёт», «лицевой счет», «лицевого счета», account, and what may stand between.
_PERSONAL: Final = re.compile(
    r"(?<![0-9a-zа-яё])(?:л[\s./\\]{0,2}с(?:ч[её]?т?а?)?|лиц(?:ево[а-яё]*|\.)?\s*(?:сч[её]т[а-яё]*|сч\.?)"
    r"|personal\s+account|account)(?![a-zа-яё])"
    rf"{_GAP}{_NUMBER_SIGN}{_GAP}(?P<number>[0-9](?:[ \N{{NO-BREAK SPACE}}]?[0-9]){{3,24}})(?![0-9])",
    re.IGNORECASE,
)
#: A number of nine digits that stands alone.
_ALONE: Final = re.compile(
    r"(?<![0-9a-zа-яё/.\\-])[0-9]{9}(?![0-9a-zа-яё/\\-]|\.[0-9])", re.IGNORECASE
)
#: What a number alone is, if one of these stands before it.
_OTHER: Final = re.compile(
    r"(?:кпп|бик|bic|инн|inn|огрн|окпо|октмо|кбк|снилс|тел|телефон|паспорт|р\s*/?\s*с|к\s*/?\s*с)"
    rf"{_GAP}{_NUMBER_SIGN}{_GAP}$",
    re.IGNORECASE,
)
_NAME: Final = r"(?P<name>[0-9a-zа-яё][0-9a-zа-яё]*(?:\s?[-/_–—]\s?[0-9a-zа-яё]+)*)"
_CONTRACT: Final = re.compile(
    r"(?<![a-zа-яё])(?:договор[а-яё]*|дог\.?|контракт[а-яё]*|contract)(?![a-zа-яё])"
    rf"{_GAP}{_NUMBER_SIGN}{_GAP}{_NAME}",
    re.IGNORECASE,
)
_BILL: Final = re.compile(
    r"(?<![a-zа-яё/])(?<!лицевой )(?<!лицевого )(?<!лицевому )(?<!расчетный )(?<!расчётный )"
    r"(?:счет[ауе]?|счёт[ауе]?|счетам|счетов|сч\.?|счет-фактур[аеуы]|invoice|bill)(?![a-zа-яё])"
    rf"{_GAP}{_NUMBER_SIGN}{_GAP}{_NAME}",
    re.IGNORECASE,
)
#: A number of ours by its look: «Д-2026-00017», «2026-0000123», «N2026-0000123».
_SHAPED: Final = re.compile(
    r"(?<![0-9a-zа-яё])(?P<prefix>[a-zа-яё]{1,8}(?P<dash>\s?[-/–—]\s?)?)?"
    r"(?P<core>20[0-9]{2}\s?[-/–—]\s?[0-9]{4,})(?![0-9a-zа-яё])",
    re.IGNORECASE,
)
#: Of letters that look alike people type either.
_TWINS: Final = str.maketrans("ABCEHKMOPTXY–—/_", "АВСЕНКМОРТХУ----")
#: A payer's account that is the bank's own: the money is somebody's whose INN isn't the payer's.
_TRANSIT: Final = ("30", "409", "40817", "40820", "455", "474", "603", "612", "613", "706")


class Rule(StrEnum):
    """By what the payer was found."""

    NONE = ""
    ACCOUNT = "account"
    CONTRACT = "contract"
    BILL = "bill"
    COMPANY = "company"


class Doubt(StrEnum):
    """Why a person has to say whose the money is."""

    NONE = ""
    NOTHING_NAMED = "nothing_named"
    UNKNOWN_ACCOUNT = "unknown_account"
    SEVERAL_ACCOUNTS = "several_accounts"
    CONTRADICTION = "contradiction"
    SEVERAL_OF_COMPANY = "several_of_company"
    CLOSED = "closed"
    OTHER_ENTITY = "other_entity"
    OTHER_CURRENCY = "other_currency"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Mentions:
    """
    What a purpose names: account numbers said to be such, nine digits that stand alone, contract
    and bill numbers as `plain` writes them.
    """

    accounts: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayerAccount:
    """An account that money may go to."""

    id: int
    entity_id: int
    currency: str
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """What the numbers in purposes stand for; keys as `plain` writes them, ids of accounts."""

    accounts: Mapping[int, PayerAccount] = field(default_factory=dict)
    by_number: Mapping[str, int] = field(default_factory=dict)
    by_contract: Mapping[str, frozenset[int]] = field(default_factory=dict)
    by_bill: Mapping[str, frozenset[int]] = field(default_factory=dict)
    by_inn: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """Whose the money is, by which rule; or why that is in doubt, and who it may be of."""

    account_id: int | None = None
    rule: Rule = Rule.NONE
    doubt: Doubt = Doubt.NONE
    candidates: tuple[int, ...] = ()


def plain(number: str) -> str:
    """
    Return a contract's or bill's number as it is compared: no blanks, one kind of dash and letters.

    >>> plain("д – 2026/00017") == plain("Д-2026-00017")
    True
    """
    return "".join(number.upper().split()).translate(_TWINS)


def read_purpose(text: str) -> Mentions:
    """
    Return what the purpose names.

    >>> read_purpose("Оплата за связь, л/с № 100000017").accounts
    ('100000017',)
    """
    labelled = [_first_number(match["number"]) for match in _PERSONAL.finditer(text)]
    # «счёт» of «лицевой счёт» is no bill.
    rest = _PERSONAL.sub(" ; ", text)
    alone = [
        match.group()
        for match in _ALONE.finditer(rest)
        if is_account_number(match.group()) and not _OTHER.search(rest[: match.start()])
    ]
    shaped = [name for match in _SHAPED.finditer(rest) for name in _shapes(match)]
    return Mentions(
        accounts=_once(labelled),
        alone=_once(number for number in alone if number not in labelled),
        contracts=_once([*_named(_CONTRACT, rest), *shaped]),
        bills=_once([*_named(_BILL, rest), *shaped]),
    )


def is_transit(account: str) -> bool:
    """
    Whether the payer's account is the bank's own or a person's: its INN names no company of ours.

    >>> is_transit("40911810900000000001"), is_transit("40702810900000000017")
    (True, False)
    """
    return account.startswith(_TRANSIT)


def find_payer(mentions: Mentions, *, inn: str, book: Book, entity_id: int, on: date) -> Found:
    """
    Decide whose the money is, that came on that day to an account of the legal entity.

    What the purpose names goes before the payer's INN, and all it names has to agree. `inn` is
    empty where it can't be trusted.
    """
    company = _usable(book.by_inn.get(inn, frozenset()), book, entity_id=entity_id)
    named = [
        (rule, ids)
        for rule, ids in (
            (Rule.ACCOUNT, _accounts(mentions, book)),
            (Rule.BILL, _looked_up(mentions.bills, book.by_bill)),
            (Rule.CONTRACT, _looked_up(mentions.contracts, book.by_contract)),
        )
        if ids
    ]
    if not named:
        return _by_company(mentions, company)
    everybody = frozenset().union(*(ids for _, ids in named))
    agreed = frozenset.intersection(*(ids for _, ids in named))
    if not agreed:
        return Found(doubt=Doubt.CONTRADICTION, candidates=_few(everybody))
    if _is_unknown(mentions, book):
        return Found(doubt=Doubt.UNKNOWN_ACCOUNT, candidates=_few(everybody))
    if len(agreed) > 1:
        agreed = _usable(agreed, book, entity_id=entity_id) or agreed
    if len(agreed) > 1:
        return Found(doubt=Doubt.SEVERAL_ACCOUNTS, candidates=_few(agreed))
    [account_id] = agreed
    return _checked(book.accounts[account_id], named[0][0], entity_id=entity_id, on=on)


def doubt_currency(found: Found, *, book: Book, currency: str) -> Found:
    """Return what was found, in doubt if the account is kept in another currency."""
    if found.account_id is None or book.accounts[found.account_id].currency == currency:
        return found
    return Found(doubt=Doubt.OTHER_CURRENCY, candidates=(found.account_id,))


def _accounts(mentions: Mentions, book: Book) -> frozenset[int]:
    """Return the accounts said to be such; else those of numbers that stand alone."""
    labelled = frozenset(book.by_number[n] for n in mentions.accounts if n in book.by_number)
    return labelled or frozenset(book.by_number[n] for n in mentions.alone if n in book.by_number)


def _is_unknown(mentions: Mentions, book: Book) -> bool:
    """Whether a number is said to be an account's, looks like ours, and is nobody's."""
    return any(len(n) == 9 and n not in book.by_number for n in mentions.accounts)


def _looked_up(names: Iterable[str], known: Mapping[str, frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*(known.get(name, frozenset()) for name in names))


def _by_company(mentions: Mentions, company: Collection[int]) -> Found:
    doubt = Doubt.NOTHING_NAMED
    if any(len(number) == 9 for number in mentions.accounts):
        doubt = Doubt.UNKNOWN_ACCOUNT
    elif len(company) == 1:
        [account_id] = company
        return Found(account_id, Rule.COMPANY)
    elif company:
        doubt = Doubt.SEVERAL_OF_COMPANY
    return Found(doubt=doubt, candidates=_few(company))


def _usable(ids: Iterable[int], book: Book, *, entity_id: int) -> frozenset[int]:
    """Return the accounts that are open and kept by the legal entity that was paid."""
    return frozenset(
        pk
        for pk in ids
        if book.accounts[pk].closed_on is None and book.accounts[pk].entity_id == entity_id
    )


def _checked(account: PayerAccount, rule: Rule, *, entity_id: int, on: date) -> Found:
    if account.closed_on is not None and account.closed_on <= on:
        return Found(doubt=Doubt.CLOSED, candidates=(account.id,))
    if account.entity_id != entity_id:
        return Found(doubt=Doubt.OTHER_ENTITY, candidates=(account.id,))
    return Found(account.id, rule)


def _named(pattern: re.Pattern[str], text: str) -> list[str]:
    return [plain(match["name"]) for match in pattern.finditer(text) if _has_digit(match["name"])]


def _shapes(match: re.Match[str]) -> list[str]:
    """Return the number, and without the letters before it if those may be a number sign."""
    is_sign = match["prefix"] and not match["dash"]
    return [plain(match.group()), plain(match["core"])] if is_sign else [plain(match.group())]


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _first_number(text: str) -> str:
    """Return the number that digits in groups begin with: what follows a whole one is a date."""
    number = ""
    for group in text.split():
        number += group
        if len(number) >= SHORTEST:
            break
    return number


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _few(ids: Iterable[int]) -> tuple[int, ...]:
    ordered: Sequence[int] = sorted(ids)
    return tuple(ordered[:MOST_CANDIDATES])
