"""
Plans: drafting, publishing and closing of versions. A published version never changes.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Allowance, Plan, PlanDeck, PlanVersion, RateDeck


class UnableToPublishPlan(Exception):
    """The version is published already, or its decks don't fit."""


class UnableToClosePlanVersion(Exception):
    """The version isn't published, or the day isn't after its first."""


def create_plan(
    *,
    code: str,
    name_ru: str,
    name_en: str,
    service: str,
    account_kind: str = "",
    audience: str = "person",
) -> Plan:
    """Create a plan without versions. `account_kind` prepaid, postpaid, or empty for both."""
    plan = Plan(
        code=code,
        name_ru=name_ru,
        name_en=name_en,
        service=service,
        account_kind=account_kind,
        audience=audience,
    )
    plan.full_clean()
    plan.save()
    return plan


@transaction.atomic
def draft_plan_version(
    *,
    plan: Plan,
    fee: Decimal,
    on_sale_from: date,
    decks: Mapping[str, RateDeck] | None = None,
    allowances: Iterable[AllowanceDraft] = (),
    **terms: object,
) -> PlanVersion:
    """
    Write the next version of a plan as a draft.

    `decks` maps usage kind to deck. `terms` are further columns of PlanVersion: fee_period,
    fee_timing, proration, connection_price, tax_category, tax_included, speeds.
    """
    Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    latest = plan.versions.aggregate(latest=Max("number"))["latest"] or 0
    version = PlanVersion(plan=plan, number=latest + 1, fee=fee, on_sale_from=on_sale_from, **terms)
    version.full_clean()
    version.save()
    PlanDeck.objects.bulk_create(
        PlanDeck(plan_version=version, usage_kind=kind, deck=deck)
        for kind, deck in (decks or {}).items()
    )
    Allowance.objects.bulk_create(
        Allowance(
            plan_version=version,
            usage_kind=draft.usage_kind,
            amount=draft.amount,
            zone_classes=list(draft.zone_classes),
            priority=draft.priority,
            step=draft.step,
        )
        for draft in allowances
    )
    return version


@transaction.atomic
def publish_plan_version(*, version_id: int, now: datetime) -> PlanVersion:
    """Fix the version for good; from `on_sale_from` on it can be sold."""
    version = PlanVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if version.published_at:
        raise UnableToPublishPlan(_("This version is published already."))
    for plan_deck in version.decks.select_related("deck"):
        if plan_deck.usage_kind != plan_deck.deck.usage_kind:
            message = _("Deck “%(deck)s” is not for this kind of usage.")
            raise UnableToPublishPlan(message % {"deck": plan_deck.deck.code})
        if not plan_deck.deck.versions.filter(published_at__isnull=False).exists():
            message = _("Deck “%(deck)s” has no published version.")
            raise UnableToPublishPlan(message % {"deck": plan_deck.deck.code})
    version.published_at = now
    version.save(update_fields=["published_at"])
    return version


@transaction.atomic
def close_plan_version(*, version_id: int, closed_on: date) -> PlanVersion:
    """Stop selling a version from that day on; those who have it keep it."""
    version = PlanVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if not version.published_at:
        raise UnableToClosePlanVersion(_("A draft is not on sale."))
    if closed_on < version.on_sale_from:
        raise UnableToClosePlanVersion(_("The last day lies before the first."))
    version.closed_on = closed_on
    version.save(update_fields=["closed_on"])
    return version


def archive_plan(*, plan_id: int) -> None:
    """Take a plan off sale as a whole."""
    Plan.objects.filter(pk=plan_id).update(is_archived=True)
