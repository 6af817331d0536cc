"""
Who asks for an offer, the packages of a service, and what a company pays by prices of its own.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db.models import Q, QuerySet

from accounts.models import Account, DeckOverride, FeeOverride, PackageAssignment, Subscription
from accounts.queries.columns import FOREVER, Ints, fetch_bigints
from tariffs.domain.eligibility import Buyer

PACKAGES: Final = f"""
    SELECT subscription_id, account_id, package_version_id,
           extract(epoch FROM active_from)::bigint,
           coalesce(extract(epoch FROM active_to)::bigint, {FOREVER})
      FROM accounts_packageassignment
     ORDER BY subscription_id, active_from, package_version_id
"""


@dataclass(frozen=True, slots=True, eq=False)
class PackageColumns:
    """Packages of all services, by (subscription_id, active_from); epoch seconds, half-open."""

    subscription_id: Ints
    account_id: Ints
    package_version_id: Ints
    active_from: Ints
    active_to: Ints


@dataclass(frozen=True, slots=True)
class CompanyDeck:
    """A deck in the place of the plan's, for a service of a company; days in [first, end)."""

    subscription_id: int
    usage_kind: str
    deck_id: int
    active_from: date
    active_to: date | None


@dataclass(frozen=True, slots=True)
class CompanyPrices:
    """A company's own fees and decks, the newest first."""

    fees: list[FeeOverride]
    decks: list[DeckOverride]


def buyer_of(account: Account, *, service: str) -> Buyer:
    """Return who asks for an offer of a service; new is who never had one on any account."""
    customer = account.customer
    had = Subscription.objects.filter(account__customer_id=customer.pk, service=service)
    return Buyer(
        customer_kind=customer.kind,
        account_kind=account.kind,
        region=customer.region,
        credit_class=account.credit_class,
        is_new=not had.exists(),
    )


def list_packages(*, subscription_id: int, at: datetime) -> list[PackageAssignment]:
    """Return the packages that the service has at a moment, the oldest first."""
    rows = PackageAssignment.objects.select_related("package_version__package").filter(
        Q(active_to__isnull=True) | Q(active_to__gt=at),
        subscription_id=subscription_id,
        active_from__lte=at,
    )
    return list(rows.order_by("active_from", "id"))


def package_history_columns() -> PackageColumns:
    """Return the packages of every service, past ones too."""
    return PackageColumns(*fetch_bigints(PACKAGES, 5))


def company_fee(*, customer_id: int, plan_version_id: int, on: date) -> Decimal | None:
    """Return a company's own fee on a plan version on a day, or None."""
    row = _on(FeeOverride.objects.filter(customer_id=customer_id), on)
    return row.filter(plan_version_id=plan_version_id).values_list("fee", flat=True).first()


def _on(rows: "QuerySet[FeeOverride]", on: date) -> "QuerySet[FeeOverride]":
    return rows.filter(Q(active_to__isnull=True) | Q(active_to__gt=on), active_from__lte=on)


def company_fee_join(*, customer: str, plan_version: str, day: str) -> str:
    """
    Return SQL that joins a company's own fee, if there is one, as `own`; arguments are expressions.

    `coalesce(own.fee, v.fee)` is the fee then. There is one row at most (exclusion constraint).
    """
    return f"""
        LEFT JOIN accounts_feeoverride own
          ON own.customer_id = {customer} AND own.plan_version_id = {plan_version}
         AND own.active_from <= {day} AND (own.active_to IS NULL OR {day} < own.active_to)
    """


def list_company_decks() -> list[CompanyDeck]:
    """Return the decks in the place of plans' ones, for each service of their companies."""
    rows = DeckOverride.objects.filter(customer__accounts__subscriptions__isnull=False)
    columns = ("usage_kind", "deck_id", "active_from", "active_to")
    found = rows.values_list("customer__accounts__subscriptions", *columns)
    return [CompanyDeck(*row) for row in found.order_by("customer__accounts__subscriptions", "id")]


def list_company_prices(*, customer_id: int) -> CompanyPrices:
    """Return all prices of a company's own, past ones too."""
    fees = FeeOverride.objects.select_related("plan_version__plan")
    decks = DeckOverride.objects.select_related("deck")
    return CompanyPrices(
        fees=list(fees.filter(customer_id=customer_id).order_by("-active_from", "-id")),
        decks=list(decks.filter(customer_id=customer_id).order_by("-active_from", "-id")),
    )
