"""
Packages bought and taken off by the doors: quote, consent, package and first fee commit together.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import Consent, PackageAssignment, Subscription
from accounts.operations import consents
from billing_project.kernel.money import ZERO
from invoicing.models import BilledPeriod
from invoicing.operations.fee_postings import lock_fees
from invoicing.operations.fees import charge_package
from invoicing.operations.splits import give_back_packages
from invoicing.queries.offers import PackageQuote, UnableToOffer, get_package_quote


class UnableToBuy(Exception):
    """It can't be had, or isn't what was shown; `reasons` says everything that stands in the way."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


@transaction.atomic
def buy_package(
    *,
    subscription_id: int,
    package_version_id: int,
    door: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    agreed: Mapping[str, Any] | None = None,
) -> PackageAssignment:
    """
    Give a service a package at the price of its quote: what is due is charged now.

    `agreed` is the quote as it was shown (`PackageQuote.as_json()`); when it is another by now,
    nothing happens. The consent to its fee is stored. A prepaid account must have the money, also
    when others charge it at this moment. Raises UnableToBuy.
    """
    subscription = lock_service(subscription_id)
    quote = _quoted(subscription_id, package_version_id, now=now, agreed=agreed)
    who: dict[str, Any] = {"now": now, "actor": actor, "on_behalf_of": on_behalf_of}
    # Locks in the order of the house: service, account, fees, balance.
    consents.give(
        account_id=subscription.account_id,
        subscription_id=subscription_id,
        what=Consent.What.PACKAGE,
        object_id=package_version_id,
        amount=quote.fee,
        per=quote.fee_period,
        terms=quote.as_json(),
        door=door,
        **who,
    )
    lock_fees(alone=False)
    held = set_aside(subscription, quote.cost_now)
    try:
        assignment = accounts.add_package(
            subscription_id=subscription_id, package_version_id=package_version_id, **who
        )
    except accounts.UnableToAddPackage as refusal:
        raise UnableToBuy(refusal.reasons) from None
    _charge(assignment, quote, now=now, actor=actor)
    let_go(subscription, held)
    return assignment


def lock_service(subscription_id: int) -> Subscription:
    """Lock a service; whoever changes what it costs does it first of all."""
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",))
    subscription: Subscription = rows.select_related("account__customer").get(pk=subscription_id)
    return subscription


def _quoted(
    subscription_id: int,
    package_version_id: int,
    *,
    now: datetime,
    agreed: Mapping[str, Any] | None,
) -> PackageQuote:
    try:
        quote = get_package_quote(
            subscription_id=subscription_id, package_version_id=package_version_id, now=now
        )
    except UnableToOffer as refusal:
        raise UnableToBuy(refusal.reasons) from None
    if agreed is not None and dict(agreed) != quote.as_json():
        raise UnableToBuy([_("The offer has changed since it was shown. Look at it again.")])
    return quote


def set_aside(subscription: Subscription, cost: Decimal) -> Decimal:
    """
    Hold what a prepaid account is about to pay; raise UnableToBuy if it has less.

    The balance stays locked until the transaction ends: nobody else spends it meanwhile.
    """
    if subscription.account.kind != "prepaid" or cost <= 0:
        return ZERO
    if accounts.hold(account_id=subscription.account_id, amount=cost) is None:
        raise UnableToBuy([_("There is not enough money on the account.")])
    return cost


def let_go(subscription: Subscription, held: Decimal) -> None:
    """Release what `set_aside` held, once it is charged."""
    if held:
        accounts.release_holds(rows=[(subscription.account_id, held)])


def _charge(
    assignment: PackageAssignment, quote: PackageQuote, *, now: datetime, actor: str
) -> None:
    charge_package(
        assignment_id=assignment.pk,
        account_id=assignment.account_id,
        business_date=timezone.localdate(now),
        now=now,
        actor=actor,
    )
    rows = BilledPeriod.objects.filter(
        account_id=assignment.account_id, kind=f"p{assignment.pk}"
    ).values_list("amount", flat=True)
    if sum(rows, ZERO) != quote.cost_now:
        raise UnableToBuy([_("The offer has changed since it was shown. Look at it again.")])


@transaction.atomic
def drop_package(
    *, assignment_id: int, now: datetime, actor: str, on_behalf_of: str = "", reason: str = ""
) -> Decimal:
    """
    Take a package off now and withdraw the consent to it; return what is given back.

    The day is charged; days after it are given back where the package's terms say so. Raises
    `accounts.UnableToRemovePackage`.
    """
    found = PackageAssignment.objects.get(pk=assignment_id)
    subscription = lock_service(found.subscription_id)
    accounts.remove_package(
        assignment_id=assignment_id,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=reason,
    )
    return settle_packages(
        subscription, now=now, who=(actor, on_behalf_of), reason=reason or _("It was taken off.")
    )


def settle_packages(
    subscription: Subscription,
    *,
    now: datetime,
    who: tuple[str, str],
    reason: str,
    business_date: date | None = None,
) -> Decimal:
    """
    Give back what ended packages were charged for later days; withdraw the consents to them, and to
    the bundles that ended with them.
    """
    withdraw_ended(subscription.account_id, now=now, who=who)
    held = PackageAssignment.objects.filter(subscription_id=subscription.pk).exclude(
        active_to__lte=now
    )
    still = set(held.values_list("package_version_id", flat=True))
    given = Consent.objects.filter(
        account_id=subscription.account_id,
        subscription_id=subscription.pk,
        what=Consent.What.PACKAGE,
        withdrawn_at__isnull=True,
    ).exclude(object_id__in=still)
    for consent_id in list(given.values_list("id", flat=True)):
        consents.withdraw(
            consent_id=consent_id, now=now, actor=who[0], on_behalf_of=who[1], reason=reason
        )
    return give_back_packages(
        account_id=subscription.account_id,
        subscription_id=subscription.pk,
        business_date=business_date or timezone.localdate(now),
        now=now,
        actor=who[0],
    )


def withdraw_ended(account_id: int, *, now: datetime, who: tuple[str, str]) -> None:
    """Withdraw the consents to bundles that are in force no more."""
    held = {one.bundle_version_id for one in accounts_queries.list_bundles([account_id])}
    given = Consent.objects.filter(
        account_id=account_id, what=Consent.What.BUNDLE, withdrawn_at__isnull=True
    ).exclude(object_id__in=held)
    for consent_id in list(given.values_list("id", flat=True)):
        consents.withdraw(
            consent_id=consent_id,
            now=now,
            actor=who[0],
            on_behalf_of=who[1],
            reason=_("The bundle ended."),
        )
