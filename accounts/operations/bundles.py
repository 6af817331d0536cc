"""
Bundles as accounts hold them: in force while all parts are held, dissolved when one ends.

A part costs its share for periods that begin while the bundle is in force; what began before at
another price goes on to its end. The fees are charged by invoicing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import queries
from accounts.models import Account, BundleHolding, BundleShare
from billing_project.kernel.operations import record_event
from tariffs import queries as tariffs_queries


class UnableToHoldBundle(Exception):
    """A part isn't held, or is part of another bundle."""


@dataclass(frozen=True, slots=True)
class HeldPart:
    """Where a part of a bundle is held: the plan of a service, or one of its packages."""

    part_id: int
    subscription_id: int
    package_assignment_id: int | None = None


@transaction.atomic
def hold_bundle(
    *,
    account_id: int,
    bundle_version_id: int,
    parts: Sequence[HeldPart],
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> BundleHolding:
    """
    Put a bundle into force for parts that the account holds; writes `bundle.bought`.

    Periods that begin today or later cost the parts' shares. Raises UnableToHoldBundle.
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    holding = BundleHolding.objects.create(
        account=account, bundle_version_id=bundle_version_id, active_from=now
    )
    _write_shares(holding, parts, first=timezone.localdate(now), at=now)
    _announce("bundle.bought", holding, now=now, who=(actor, on_behalf_of))
    return holding


def _write_shares(
    holding: BundleHolding, parts: Iterable[HeldPart], *, first: date, at: datetime
) -> None:
    standing = queries.standing_of_parts(holding.bundle_version_id, list(parts), at=at)
    if None in standing.values():
        raise UnableToHoldBundle(_("A part of the bundle is not held."))
    priced = tariffs_queries.price_bundle_version(
        holding.bundle_version_id, fees=_fees(standing.values())
    )
    costs = {share.key: share for share in priced.shares}
    try:
        with transaction.atomic():
            BundleShare.objects.bulk_create(
                BundleShare(
                    account_id=holding.account_id,
                    holding=holding,
                    part_id=part.part_id,
                    subscription_id=part.subscription_id,
                    package_assignment_id=part.package_assignment_id,
                    fee=costs[stands.key].share,
                    full_fee=stands.fee,
                    first=first,
                )
                for part, stands in standing.items()
                if stands is not None
            )
    except IntegrityError:
        raise UnableToHoldBundle(_("A part is in another bundle already.")) from None


def _fees(standing: Iterable[queries.StandingPart | None]) -> Mapping[str, Decimal]:
    return {one.key: one.fee for one in standing if one is not None}


def review_bundles(
    *,
    subscription_id: int,
    at: datetime,
    now: datetime,
    who: tuple[str, str],
    reason: str = "",
    until: date | None = None,
) -> int:
    """
    Dissolve the bundles of a service one of whose parts isn't held any more from a moment on, and
    price anew those a part of which costs something else; return how many were dissolved.

    For whoever ends a service or package or sets a plan. Shares hold for periods that begin before
    `until`; None: on the day of `at` too, unless that is midnight. Writes `bundle.dissolved`.
    """
    # The day on which a part ends is charged still, unless it ends at midnight.
    until = until or timezone.localdate(at - timedelta(microseconds=1)) + timedelta(days=1)

    holdings = BundleHolding.objects.filter(
        shares__subscription_id=subscription_id, active_to__isnull=True
    ).distinct()
    return sum(
        _review(holding, at=at, until=until, now=now, who=who, reason=reason)
        for holding in holdings
    )


def _review(
    holding: BundleHolding,
    *,
    at: datetime,
    until: date,
    now: datetime,
    who: tuple[str, str],
    reason: str,
) -> bool:
    shares = list(holding.shares.filter(until__isnull=True).order_by("part_id"))
    parts = [
        HeldPart(one.part_id, one.subscription_id, one.package_assignment_id) for one in shares
    ]
    standing = queries.standing_of_parts(holding.bundle_version_id, parts, at=at)
    if None in standing.values():
        _dissolve(holding, until=until, at=at, now=now, who=who, reason=reason)
        return True
    former = {one.part_id: one.full_fee for one in shares}
    if any(stands.fee != former[part.part_id] for part, stands in standing.items() if stands):
        _close_shares(holding, until=until)
        _write_shares(holding, parts, first=until, at=at)
    return False


def _close_shares(holding: BundleHolding, *, until: date) -> None:
    shares = BundleShare.objects.filter(holding=holding, until__isnull=True)
    shares.update(until=Greatest("first", Value(until)))


def _dissolve(
    holding: BundleHolding,
    *,
    until: date,
    at: datetime,
    now: datetime,
    who: tuple[str, str],
    reason: str,
) -> None:
    _close_shares(holding, until=until)
    holding.active_to = max(at, holding.active_from)
    holding.end_reason = (reason or _("One of its parts ended."))[:200]
    holding.save(update_fields=["active_to", "end_reason"])
    _announce("bundle.dissolved", holding, now=now, who=who, from_date=until.isoformat())


def _announce(
    kind: str, holding: BundleHolding, *, now: datetime, who: tuple[str, str], **told: str
) -> None:
    bundle = holding.bundle_version.bundle
    record_event(
        kind=kind,
        account_id=holding.account_id,
        customer_id=holding.account.customer_id,
        happened_at=now,
        actor=who[0],
        on_behalf_of=who[1],
        data={
            "bundle_version_id": holding.bundle_version_id,
            "name_ru": bundle.name_ru,
            "name_en": bundle.name_en,
            "reason": holding.end_reason,
            **told,
        },
    )
