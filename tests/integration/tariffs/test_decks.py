"""Decks: checked when published, never changed afterwards."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing_project.kernel.invariants import find_violations
from tariffs import operations, queries
from tariffs.domain.drafts import RateDraft
from tariffs.models import Band, Rate, RateDeckVersion, ZonePrefix, ZoneScheme, ZoneTerms
from tests.integration.tariffs.catalogue import (
    ANY_BAND,
    JANUARY,
    NOW,
    draft_version,
    make_deck,
    make_zone,
)

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)


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


def publish(version: RateDeckVersion) -> RateDeckVersion:
    return operations.publish_deck_version(version_id=version.pk, now=NOW)


def test_the_version_before_without_an_end_ends_where_the_next_begins(published) -> None:
    later = publish(draft_version(published.deck, valid_from=MARCH))
    published.refresh_from_db()
    assert (published.valid_to, later.valid_to) == (MARCH, None)


def test_a_draft_ends_nothing(published) -> None:
    draft_version(published.deck, valid_from=MARCH)
    published.refresh_from_db()
    assert published.valid_to is None


@pytest.mark.parametrize("valid_from", [JANUARY, date(2025, 12, 1), date(2026, 2, 1)])
def test_days_of_another_version_stand_in_the_way(published, valid_from) -> None:
    operations.close_deck_version(version_id=published.pk, valid_to=MARCH)
    draft = draft_version(published.deck, valid_from=valid_from)
    with pytest.raises(operations.UnableToPublishDeck):
        publish(draft)
    assert not RateDeckVersion.objects.get(pk=draft.pk).published_at


def replacement_of(version: RateDeckVersion, price: str = "9") -> RateDeckVersion:
    return operations.draft_replacement(
        version_id=version.pk, bands=[ANY_BAND], rates=[RateDraft("any", Decimal(price))]
    )


def test_a_corrected_version_takes_the_place_of_the_wrong_one(published) -> None:
    draft = replacement_of(published)
    operations.close_deck_version(version_id=published.pk, valid_to=MARCH)
    corrected = publish(draft)
    published.refresh_from_db()
    assert (published.replaced_at, corrected.replaces_id) == (NOW, published.pk)
    assert (corrected.valid_from, corrected.valid_to) == (JANUARY, MARCH)


def test_a_version_is_replaced_once(published) -> None:
    first, second = replacement_of(published), replacement_of(published, "8")
    publish(first)
    with pytest.raises(operations.UnableToPublishDeck):
        publish(second)
    with pytest.raises(operations.UnableToDraftDeck):
        replacement_of(published)
    publish(replacement_of(first, "7"))
    assert RateDeckVersion.objects.filter(replaced_at=None, published_at__isnull=False).count() == 1


def test_a_draft_is_not_replaced_and_no_version_of_another_deck(published) -> None:
    with pytest.raises(operations.UnableToDraftDeck):
        replacement_of(draft_version(make_deck("draft")))
    foreign = draft_version(make_deck("other"), replaces=published)
    with pytest.raises(operations.UnableToPublishDeck):
        publish(foreign)
    published.refresh_from_db()
    assert published.replaced_at is None


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


def broken(words: str) -> list[tuple[object, ...]]:
    (invariant,) = (one for one in queries.invariants() if words in one.name)
    return find_violations(invariant)


def test_a_replaced_version_without_one_in_its_place_is_found(published) -> None:
    publish(replacement_of(published))
    assert broken("in its place") == []
    other = publish(draft_version(make_deck("other")))
    RateDeckVersion.objects.filter(pk=other.pk).update(replaced_at=NOW)
    assert [row[0] for row in broken("in its place")] == [other.pk]


def test_a_prefix_under_a_zone_of_another_scheme_is_found() -> None:
    zone = make_zone()
    assert broken("own scheme") == []
    scheme = ZoneScheme.objects.create(code="carrier", name="carrier")
    ZonePrefix.objects.filter(zone=zone).update(scheme=scheme)
    assert [row[1] for row in broken("own scheme")] == ["49"]


def test_a_version_is_not_closed_behind_the_first_day_of_the_next(
    published: RateDeckVersion,
) -> None:
    coming = draft_version(published.deck, valid_from=MARCH)
    operations.publish_deck_version(version_id=coming.pk, now=NOW)
    with pytest.raises(operations.UnableToCloseDeckVersion):
        operations.close_deck_version(version_id=published.pk, valid_to=date(2026, 3, 2))
    published.refresh_from_db()
    assert published.valid_to == MARCH


def test_a_replaced_version_is_not_closed_any_more(published: RateDeckVersion) -> None:
    corrected = draft_version(published.deck, replaces=published)
    operations.publish_deck_version(version_id=corrected.pk, now=NOW)
    with pytest.raises(operations.UnableToCloseDeckVersion):
        operations.close_deck_version(version_id=published.pk, valid_to=MARCH)
    assert RateDeckVersion.objects.filter(valid_to=MARCH).count() == 0
