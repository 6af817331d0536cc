"""
The register of bills (реестр счетов): what a legal entity billed in a month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.models import LegalEntity
from billing_project.kernel.periods import month_of
from invoicing.models import Bill, BillVoid

#: Read from the database at once.
CHUNK: Final = 5_000
ZERO: Final = Decimal("0.00")
WIDTHS: Final = (7, 18, 12, 24, 14, 18, 44, 14, 12, 14, 14, 14, 14, 14, 14, 12, 14)


@dataclass(frozen=True, slots=True)
class RegisterTotals:
    """Sums over the bills that count; bills that were voided are listed and not summed."""

    bills: int
    voided: int
    net: Decimal
    tax: Decimal
    gross: Decimal
    payments: Decimal
    closing: Decimal


def list_entities() -> list[LegalEntity]:
    """Return the legal entities, the default one first."""
    return list(LegalEntity.objects.order_by("-is_default", "pk"))


def bills_of_month(
    *, entity_id: int, month: date, companies_only: bool = False
) -> "QuerySet[Bill]":
    """Return the bills that the entity issued in the month of `month`, by their numbers."""
    span = month_of(month)
    bills = Bill.objects.filter(
        legal_entity_id=entity_id, issued_on__gte=span.start, issued_on__lt=span.end
    )
    if companies_only:
        bills = bills.filter(account__customer__kind="company")
    voided = Exists(BillVoid.objects.filter(bill=OuterRef("pk")))
    return bills.annotate(is_void=voided).order_by("year", "number")


def sum_register(bills: "QuerySet[Bill]") -> RegisterTotals:
    """Return the totals of a register."""
    counts = Q(is_void=False)
    found = bills.aggregate(
        bills=Count("pk", filter=counts),
        voided=Count("pk", filter=~counts),
        **{
            f"sum_{name}": Sum(name, filter=counts)
            for name in ("net", "tax", "gross", "payments", "closing")
        },
    )
    sums = {
        name: found[f"sum_{name}"] or ZERO
        for name in ("net", "tax", "gross", "payments", "closing")
    }
    return RegisterTotals(bills=found["bills"], voided=found["voided"], **sums)


def register_header() -> list[str]:
    """Return the names of the columns."""
    return [
        *("№", _("Bill"), _("Issued on"), _("Period"), _("Account"), _("Contract")),
        *(_("Payer"), _("INN"), _("KPP"), _("Balance before"), _("Without VAT"), _("VAT")),
        *(_("In all"), _("Paid"), _("To pay"), _("Pay until"), _("Note")),
    ]


def register_rows(bills: "QuerySet[Bill]") -> Iterator[list[Any]]:
    """Yield a row per bill, without holding them all in memory."""
    rows = bills.values_list(
        *("number_text", "issued_on", "period_start", "period_end", "account__number"),
        *("account__contract__number", "account__customer__name", "account__customer__inn"),
        *("account__customer__kpp", "opening", "net", "tax", "gross", "payments", "closing"),
        *("due_on", "is_void"),
    )
    for place, row in enumerate(rows.iterator(chunk_size=CHUNK), 1):
        number_text, issued_on, start, end, *told = row
        last = end - timedelta(days=1)
        period = f"{start:%d.%m.%Y} – {last:%d.%m.%Y}"
        note = _("void, not summed") if told[-1] else ""
        yield [place, number_text, issued_on, period, *told[:-1], note]


def register_totals(totals: RegisterTotals) -> list[Any]:
    """Return the last row of a register."""
    return [
        *("", _("In all: %(count)s") % {"count": totals.bills}, *[""] * 7, ""),
        *(totals.net, totals.tax, totals.gross, totals.payments, totals.closing, "", ""),
    ]
