"""
Bundles bought by the doors: quote, consent, missing packages, shares and first fees commit together.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import BundleHolding, Consent, PackageAssignment, Subscription
from accounts.operations import consents
from accounts.operations.bundles import (
    HeldPart,
    UnableToHoldBundle,
    hold_bundle,
    review_bundles,
)
from billing_project.kernel.money import ZERO
from invoicing.models import BilledPeriod
from invoicing.operations.fee_postings import lock_fees
from invoicing.operations.fees import charge_package
from invoicing.operations.offers import (
    UnableToBuy,
    let_go,
    lock_service,
    set_aside,
    withdraw_ended,
)
from invoicing.queries.bundles import BundleQuote, PartQuote, get_bundle_quote
from invoicing.queries.offers import UnableToOffer


@transaction.atomic
def buy_bundle(
    *,
    account_id: int,
    bundle_version_id: int,
    door: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    agreed: Mapping[str, Any] | None = None,
) -> BundleHolding:
    """
    Put a bundle into force at the price of its quote; packages that are missing are added.

    `agreed` is the quote as it was shown (`BundleQuote.as_json()`). Raises UnableToBuy.
    """
    services = [
        lock_service(pk)
        for pk in Subscription.objects.filter(account_id=account_id)
        .order_by("id")
        .values_list("id", flat=True)
    ]
    quote = _quoted(account_id, bundle_version_id, now=now, agreed=agreed)
    who: dict[str, Any] = {"now": now, "actor": actor, "on_behalf_of": on_behalf_of}
    consents.give(
        account_id=account_id,
        what=Consent.What.BUNDLE,
        object_id=bundle_version_id,
        amount=quote.total,
        per=quote.fee_period,
        terms=quote.as_json(),
        door=door,
        **who,
    )
    lock_fees(alone=False)
    held = set_aside(services[0], quote.cost_now)
    parts = [_with_package(part, **who) for part in quote.parts]
    try:
        holding = hold_bundle(
            account_id=account_id, bundle_version_id=bundle_version_id, parts=parts, **who
        )
    except UnableToHoldBundle as refusal:
        raise UnableToBuy([str(refusal)]) from None
    _charge(quote, parts, account_id=account_id, now=now, actor=actor)
    let_go(services[0], held)
    return holding


def _quoted(
    account_id: int, bundle_version_id: int, *, now: datetime, agreed: Mapping[str, Any] | None
) -> BundleQuote:
    try:
        quote = get_bundle_quote(
            account_id=account_id, bundle_version_id=bundle_version_id, now=now
        )
    except UnableToOffer as refusal:
        raise UnableToBuy(refusal.reasons) from None
    if agreed is not None and dict(agreed) != quote.as_json():
        raise UnableToBuy([_("The offer has changed since it was shown. Look at it again.")])
    return quote


def _with_package(part: PartQuote, *, now: datetime, actor: str, on_behalf_of: str) -> HeldPart:
    assignment_id = part.assignment_id
    if part.package_version_id is not None and assignment_id is None:
        try:
            assignment_id = accounts.add_package(
                subscription_id=part.subscription_id,
                package_version_id=part.package_version_id,
                now=now,
                actor=actor,
                on_behalf_of=on_behalf_of,
            ).pk
        except accounts.UnableToAddPackage as refusal:
            raise UnableToBuy(refusal.reasons) from None
    return HeldPart(part.part_id, part.subscription_id, assignment_id)


def _charge(
    quote: BundleQuote, parts: list[HeldPart], *, account_id: int, now: datetime, actor: str
) -> None:
    charged = ZERO
    for part, told in zip(parts, quote.parts, strict=True):
        if part.package_assignment_id is None or told.assignment_id is not None:
            continue
        charge_package(
            assignment_id=part.package_assignment_id,
            account_id=account_id,
            business_date=timezone.localdate(now),
            now=now,
            actor=actor,
        )
        rows = BilledPeriod.objects.filter(
            account_id=account_id, kind=f"p{part.package_assignment_id}"
        )
        charged += sum(rows.values_list("amount", flat=True), ZERO)
    if charged != quote.cost_now:
        raise UnableToBuy([_("The offer has changed since it was shown. Look at it again.")])


def review_lapsed(
    *,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Dissolve the bundles of which a package ended by itself; return how many. The night does it.
    """
    dissolved = 0
    lapsed = accounts_queries.list_lapsed(now=now, account_from=account_from, account_to=account_to)
    for subscription_id in lapsed:
        with transaction.atomic():
            service = lock_service(subscription_id)
            ended = PackageAssignment.objects.filter(
                subscription_id=subscription_id, active_to__lte=now
            )
            last = ended.order_by("-active_to").first()
            at = last.active_to if last is not None and last.active_to is not None else now
            dissolved += review_bundles(subscription_id=service.pk, at=at, now=now, who=(actor, ""))
            withdraw_ended(service.account_id, now=now, who=(actor, ""))
    return dissolved
