"""
What a bundle costs an account, told before it is bought: a quote that binds.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.domain.calendars import Calendar
from accounts.models import Account, BundleShare, PackageAssignment, Subscription
from accounts.queries.calendars import calendar_of
from billing_project.kernel.money import ZERO
from invoicing.models import BilledPeriod
from invoicing.queries.offers import UnableToOffer, first_day_of, missing_money, package_period
from invoicing.queries.plans import get_plan_on, own_fee
from tariffs import queries as tariffs_queries
from tariffs.domain.eligibility import judge
from tariffs.models import BundlePart, BundleVersion, PackageVersion

AS_TEXT: Final = ("cost_now", "total", "full")


@dataclass(frozen=True, slots=True)
class PartQuote:
    """
    A part: on which service, what it costs alone and in the bundle, from which day; amounts and days
    as text. `assignment_id` None and a version: the package is added with the bundle.
    """

    part_id: int
    key: str
    name_ru: str
    name_en: str
    subscription_id: int
    assignment_id: int | None
    package_version_id: int | None
    fee: str
    share: str
    from_day: str
    cost_now: str = "0.00"


@dataclass(frozen=True, slots=True)
class BundleQuote:
    """The offer of a bundle, binding once it is bought; `cost_now` is charged for added packages."""

    bundle_version_id: int
    name_ru: str
    name_en: str
    full: Decimal
    total: Decimal
    fee_period: str
    cost_now: Decimal
    parts: tuple[PartQuote, ...]

    @property
    def saved(self) -> Decimal:
        """What it costs less than its parts alone."""
        return self.full - self.total

    def as_json(self) -> dict[str, Any]:
        """Return plain values, amounts as text."""
        plain = asdict(self)
        plain["parts"] = [asdict(part) for part in self.parts]
        return {key: str(value) if key in AS_TEXT else value for key, value in plain.items()}


@dataclass(slots=True)
class _Place:
    """A part as it is found on the account, or what stands in its way."""

    row: BundlePart
    service: Subscription | None = None
    assignment: PackageAssignment | None = None
    version: PackageVersion | None = None
    fee: Decimal = ZERO
    fee_period: str = "month"
    reasons: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"plan:{self.row.plan_id}" if self.row.plan_id else f"package:{self.row.package_id}"

    @property
    def named(self) -> Any:
        return self.row.plan or self.row.package


def list_bundle_offers(account: Account, *, now: datetime) -> list[BundleVersion]:
    """Return the latest version on sale of each bundle that is for the account's customer."""
    on = timezone.localdate(now)
    rows = BundleVersion.objects.select_related("bundle").filter(
        Q(closed_on__isnull=True) | Q(closed_on__gt=on),
        published_at__isnull=False,
        on_sale_from__lte=on,
        bundle__is_archived=False,
    )
    latest = rows.order_by("bundle_id", "-number").distinct("bundle_id")
    # Whoever has a service is a present subscriber of it.
    buyer = replace(accounts_queries.buyer_of(account, service=""), is_new=False)
    return [one for one in latest if not judge(tariffs_queries.conditions_of(one), buyer=buyer)]


def get_bundle_quote(*, account_id: int, bundle_version_id: int, now: datetime) -> BundleQuote:
    """
    Return what a bundle costs an account from now on.

    Its plans must be held by services of the account; its packages are added where they are missing.
    Raises UnableToOffer with everything in the way.
    """
    account = Account.objects.select_related("customer").get(pk=account_id)
    version = next(
        (one for one in list_bundle_offers(account, now=now) if one.pk == bundle_version_id), None
    )
    if version is None:
        raise UnableToOffer([_("This bundle is not on sale.")])
    places = _find_places(account, version, now=now)
    reasons = [reason for place in places for reason in place.reasons]
    if version.price is not None and len({place.fee_period for place in places}) > 1:
        reasons.append(_("The parts of the bundle are charged for different periods."))
    if reasons:
        raise UnableToOffer(reasons)
    quote = _quote(account, version, places, on=timezone.localdate(now))
    service = next(place.service for place in places if place.service is not None)
    missing = missing_money(service, quote.cost_now)
    if missing:
        raise UnableToOffer([missing])
    return quote


def _find_places(account: Account, version: BundleVersion, *, now: datetime) -> list[_Place]:
    services = list(
        Subscription.objects.select_related("account__customer")
        .filter(account=account, state=Subscription.State.ACTIVE)
        .order_by("id")
    )
    taken: set[tuple[int, int | None]] = set(
        BundleShare.objects.filter(account=account, until__isnull=True).values_list(
            "subscription_id", "package_assignment_id"
        )
    )
    rows = version.parts.select_related("plan", "package").order_by("id")
    places = [_Place(row) for row in rows]
    for place in places:
        if place.row.plan_id:
            _place_plan(place, services, taken=taken, on=timezone.localdate(now))
    ours = [place.service for place in places if place.service is not None]
    for place in places:
        if place.row.package_id:
            _place_package(place, ours or services, taken=taken, now=now)
    return places


