"""
From ledger entries and usage sums to the charges of a bill, with their titles in both languages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from accounts.domain.kinds import USAGE_KINDS, Kind
from billing_project.kernel.money import ZERO
from invoicing.domain import wording
from invoicing.domain.documents import ADJUSTMENT, FEE, LATE_FEE, ONE_OFF, USAGE, Charge

PAYMENTS: Final = frozenset({Kind.PAYMENT, Kind.PAYMENT_REVERSAL, Kind.REFUND, Kind.CHARGEBACK})
#: Moves of the balance that aren't sold: they carry no tax.
ADJUSTMENTS: Final = frozenset(
    {
        Kind.ADJUSTMENT,
        Kind.WRITE_OFF,
        Kind.OPENING,
        Kind.TRANSFER_IN,
        Kind.TRANSFER_OUT,
        Kind.BONUS_USE,
        # Kept apart, not sold.
        Kind.DEPOSIT,
        Kind.DEPOSIT_RETURN,
        # Documents of their own, with their tax: the next bill only carries what they moved.
        Kind.CREDIT_NOTE,
        Kind.DEBIT_NOTE,
    }
)
#: Entries that stand on the bill by zone: usage, and what pricing it again changed.
BY_ZONE: Final = USAGE_KINDS | {Kind.USAGE_CORRECTION}
#: Entries whose tax nobody asks for; usage is taxed by zone, see `charge_of_usage`.
UNTAXED: Final = PAYMENTS | ADJUSTMENTS | BY_ZONE | {Kind.LATE_FEE}
TITLES: Final[dict[Kind, tuple[str, str]]] = {
    Kind.FEE: ("Абонентская плата", "Recurring fee"),
    Kind.FEE_CREDIT: ("Возврат абонентской платы", "Recurring fee given back"),
    Kind.ONE_OFF: ("Разовая услуга", "One-off service"),
    Kind.PROMISE_PRICE: ("Обещанный платёж", "Promised payment"),
    Kind.CREDIT_NOTE: ("Корректировочный счёт", "Credit note"),
    Kind.DEBIT_NOTE: ("Корректировочный счёт на доплату", "Debit note"),
    Kind.COMPENSATION: ("Компенсация", "Compensation"),
    Kind.BONUS_USE: ("Оплачено бонусами", "Paid with bonuses"),
    Kind.ADJUSTMENT: ("Корректировка", "Adjustment"),
    Kind.WRITE_OFF: ("Списание задолженности", "Write-off"),
    Kind.OPENING: ("Начальный остаток", "Opening balance"),
    Kind.DEPOSIT: ("Гарантийный взнос", "Deposit"),
    Kind.DEPOSIT_RETURN: ("Возврат гарантийного взноса", "Deposit returned"),
    Kind.TRANSFER_IN: ("Перевод с другого счёта", "Transfer from another account"),
    Kind.TRANSFER_OUT: ("Перевод на другой счёт", "Transfer to another account"),
}
#: Recurring fees of other things than plans, by what the entry says it charges.
FEE_TITLES: Final[dict[tuple[Kind, str], tuple[str, str]]] = {
    (Kind.FEE, "package"): ("Плата за пакет", "Fee of the package"),
    (Kind.FEE_CREDIT, "package"): ("Возврат платы за пакет", "Fee of the package given back"),
    (Kind.FEE, "minimum"): (
        "Доплата до минимальной суммы, тариф",
        "Top-up to the minimum charge, plan",
    ),
    (Kind.FEE, "pause"): ("Плата за блокировку, тариф", "Fee of the pause, plan"),
}
USAGE_TITLES: Final[dict[Kind, tuple[str, str, str]]] = {
    Kind.USAGE_VOICE: ("Звонки", "Calls", "second"),
    Kind.USAGE_SMS: ("Сообщения", "Messages", "message"),
    Kind.USAGE_DATA: ("Мобильный интернет", "Mobile data", "byte"),
    Kind.USAGE_SESSION: ("Интернет", "Internet", "byte"),
    Kind.USAGE_CORRECTION: ("Перерасчёт услуг связи", "Usage corrected", ""),
}
LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class Tax:
    """Percent of a charge's tax, and whether its price includes it."""

    percent: Decimal
    is_included: bool = True


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """An entry as the bill needs it: `amount` negative takes from the account."""

    entry_id: int
    kind: Kind
    amount: Decimal
    business_date: date
    subscription_id: int | None
    explanation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UsageSum:
    """
    Charged usage of one service, kind, zone and tax: `amount` as charged, positive. What pricing
    again changed is a kind of its own, either sign, without a quantity.
    """

    kind: Kind
    subscription_id: int
    zone_id: int
    zone_ru: str
    zone_en: str
    count: int
    quantity: int
    amount: Decimal
    tax: Tax


