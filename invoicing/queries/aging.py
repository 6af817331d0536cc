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
from invoicing.queries.open_debt import OPEN_SQL

#: Days overdue at which a bucket ends; after the last there is one more.
LIMITS: Final = (30, 60, 90)
WIDTHS: Final = (14, 44, 14, 14, *([14] * (len(LIMITS) + 2)))

#: Debts now, of one kind of customers or of all.
DEBTS: Final = f"""
    SELECT m.account_id, -m.money AS debt FROM ({MONEY_SQL}) m
      JOIN accounts_account a ON a.id = m.account_id
      JOIN accounts_customer c ON c.id = a.customer_id
     WHERE m.money < 0 AND (%(kind)s = '' OR c.kind = %(kind)s)
"""
DEBTORS: Final = f"""{OPEN_SQL.format(debts=DEBTS)}
    SELECT a.id, a.number, c.id, c.name, c.kind, o.debt, o.buckets
      FROM (SELECT account_id, sum(open) AS debt, array[{{sums}}] AS buckets
              FROM open GROUP BY account_id) o
      JOIN accounts_account a ON a.id = o.account_id
      JOIN accounts_customer c ON c.id = a.customer_id
     ORDER BY o.debt DESC, a.id
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
    values: dict[str, Any] = {"kind": kind, "day": on, "in_detail": False, "on": date.max}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(DEBTORS.format(sums=", ".join(_sums())), values)
        for *who, debt, buckets in cursor:
            account_id, number, customer_id, name, customer_kind = who
            yield AgedDebt(
                account_id, number, customer_id, name, customer_kind, debt, tuple(buckets)
            )


def _sums() -> Iterator[str]:
    """Yield the sums by age: not due on the day, up to each of LIMITS, beyond (also what is older)."""
    age = "(%(day)s::date - due_on)"
    yield _sum_of(f"what = 'unbilled' OR {age} <= 0")
    for low, high in zip((0, *LIMITS), LIMITS, strict=False):
        yield _sum_of(f"{age} > {low} AND {age} <= {high}")
    yield _sum_of(f"what = 'older' OR {age} > {LIMITS[-1]}")


def _sum_of(condition: str) -> str:
    return f"coalesce(sum(open) FILTER (WHERE {condition}), 0)"


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
