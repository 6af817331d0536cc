"""
Plans: drafting, publishing and closing of versions. A published version never changes.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from tariffs import queries
from tariffs.domain.deck_checks import DeckProblem, Problem, find_allowance_problems
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import (
    Allowance,
    PackageVersion,
    Plan,
    PlanDeck,
    PlanProduct,
    PlanVersion,
    Product,
    RateDeck,
)


class UnableToPublishPlan(Exception):
    """The version is published already, or its decks, allowances, products or moves don't fit."""


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
    products: Iterable[Product] = (),
    **terms: object,
) -> PlanVersion:
    """
    Write the next version of a plan as a draft.

    `decks` maps usage kind to deck. `terms` are further columns of PlanVersion: fee_period,
    fee_timing, proration, connection_price, tax_category, tax_included, speeds; whom it is sold to
    (customer_kinds, regions, credit_classes, account_kinds, whom); what becomes of those on earlier
    versions (effect, moves_on, notice_days).
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
    write_allowances(allowances, plan_version=version)
    PlanProduct.objects.bulk_create(
        PlanProduct(plan_version=version, product=product) for product in products
    )
    return version


def write_allowances(
    drafts: Iterable[AllowanceDraft],
    *,
    plan_version: PlanVersion | None = None,
    package_version: PackageVersion | None = None,
) -> None:
    """Write the allowances of a draft, of a plan or of a package."""
    rows = [
        Allowance(
            plan_version=plan_version,
            package_version=package_version,
            usage_kind=draft.usage_kind,
            amount=draft.amount,
            is_money=draft.is_money,
            zone_classes=list(draft.zone_classes),
            zone_ids=list(draft.zone_ids),
            priority=draft.priority,
            step=draft.step,
            factor=draft.factor,
            recurrence=draft.recurrence,
            rollover=draft.rollover,
            rollover_cap=draft.rollover_cap,
            rollover_if_paid=draft.rollover_if_paid,
            is_shared=draft.is_shared,
            blocks=draft.blocks,
        )
        for draft in drafts
    ]
    for row in rows:
        row.clean_fields(exclude=["plan_version", "package_version"])
    Allowance.objects.bulk_create(rows)


def find_wrong_allowances(rows: Iterable[Allowance]) -> list[str]:
    """Return what allowances would price wrongly, in words, each once; nothing if all are right."""
    problems = (
        problem for row in rows for problem in find_allowance_problems(queries.allowance_value(row))
    )
    return [_describe(problem) for problem in dict.fromkeys(problems)]


def _describe(problem: DeckProblem) -> str:
    if problem.problem is Problem.ALLOWANCE_OF_MONEY:
        return _("An allowance of money has neither a step nor a factor.")
    if problem.problem is Problem.ALLOWANCE_IN_PARTS:
        message = _("The factor %(factor)s of an allowance needs a step that makes it whole.")
        return message % {"factor": problem.detail}
    return _("The amount, step or factor of an allowance is negative, or its factor 0.")


@transaction.atomic
def publish_plan_version(*, version_id: int, now: datetime) -> PlanVersion:
    """Fix the version for good; from `on_sale_from` on it can be sold."""
    version = PlanVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    if version.published_at:
        raise UnableToPublishPlan(_("This version is published already."))
    _check_decks(version)
    wrong = find_wrong_allowances(version.allowances.all())
    if wrong:
        raise UnableToPublishPlan(" ".join(wrong))
    _check_products(version)
    _check_notice(version, on=timezone.localdate(now))
    version.published_at = now
    version.save(update_fields=["published_at"])
    return version


def _check_decks(version: PlanVersion) -> None:
    for plan_deck in version.decks.select_related("deck"):
        if plan_deck.usage_kind != plan_deck.deck.usage_kind:
            message = _("Deck “%(deck)s” is not for this kind of usage.")
            raise UnableToPublishPlan(message % {"deck": plan_deck.deck.code})
        if not plan_deck.deck.versions.filter(published_at__isnull=False).exists():
            message = _("Deck “%(deck)s” has no published version.")
            raise UnableToPublishPlan(message % {"deck": plan_deck.deck.code})


def _check_products(version: PlanVersion) -> None:
    for part in version.products.select_related("product"):
        product = part.product
        if product.is_archived or product.kind == Product.Kind.ONE_OFF:
            message = _("Product “%(product)s” is archived, or a one-off service.")
            raise UnableToPublishPlan(message % {"product": product.code})


def _check_notice(version: PlanVersion, *, on: date) -> None:
    if version.effect != PlanVersion.Effect.MOVE or version.moves_on is None:
        return
    earliest = on + timedelta(days=version.notice_days)
    if version.moves_on < earliest:
        message = _(
            "Subscribers must be told %(days)s days before: they move on %(earliest)s at the earliest."
        )
        raise UnableToPublishPlan(
            message % {"days": version.notice_days, "earliest": earliest.isoformat()}
        )


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
