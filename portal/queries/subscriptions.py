"""
Subscriptions and charges: everything that will be charged, when, how much, by which consent.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.domain.consents import LATEST, text_of
from accounts.models import Account, Consent
from billing_project.kernel.money import ZERO
from invoicing.queries.bundles import BundleQuote, get_bundle_quote, list_bundle_offers
from invoicing.queries.offers import UnableToOffer
from invoicing.queries.recurring import Recurring, list_recurring
from portal.queries.people import AccountChoice
from portal.queries.services import ServiceView, list_services
from portal.queries.words import FEE_PERIODS, SERVICE_ICONS, SERVICES


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One thing that is charged again, in words."""

    charge: Recurring
    name: str
    kind: str
    period: str
    bundle: str
    agreed: str

    @property
    def can_stop(self) -> bool:
        """Whether it can be taken off here."""
        return self.charge.what == "package"


@dataclass(frozen=True, slots=True)
class ServiceCharges:
    """A service with what it will be charged for."""

    service: ServiceView
    kind_label: str
    icon: str
    rows: tuple[ChargeRow, ...]


@dataclass(frozen=True, slots=True)
class BundleView:
    """A bundle that the account has: its name, price, parts, since when."""

    name: str
    total: Decimal
    full: Decimal
    since: date

    @property
    def saved(self) -> Decimal:
        """What it costs less than its parts alone."""
        return self.full - self.total


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of a bundle: what it costs in it, from when, and what it costs alone."""

    name: str
    fee: Decimal
    share: Decimal
    from_day: date


@dataclass(frozen=True, slots=True)
class OfferedBundle:
    """A bundle on sale; `reasons` say why it can't be bought now."""

    version_id: int
    name: str
    quote: BundleQuote | None
    period: str
    reasons: tuple[str, ...]

    @property
    def parts(self) -> list[PartView]:
        """Its parts, in words."""
        found = self.quote.parts if self.quote else ()
        return [
            PartView(
                _named(one.name_ru, one.name_en),
                Decimal(one.fee),
                Decimal(one.share),
                date.fromisoformat(one.from_day),
            )
            for one in found
        ]


@dataclass(frozen=True, slots=True)
class SubscriptionsPage:
    """Everything the page shows; `total` is due up to `total_until`."""

    services: tuple[ServiceCharges, ...]
    bundles: tuple[BundleView, ...]
    offered: tuple[OfferedBundle, ...]
    upcoming: tuple[ChargeRow, ...]
    others: tuple[Consent, ...]

    @property
    def total(self) -> Decimal:
        """What all next charges come to."""
        return sum((row.charge.next_amount for row in self.upcoming), ZERO)


def get_subscriptions_page(account: AccountChoice, *, now: datetime) -> SubscriptionsPage:
    """Return what will be charged to an account, by service, with the bundles it may have."""
    on = timezone.localdate(now)
    charges = [_row(one) for one in list_recurring([account.id], now=now)]
    services = tuple(
        ServiceCharges(
            service=view,
            kind_label=str(SERVICES[view.service]),
            icon=SERVICE_ICONS[view.service],
            rows=tuple(row for row in charges if row.charge.subscription_id == view.id),
        )
        for view in list_services([account.id], now=now, on=on)
        if view.state != "terminated"
    )
    coming = [row for row in charges if row.charge.next_on is not None]
    given = accounts_queries.list_consents([account.id], only_in_force=True)
    return SubscriptionsPage(
        services=services,
        bundles=_bundles(account.id),
        offered=_offered(account.id, now=now),
        upcoming=tuple(sorted(coming, key=lambda row: row.charge.next_on or on)),
        others=tuple(one for one in given if one.what == Consent.What.AUTOPAY),
    )


def _row(charge: Recurring) -> ChargeRow:
    kinds = {"plan": _("Plan"), "package": _("Package"), "pause": _("Pause, plan")}
    return ChargeRow(
        charge=charge,
        name=_named(charge.name_ru, charge.name_en),
        kind=kinds[charge.what],
        period=str(FEE_PERIODS[charge.fee_period]),
        bundle=_named(charge.bundle_ru, charge.bundle_en),
        agreed=_agreed(charge.consent),
    )


def _named(russian: str, english: str) -> str:
    return english if get_language() == "en" else russian


def _agreed(consent: Consent | None) -> str:
    if consent is None:
        return _("agreed by contract")
    values = {"day": f"{timezone.localtime(consent.given_at):%d.%m.%Y}"}
    if consent.door == Consent.Door.PORTAL:
        return _("agreed here on %(day)s") % values
    return _("agreed through us on %(day)s") % values


def _bundles(account_id: int) -> tuple[BundleView, ...]:
    found = []
    for holding in accounts_queries.list_bundles([account_id]):
        shares = [one for one in holding.shares.all() if one.until is None]
        bundle = holding.bundle_version.bundle
        found.append(
            BundleView(
                name=_named(bundle.name_ru, bundle.name_en),
                total=sum((one.fee for one in shares), ZERO),
                full=sum((one.full_fee for one in shares), ZERO),
                since=timezone.localdate(holding.active_from),
            )
        )
    return tuple(found)


def _offered(account_id: int, *, now: datetime) -> tuple[OfferedBundle, ...]:
    account = Account.objects.select_related("customer").get(pk=account_id)
    held = {one.bundle_version.bundle_id for one in accounts_queries.list_bundles([account_id])}
    return tuple(
        find_bundle(account_id, version.pk, now=now, name=version.bundle)
        for version in list_bundle_offers(account, now=now)
        if version.bundle_id not in held
    )


def find_bundle(
    account_id: int, version_id: int, *, now: datetime, name: object = None
) -> OfferedBundle:
    """Return a bundle as it is offered to an account: its quote, or every reason against it."""
    names = (getattr(name, "name_ru", ""), getattr(name, "name_en", ""))
    try:
        quote = get_bundle_quote(account_id=account_id, bundle_version_id=version_id, now=now)
    except UnableToOffer as refusal:
        return OfferedBundle(version_id, _named(*names), None, "", tuple(refusal.reasons))
    return OfferedBundle(
        version_id,
        _named(quote.name_ru, quote.name_en),
        quote,
        str(FEE_PERIODS[quote.fee_period]),
        (),
    )


def consent_words(what: str) -> str:
    """Return the words that are agreed to now, in the visitor's language."""
    return text_of(what, version=LATEST, language=get_language() or "ru")