def charge_of_entry(row: LedgerRow, *, tax: Tax) -> Charge | None:
    """
    Return the charge that an entry is on the bill, or None for payments and usage.

    Payments only move the balance; usage is on the bill by zone, see `charge_of_usage`.
    """
    if row.kind in PAYMENTS or row.kind in BY_ZONE or row.kind not in TITLES:
        return None
    title_ru, title_en = _titles(row)
    is_fee = row.kind in {Kind.FEE, Kind.FEE_CREDIT}
    is_moved = row.kind in ADJUSTMENTS
    return Charge(
        kind=_line_kind(row.kind),
        amount=-row.amount,
        title_ru=title_ru[:LONGEST_TITLE],
        title_en=title_en[:LONGEST_TITLE],
        tax_percent=ZERO if is_moved else tax.percent,
        tax_included=True if is_moved else tax.is_included,
        subscription_id=row.subscription_id,
        quantity=int(row.explanation.get("days", 0)) if is_fee else 0,
        count=1,
        unit="day" if is_fee else "",
        explanation={"entry": row.entry_id, **row.explanation},
    )


def _line_kind(kind: Kind) -> str:
    if kind in {Kind.FEE, Kind.FEE_CREDIT}:
        return FEE
    if kind in ADJUSTMENTS:
        return ADJUSTMENT
    return ONE_OFF


def _titles(row: LedgerRow) -> tuple[str, str]:
    title_ru, title_en = TITLES[row.kind]
    told = row.explanation
    if told.get("title_ru"):
        return str(told["title_ru"]), str(told.get("title_en") or told["title_ru"])
    if told.get("fee_period") == "once":
        return f"Пакет «{told['plan_ru']}»", f"Package “{told['plan_en']}”"
    if "period_start" in told:
        title_ru, title_en = FEE_TITLES.get(
            (row.kind, str(told.get("what", ""))), (title_ru, title_en)
        )
        start, end = (date.fromisoformat(told[key]) for key in ("period_start", "period_end"))
        return (
            f"{title_ru} «{told['plan_ru']}», {wording.days(start, end, language='ru')}",
            f"{title_en} “{told['plan_en']}”, {wording.days(start, end, language='en')}",
        )
    reason = str(told.get("reason") or told.get("comment") or "")
    return (f"{title_ru}: {reason}", f"{title_en}: {reason}") if reason else (title_ru, title_en)


def charge_of_late_fees(rows: Iterable[LedgerRow]) -> Charge | None:
    """
    Return the one line that the late fees of a bill are, those taken back off; None without any.

    A penalty is not sold: it carries no tax. The line says how much being late with which bill cost.
    """
    found = [row for row in rows if row.kind == Kind.LATE_FEE]
    total = -sum((row.amount for row in found), ZERO)
    if not total:
        return None
    bills: dict[str, Decimal] = {}
    for row in found:
        for part in row.explanation.get("parts", ()):
            bills[part["bill"]] = bills.get(part["bill"], ZERO) + Decimal(part["amount"])
    days = [row.business_date for row in found]
    first, end = min(days), max(days) + timedelta(days=1)
    return Charge(
        kind=LATE_FEE,
        amount=total,
        title_ru=f"Пени за просрочку, {wording.days(first, end, language='ru')}",
        title_en=f"Late fee, {wording.days(first, end, language='en')}",
        count=len(found),
        explanation={
            "entries": [row.entry_id for row in found],
            "bills": {number: str(amount) for number, amount in bills.items()},
        },
    )


def charge_of_usage(usage: UsageSum) -> Charge:
    """Return the line of a zone's usage."""
    title_ru, title_en, unit = USAGE_TITLES[usage.kind]
    return Charge(
        kind=USAGE,
        amount=usage.amount,
        title_ru=f"{title_ru}: {usage.zone_ru}" if usage.zone_ru else title_ru,
        title_en=f"{title_en}: {usage.zone_en}" if usage.zone_en else title_en,
        tax_percent=usage.tax.percent,
        tax_included=usage.tax.is_included,
        subscription_id=usage.subscription_id,
        quantity=usage.quantity,
        count=usage.count,
        unit=unit,
        explanation={"zone_id": usage.zone_id, "usage_kind": int(usage.kind)},
    )


def charge_of_rest(kind: Kind, amount: Decimal, *, tax: Tax) -> Charge:
    """Return the line of usage on the ledger whose records aren't there (moved in, archived)."""
    title_ru, title_en, _unit = USAGE_TITLES[kind]
    return Charge(
        kind=USAGE,
        amount=amount,
        title_ru=title_ru,
        title_en=title_en,
        tax_percent=tax.percent,
        tax_included=tax.is_included,
        explanation={"rest": True},
    )
