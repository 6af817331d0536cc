"""
What an account is charged for again and again, as the desk sees it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts import queries as accounts_queries
from accounts.models import Account, BundleHolding, Consent, IdentifierUse
from accounts.queries.consents import list_consents
from billing_project.kernel.money import ZERO
from crm.queries.history.words import is_russian
from invoicing.queries.bundles import BundleQuote, list_bundle_offers
from invoicing.queries.recurring import Recurring, list_recurring
from tariffs.models import BundleVersion, PackageVersion, PlanVersion


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge with the numbers of its service."""

    charge: Recurring
    name: str
    bundle: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldBundle:
    """A bundle of the account, and what it costs now."""

    holding: BundleHolding
    name: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent with the name of what was agreed to."""

    consent: Consent
    name: str


@dataclass(frozen=True, slots=True)
class PartOfBundle:
    """A part of a bundle that is offered."""

    name: str
    fee: Decimal
    share: Decimal
    from_day: date


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Everything the page shows."""

    charges: tuple[Charge, ...]
    bundles: tuple[HeldBundle, ...]
    offered: tuple[tuple[int, str], ...]
    consents: tuple[Agreed, ...]

    @property
    def total(self) -> Decimal:
        """What all next charges come to."""
        return sum((one.charge.next_amount for one in self.charges), ZERO)


def find_account(account_id: int) -> Account | None:
    """Return an account with its customer, or None."""
    return Account.objects.select_related("customer").filter(pk=account_id).first()


def get_subscriptions(account: Account, *, now: datetime) -> Subscriptions:
    """Return everything the page shows."""
    charges = list_recurring([account.pk], now=now)
    numbers: dict[int, list[str]] = {}
    uses = IdentifierUse.objects.filter(account=account, active_to=None).order_by("id")
    for subscription_id, value in uses.values_list("subscription_id", "value"):
        numbers.setdefault(subscription_id, []).append(value)
    bundles = accounts_queries.list_bundles([account.pk])
    held = {one.bundle_version.bundle_id for one in bundles}
    offers = [one for one in list_bundle_offers(account, now=now) if one.bundle_id not in held]
    return Subscriptions(
        charges=tuple(
            Charge(
                one,
                _named(one.name_ru, one.name_en),
                _named(one.bundle_ru, one.bundle_en),
                tuple(numbers.get(one.subscription_id, ())),
            )
            for one in charges
        ),
        bundles=tuple(_held(one) for one in bundles),
        offered=tuple((one.pk, _of(one.bundle)) for one in offers),
        consents=tuple(_agreed(list_consents([account.pk]))),
    )


def _held(holding: BundleHolding) -> HeldBundle:
    shares = [one.fee for one in holding.shares.all() if one.until is None]
    return HeldBundle(holding, _of(holding.bundle_version.bundle), sum(shares, ZERO))


def _agreed(consents: list[Consent]) -> list[Agreed]:
    versions = {
        "plan": PlanVersion.objects.select_related("plan"),
        "package": PackageVersion.objects.select_related("package"),
        "bundle": BundleVersion.objects.select_related("bundle"),
    }
    names: dict[tuple[str, int], str] = {}
    for what, rows in versions.items():
        wanted = [one.object_id for one in consents if one.what == what]
        for pk, row in rows.in_bulk(wanted).items():
            names[what, pk] = _of(getattr(row, what))
    return [Agreed(one, names.get((one.what, one.object_id), "")) for one in consents]


def describe_parts(quote: BundleQuote) -> list[PartOfBundle]:
    """Return the parts of a bundle that is offered, in words."""
    return [
        PartOfBundle(
            _named(one.name_ru, one.name_en),
            Decimal(one.fee),
            Decimal(one.share),
            date.fromisoformat(one.from_day),
        )
        for one in quote.parts
    ]


def _of(named: object) -> str:
    return _named(getattr(named, "name_ru", ""), getattr(named, "name_en", ""))


def _named(russian: str, english: str) -> str:
    return russian if is_russian() else english
