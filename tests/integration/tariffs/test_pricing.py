"""What the rating core gets: values, in a number of queries that plans don't multiply."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tariffs import operations, queries
from tariffs.domain.deck import Allowance, Rate, UsageKind, Zone, ZoneTerms
from tests.integration.tariffs.catalogue import (
    make_plan,
    make_published_deck,
    make_published_version,
    make_zone,
)

pytestmark = pytest.mark.django_db


def test_pricing_of_a_plan_is_its_tables_as_values() -> None:
    deck = make_published_deck()
    version = make_published_version(make_plan(), decks={"voice": deck})
    (pricing,) = queries.load_plan_pricing()
    (loaded,) = pricing.decks[UsageKind.VOICE]
    assert pricing.plan_version_id == version.pk
    assert loaded.version_id == deck.versions.get().pk
    assert [band.code for band in loaded.bands] == ["any", "day"]
    assert Rate("any", Decimal(20), zone_class="international") in loaded.rates
    assert loaded.terms == (ZoneTerms(grace_units=3),)
    assert date(2026, 1, 1) in loaded.holidays
    (allowance,) = pricing.allowances
    assert allowance == Allowance(
        allowance.allowance_id, UsageKind.VOICE, 6000, frozenset({"local"})
    )


def test_drafts_are_not_priced() -> None:
    operations.draft_plan_version(plan=make_plan(), fee=Decimal(1), on_sale_from=date(2026, 1, 1))
    assert queries.load_plan_pricing() == []


def test_closed_versions_are_left_out_after_their_last_day() -> None:
    deck = make_published_deck()
    make_published_version(make_plan(), decks={"voice": deck})
    operations.close_deck_version(version_id=deck.versions.get().pk, valid_to=date(2026, 2, 1))
    decks = {
        day: queries.load_plan_pricing(on_or_after=day)[0].decks[UsageKind.VOICE]
        for day in (date(2026, 1, 31), date(2026, 2, 1))
    }
    assert [len(found) for found in decks.values()] == [1, 0]


def test_ten_plans_cost_no_more_queries_than_one() -> None:
    deck = make_published_deck()
    make_published_version(make_plan("first"), decks={"voice": deck})
    with CaptureQueriesContext(connection) as one:
        queries.load_plan_pricing()
    for number in range(9):
        make_published_version(make_plan(f"plan{number}"), decks={"voice": deck})
    with CaptureQueriesContext(connection) as ten:
        assert len(queries.load_plan_pricing()) == 10
    assert len(ten) == len(one) <= 12


def test_zones_come_with_their_prefixes() -> None:
    zone = make_zone()
    zone.prefixes.create(prefix="4915")
    empty = make_zone("XX", prefix="999")
    empty.prefixes.all().delete()
    assert queries.load_zones() == [
        Zone(zone.pk, "international", ("49", "4915")),
        Zone(empty.pk, "international", ()),
    ]
