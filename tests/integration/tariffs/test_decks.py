"""Decks: checked when published, never changed afterwards."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tariffs import operations
from tariffs.domain.drafts import RateDraft
from tariffs.models import Band, Rate, RateDeckVersion, ZoneTerms
from tests.integration.tariffs.catalogue import (
    ANY_BAND,
    JANUARY,
    NOW,
    draft_version,
    make_deck,
    make_zone,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def published() -> RateDeckVersion:
    version = draft_version(make_deck())
    return operations.publish_deck_version(version_id=version.pk, now=NOW)


def test_publishing_fixes_the_moment(published: RateDeckVersion) -> None:
    published.refresh_from_db()
    assert published.published_at == NOW


def test_a_deck_that_would_price_wrongly_is_refused_with_its_problems() -> None:
    day_only = [RateDraft("day", Decimal(1))]
    version = draft_version(make_deck(), rates=day_only)
    with pytest.raises(operations.UnableToPublishDeck) as refusal:
        operations.publish_deck_version(version_id=version.pk, now=NOW)
    assert any("hours_without_band" in problem for problem in refusal.value.problems)
    version.refresh_from_db()
    assert version.published_at is None


def test_a_version_is_published_once(published: RateDeckVersion) -> None:
    with pytest.raises(operations.UnableToPublishDeck):
        operations.publish_deck_version(version_id=published.pk, now=NOW)


def test_a_draft_that_names_an_unknown_zone_is_refused_whole() -> None:
    rates = [RateDraft("any", Decimal(1), zone_code="ATLANTIS")]
    with pytest.raises(operations.UnableToDraftDeck):
        draft_version(make_deck(), rates=rates, bands=[ANY_BAND])
    assert not RateDeckVersion.objects.exists()


def test_versions_of_a_deck_do_not_overlap(published: RateDeckVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        draft_version(published.deck, valid_from=date(2026, 3, 1))
    operations.close_deck_version(version_id=published.pk, valid_to=date(2026, 3, 1))
    draft_version(published.deck, valid_from=date(2026, 3, 1))
    assert published.deck.versions.count() == 2


def test_closing_before_the_first_day_is_refused(published: RateDeckVersion) -> None:
    with pytest.raises(operations.UnableToCloseDeckVersion):
        operations.close_deck_version(version_id=published.pk, valid_to=JANUARY)


@pytest.mark.parametrize(
    "change",
    [
        lambda version: RateDeckVersion.objects.filter(pk=version.pk).update(rounding="up"),
        lambda version: RateDeckVersion.objects.filter(pk=version.pk).update(published_at=None),
        lambda version: Rate.objects.filter(deck_version=version).update(price=0),
        lambda version: Rate.objects.filter(deck_version=version).delete(),
        lambda version: Band.objects.create(deck_version=version, code="new"),
        lambda version: ZoneTerms.objects.filter(deck_version=version).update(free_units=5),
        lambda version: version.delete(),
    ],
)
def test_the_database_refuses_changes(published: RateDeckVersion, change) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change(published)


def test_a_row_of_a_draft_cannot_be_moved_under_a_published_version(
    published: RateDeckVersion,
) -> None:
    draft = draft_version(make_deck("other"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Rate.objects.filter(deck_version=draft).update(deck_version=published)


def test_a_draft_may_be_changed_and_deleted() -> None:
    make_zone()
    version = draft_version(make_deck())
    Rate.objects.filter(deck_version=version).update(price=1)
    version.delete()
    assert not Rate.objects.exists()