def _place_plan(
    place: _Place,
    services: Sequence[Subscription],
    *,
    taken: set[tuple[int, int | None]],
    on: date,
) -> None:
    for service in services:
        present = get_plan_on(service.pk, on=on)
        if present.plan_id == place.row.plan_id and (service.pk, None) not in taken:
            place.service, place.fee_period = service, present.fee_period
            place.fee = own_fee(service.account, present, on=on)
            return
    words = _(
        "First connect plan “%(name)s”: no service of the account has it apart from a bundle."
    )
    place.reasons.append(words % {"name": _name(place.named)})


def _place_package(
    place: _Place,
    services: Sequence[Subscription],
    *,
    taken: set[tuple[int, int | None]],
    now: datetime,
) -> None:
    reasons: list[str] = []
    for service in services:
        held = accounts_queries.list_packages(subscription_id=service.pk, at=now)
        mine = next((one for one in held if one.package_id == place.row.package_id), None)
        if mine is not None and (service.pk, mine.pk) not in taken:
            _settle_place(place, service, mine.package_version, assignment=mine)
            return
        offers = accounts_queries.list_package_offers(service, at=now)
        offer = next((o for o in offers if o.version.package_id == place.row.package_id), None)
        if offer is not None and not offer.reasons:
            _settle_place(place, service, offer.version)
            return
        reasons += offer.reasons if offer else ()
    words = _("Package “%(name)s” can't be added.") % {"name": _name(place.named)}
    place.reasons.append(" ".join([words, *dict.fromkeys(reasons)]))


def _settle_place(
    place: _Place,
    service: Subscription,
    version: PackageVersion,
    *,
    assignment: PackageAssignment | None = None,
) -> None:
    place.service, place.version, place.assignment = service, version, assignment
    place.fee, place.fee_period = version.fee, version.fee_period


def _name(named: Any) -> str:
    return str(named.name_ru)


def _quote(
    account: Account, version: BundleVersion, places: Sequence[_Place], *, on: date
) -> BundleQuote:
    priced = tariffs_queries.price_bundle_version(
        version.pk, fees={place.key: place.fee for place in places}
    )
    shares = {share.key: share.share for share in priced.shares}
    calendar = calendar_of(account)
    parts = tuple(_part(place, shares[place.key], calendar=calendar, on=on) for place in places)
    return BundleQuote(
        bundle_version_id=version.pk,
        name_ru=version.bundle.name_ru,
        name_en=version.bundle.name_en,
        full=priced.full,
        total=priced.total,
        fee_period=places[0].fee_period,
        cost_now=sum((Decimal(part.cost_now) for part in parts), ZERO),
        parts=parts,
    )


def _part(place: _Place, share: Decimal, *, calendar: Calendar, on: date) -> PartQuote:
    assert place.service is not None  # noqa: S101
    return PartQuote(
        part_id=place.row.pk,
        key=place.key,
        name_ru=place.named.name_ru,
        name_en=place.named.name_en,
        subscription_id=place.service.pk,
        assignment_id=place.assignment.pk if place.assignment else None,
        package_version_id=place.version.pk if place.version else None,
        fee=str(place.fee),
        share=str(share),
        from_day=_from_day(place, calendar=calendar, on=on).isoformat(),
        cost_now=str(_cost_now(place, share, calendar=calendar, on=on)),
    )


def _from_day(place: _Place, *, calendar: Calendar, on: date) -> date:
    """The first day that costs the share: that of the next period which begins, or begins now."""
    assert place.service is not None  # noqa: S101
    if place.version is not None and place.assignment is None:
        return first_day_of(place.service.pk, place.version.package_id, on=on)
    kind = f"p{place.assignment.pk}" if place.assignment else "fee"
    billed_to: date | None = BilledPeriod.objects.filter(
        account_id=place.service.account_id, subscription_id=place.service.pk, kind=kind
    ).aggregate(latest=Max("period_end"))["latest"]
    starts_on = billed_to or _begins_on(place)
    if starts_on >= on:
        return starts_on
    # A period that runs, to be charged in arrears or by the night, began before.
    return calendar.cycle_on(on).days.end if place.fee_period == "month" else on


def _begins_on(place: _Place) -> date:
    """The first day of a part that was never charged."""
    assert place.service is not None  # noqa: S101
    begun = place.service.activated_at
    if place.assignment is not None:
        begun = max(begun, place.assignment.active_from) if begun else None
    return timezone.localdate(begun) if begun else date.max


def _cost_now(place: _Place, share: Decimal, *, calendar: Calendar, on: date) -> Decimal:
    """What is charged at once for a package that is added with the bundle."""
    if place.version is None or place.assignment is not None:
        return ZERO
    assert place.service is not None  # noqa: S101
    starts_on = first_day_of(place.service.pk, place.version.package_id, on=on)
    if place.version.fee_timing != PackageVersion.FeeTiming.ADVANCE or starts_on > on:
        return ZERO
    valid = place.version.validity_days
    _period, amount = package_period(
        place.version,
        share,
        starts_on=starts_on,
        ends_before=on + timedelta(days=valid) if valid else None,
        calendar=calendar,
    )
    return amount
