"""
What a draft would price by, before it is published: for previews and comparisons.
"""

from fractions import Fraction

from tariffs.domain import deck as values
from tariffs.models import Allowance, PlanDeck, RateDeckVersion
from tariffs.queries.pricing import load_deck


def load_version_pricing(version_id: int) -> values.PlanPricing:
    """
    Return what prices usage on one plan version, draft or published.

    A deck that has no published version yet is read from its latest draft.
    """
    plan_decks = PlanDeck.objects.filter(plan_version=version_id)
    decks = {
        values.UsageKind.from_code(kind): tuple(load_deck(pk) for pk in _versions_of(deck_id))
        for kind, deck_id in plan_decks.values_list("usage_kind", "deck_id")
    }
    rows = Allowance.objects.filter(plan_version=version_id).order_by("id")
    return values.PlanPricing(version_id, decks, tuple(allowance_value(row) for row in rows))


def _versions_of(deck_id: int) -> list[int]:
    versions = RateDeckVersion.objects.filter(deck=deck_id)
    in_force = versions.filter(published_at__isnull=False, replaced_at__isnull=True)
    found = list(in_force.order_by("valid_from").values_list("pk", flat=True))
    if found:
        return found
    return list(versions.order_by("-valid_from", "-pk").values_list("pk", flat=True)[:1])


def allowance_value(row: Allowance) -> values.Allowance:
    """Return an allowance as the rating core reads it."""
    return values.Allowance(
        allowance_id=row.pk,
        kind=values.UsageKind.from_code(row.usage_kind),
        amount=row.amount,
        zone_classes=frozenset(row.zone_classes),
        priority=row.priority,
        step=row.step,
        zone_ids=frozenset(row.zone_ids),
        factor=Fraction(row.factor),
        is_money=row.is_money,
        recurrence=values.Recurrence(row.recurrence),
        is_shared=row.is_shared,
        blocks=row.blocks,
    )


def find_replacement(deck_version_id: int) -> int | None:
    """Return the version that is in force in the place of a replaced one."""
    found: int | None = deck_version_id
    while found is not None:
        version = RateDeckVersion.objects.get(pk=found)
        if version.replaced_at is None:
            return found if found != deck_version_id else None
        successors = RateDeckVersion.objects.filter(replaces=found, published_at__isnull=False)
        found = successors.order_by("-pk").values_list("pk", flat=True).first()
    return None
