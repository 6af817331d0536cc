"""
Debt by its age, per account: what isn't due yet, and for how long the rest has been.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.queries import MONEY_SQL
from billing_project.kernel.money import ZERO
from invoicing.domain.aging import age_debt
from invoicing.domain.open_debt import BilledSum, open_items, unbilled_part

#: Days overdue at which a bucket ends; after the last there is one more.
LIMITS: Final = (30, 60, 90)
WIDTHS: Final = (14, 44, 14, 14, *([14] * (len(LIMITS) + 2)))

# Bills that count, the youngest first; what was paid after the last of them.
DEBTORS: Final = f"""
    SELECT a.id, a.number, c.id, c.name, c.kind, -m.money AS debt, last.closing,
           coalesce(paid.amount, 0), coalesce(bills.due, '{{}}'), coalesce(bills.charged, '{{}}')
      FROM ({MONEY_SQL}) AS m
      JOIN accounts_account a ON a.id = m.account_id
      JOIN accounts_customer c ON c.id = a.customer_id
      LEFT JOIN LATERAL (
        SELECT b.closing, b.period_end FROM invoicing_bill b
         WHERE b.account_id = a.id
           AND NOT EXISTS (SELECT 1 FROM invoicing_billvoid v WHERE v.bill_id = b.id)
         ORDER BY b.period_end DESC, b.id DESC LIMIT 1
      ) AS last ON true
      LEFT JOIN LATERAL (
        SELECT sum(p.amount) AS amount FROM accounts_payment p
         WHERE p.account_id = a.id AND p.state = 'posted' AND p.business_date >= last.period_end
      ) AS paid ON true
      LEFT JOIN LATERAL (
        SELECT array_agg(b.due_on ORDER BY b.period_end DESC, b.id DESC) AS due,
               array_agg(b.gross ORDER BY b.period_end DESC, b.id DESC) AS charged
          FROM invoicing_bill b
         WHERE b.account_id = a.id
           AND NOT EXISTS (SELECT 1 FROM invoicing_billvoid v WHERE v.bill_id = b.id)
      ) AS bills ON true
     WHERE m.money < 0 AND (%s = '' OR c.kind = %s)
     ORDER BY debt DESC, a.id
"""


@dataclass(frozen=True, slots=True)
class AgedDebt:
    """An account's debt; `buckets`: not due yet, then up to each of LIMITS, then older."""

    account_id: int
    account_number: str
    customer_id: int
    customer_name: str
    customer_kind: str
    debt: Decimal
    buckets: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Aging:
    """The sums over all debtors, and the largest of them."""

    accounts: int
    debt: Decimal
    buckets: tuple[Decimal, ...]
    largest: tuple[AgedDebt, ...]

    @property
    def overdue(self) -> Decimal:
        """What should have been paid by now."""
        return sum(self.buckets[1:], ZERO)


def iterate_debt(*, on: date, kind: str = "") -> Iterator[AgedDebt]:
    """Yield the debtors, the largest debt first; `kind` is a customer's, empty = all."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(DEBTORS, [kind, kind])
        for row in cursor:
            yield _aged(row, on)


def sum_debt(*, on: date, kind: str = "", largest: int = 50) -> Aging:
    """Return the sums by age, and the largest debtors."""
    buckets, debt, accounts = [ZERO] * (len(LIMITS) + 2), ZERO, 0
    first: list[AgedDebt] = []
    for one in iterate_debt(on=on, kind=kind):
        accounts += 1
        debt += one.debt
        buckets = [total + part for total, part in zip(buckets, one.buckets, strict=True)]
        if len(first) < largest:
            first.append(one)
    return Aging(accounts, debt, tuple(buckets), tuple(first))


def bucket_names() -> list[str]:
    """Return what the buckets are called."""
    first = [1, *(limit + 1 for limit in LIMITS[:-1])]
    spans = [f"{low}–{high}" for low, high in zip(first, LIMITS, strict=True)]
    named = [_("%(days)s days") % {"days": span} for span in spans]
    return [_("Not due yet"), *named, _("over %(days)s days") % {"days": LIMITS[-1]}]


def aging_header() -> list[str]:
    """Return the names of the report's columns."""
    return [_("Account"), _("Payer"), _("Kind"), _("Debt"), *bucket_names()]


def aging_rows(*, on: date, kind: str, kinds: dict[str, str]) -> Iterator[list[Any]]:
    """Yield the rows of the report; `kinds` are the words for kinds of customers."""
    for one in iterate_debt(on=on, kind=kind):
        word = kinds.get(one.customer_kind, one.customer_kind)
        yield [one.account_number, one.customer_name, word, one.debt, *one.buckets]


def aging_totals(aging: Aging) -> list[Any]:
    """Return the last row of the report."""
    count = _("In all: %(count)s") % {"count": aging.accounts}
    return ["", count, "", aging.debt, *aging.buckets]


def _aged(row: tuple[Any, ...], on: date) -> AgedDebt:
    *who, debt, closing, paid_since, due, charged = row
    bills = [BilledSum(day, amount) for day, amount in zip(due, charged, strict=True)]
    unbilled = unbilled_part(debt, closing=closing, paid_since=paid_since)
    items = open_items(debt, unbilled=unbilled, bills=bills, on=on)
    buckets = age_debt(items, LIMITS, on=on)
    account_id, number, customer_id, name, kind = who
    return AgedDebt(account_id, number, customer_id, name, kind, debt, tuple(buckets))
