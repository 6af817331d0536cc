"""
What a package costs a service, told before it is bought: a quote that binds.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.domain.calendars import Calendar
from accounts.models import PackageAssignment, Subscription
from accounts.queries.calendars import calendar_of
from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period
from invoicing.domain.proration import FeeTerms, fee_of, next_period
from tariffs import queries as tariffs_queries
from tariffs.models import PackageVersion

#: Fields of a quote that are amounts and days.
AS_TEXT: Final = ("cost_now", "fee", "starts_on", "ends_before", "next_on", "next_fee")


class UnableToOffer(Exception):
    """The service can't have it; `reasons` says everything that stands in the way."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


@dataclass(frozen=True, slots=True)
class PackageQuote:
    """
    The offer of a package, binding once it is bought.

    `cost_now` is charged at once, for days up to `paid_until`; `next_fee` on `next_on`, if anything
    follows. It is held up to the day before `ends_before`, None = until it is taken off.
    """

    package_version_id: int
    name_ru: str
    name_en: str
    fee: Decimal
    fee_period: str
    starts_on: date
    ends_before: date | None
    cost_now: Decimal
    next_on: date | None
    next_fee: Decimal | None
    gives_back: bool

    def as_json(self) -> dict[str, Any]:
        """Return plain values, amounts and days as text."""
        plain = asdict(self)
        return {
            key: str(value) if key in AS_TEXT and value is not None else value
            for key, value in plain.items()
        }


def get_package_quote(
    *, subscription_id: int, package_version_id: int, now: datetime
) -> PackageQuote:
    """Return what a package costs from now on; raise UnableToOffer with everything in the way."""
    subscription = Subscription.objects.select_related("account__customer").get(pk=subscription_id)
    version = tariffs_queries.get_package_version(package_version_id)
    reasons = accounts_queries.list_reasons_against(subscription, version, at=now)
    held = accounts_queries.list_packages(subscription_id=subscription_id, at=now)
    if version.package_id in {one.package_id for one in held}:
        reasons.append(_("The service has this package already."))
    if subscription.state == Subscription.State.SUSPENDED:
        reasons.append(_("The service is paused. Resume it first."))
    if reasons:
        raise UnableToOffer(reasons)
    quote = _quote(subscription, version, on=timezone.localdate(now))
    missing = missing_money(subscription, quote.cost_now)
    if missing:
        raise UnableToOffer([missing])
    return quote


def missing_money(subscription: Subscription, cost: Decimal) -> str:
    """Return what is said to a prepaid account that can't pay so much; empty if it can."""
    account = subscription.account
    if account.kind != "prepaid" or cost <= 0:
        return ""
    lacking = cost - accounts_queries.get_balance(account.pk).available
    if lacking <= 0:
        return ""
    words = _("There is not enough money on the account: %(amount)s more is needed.")
    return words % {"amount": f"{lacking:.2f}"}


def first_day_of(subscription_id: int, package_id: int, *, on: date) -> date:
    """Return the first day a package is charged for: not one it was charged for before."""
    former = PackageAssignment.objects.filter(
        subscription_id=subscription_id, package_id=package_id, active_to__isnull=False
    )
    ended = former.order_by("-active_to").values_list("active_to", flat=True).first()
    if ended is None:
        return on
    last_day = timezone.localdate(ended - timedelta(microseconds=1))
    return max(on, last_day + timedelta(days=1))


def _quote(subscription: Subscription, version: PackageVersion, *, on: date) -> PackageQuote:
    starts_on = first_day_of(subscription.pk, version.package_id, on=on)
    ends_before = on + timedelta(days=version.validity_days) if version.validity_days else None
    cost_now, next_on, next_fee = ZERO, None, None
    if subscription.activated_at is not None:
        cost_now, next_on, next_fee = _charges(
            version,
            version.fee,
            starts_on=starts_on,
            ends_before=ends_before,
            calendar=calendar_of(subscription.account),
            on=on,
        )
    return PackageQuote(
        package_version_id=version.pk,
        name_ru=version.package.name_ru,
        name_en=version.package.name_en,
        fee=version.fee,
        fee_period=version.fee_period,
        starts_on=starts_on,
        ends_before=ends_before,
        cost_now=cost_now,
        next_on=next_on,
        next_fee=next_fee,
        gives_back=version.gives_back and version.is_recurring,
    )


def package_period(
    version: PackageVersion,
    fee: Decimal,
    *,
    starts_on: date,
    ends_before: date | None,
    calendar: Calendar,
) -> tuple[Period, Decimal]:
    """Return the days that a charge beginning on a day covers, and what it comes to."""
    if not version.is_recurring:
        return Period(starts_on, starts_on + timedelta(days=1)), round_money(fee)
    terms = FeeTerms(fee, version.fee_period, version.proration)
    period = next_period(
        starts_on=starts_on, calendar=calendar, terms=terms, ends_before=ends_before
    )
    return period, fee_of(period, calendar=calendar, terms=terms)


def _charges(
    version: PackageVersion,
    fee: Decimal,
    *,
    starts_on: date,
    ends_before: date | None,
    calendar: Calendar,
    on: date,
) -> tuple[Decimal, date | None, Decimal | None]:
    """Return what is charged at once, and when and how much is charged next."""
    if ends_before is not None and starts_on >= ends_before:
        return ZERO, None, None
    terms: dict[str, Any] = {"ends_before": ends_before, "calendar": calendar}
    first, amount = package_period(version, fee, starts_on=starts_on, **terms)
    is_advance = version.fee_timing == PackageVersion.FeeTiming.ADVANCE
    if not is_advance:
        return ZERO, first.end, amount
    if starts_on > on:
        return ZERO, starts_on, amount
    if not version.is_recurring or (ends_before is not None and first.end >= ends_before):
        return amount, None, None
    following, next_amount = package_period(version, fee, starts_on=first.end, **terms)
    return amount, following.start, next_amount
