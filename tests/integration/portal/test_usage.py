"""Call detail: each record in words, why it cost what it did, page by page."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import Account, Subscription
from rating.models import PricedUsage
from tariffs.models import Band, RateDeckVersion
from tests.integration.portal.test_pages import text_of
from tests.integration.tariffs import catalogue

MORNING = datetime(2026, 11, 5, 10, 0, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.fixture
def deck(db: None) -> RateDeckVersion:
    """2.50 a minute by day, whole minutes, three seconds of grace."""
    deck = catalogue.make_published_deck()
    return deck.versions.get()


def call(
    mobile: Subscription,
    deck: RateDeckVersion,
    *,
    key: int = 1,
    started_at: datetime = MORNING,
    seconds: int = 200,
    amount: str = "10.00",
) -> PricedUsage:
    zone, _ = catalogue.Zone.objects.get_or_create(
        code="LOCAL", defaults={"name_ru": "Местные", "name_en": "Local", "zone_class": "local"}
    )
    return PricedUsage.objects.create(
        account_id=mobile.account_id,
        started_at=started_at,
        source_id=1,
        record_key=key,
        batch_id=1,
        file_id=1,
        subscription_id=mobile.pk,
        kind=1,
        other_number=79219998877,
        zone_id=zone.pk,
        band_id=Band.objects.get(code="day").pk,
        plan_version_id=1,
        deck_version_id=deck.pk,
        quantity=seconds,
        billed=-(-seconds // 60) * 60,
        amount=Decimal(amount),
    )


def test_a_call_says_to_whom_how_long_and_why(
    as_alice: Client, mobile: Subscription, deck: RateDeckVersion
) -> None:
    call(mobile, deck)
    page = text_of(as_alice, "/usage/?month=2026-11")
    assert "+7 921 999-88-77" in page
    assert "3 мин 20 с" in page
    assert "Местные" in page
    assert "10,00 ₽" in page
    assert "Считается за 4 мин" in page
    assert "4 мин по 2,50 ₽ за минуту, День." in page


def test_what_today_would_be_priced_otherwise_is_not_explained_by_it(
    as_alice: Client, mobile: Subscription, deck: RateDeckVersion
) -> None:
    call(mobile, deck, amount="99.00")
    page = text_of(as_alice, "/usage/?month=2026-11")
    assert "99,00 ₽" in page
    assert "По условиям, которые действовали тогда." in page
    assert "за минуту" not in page


def test_only_the_month_asked_for(
    as_alice: Client, mobile: Subscription, deck: RateDeckVersion
) -> None:
    call(mobile, deck)
    assert "В этом месяце не было" in text_of(as_alice, "/usage/?month=2026-10")


def test_pages_follow_each_other_without_gap_or_repeat(
    as_alice: Client, mobile: Subscription, deck: RateDeckVersion
) -> None:
    for key in range(1, 36):
        # Two at one moment, so that the key decides.
        call(mobile, deck, key=key, started_at=MORNING + timedelta(minutes=key // 2))
    first = as_alice.get("/usage/", {"month": "2026-11"}).context["page"]
    second = as_alice.get("/usage/", {"month": "2026-11", "before": first.next_key}).context["page"]
    assert (len(first.rows), len(second.rows), second.next_key) == (30, 5, "")
    moments = [row.started_at for row in (*first.rows, *second.rows)]
    assert moments == sorted(moments, reverse=True)
    assert len({*moments}) == 18


def test_takes_few_queries_however_many_rows(
    as_alice: Client,
    mobile: Subscription,
    deck: RateDeckVersion,
    django_assert_max_num_queries,
) -> None:
    for key in range(30):
        call(mobile, deck, key=key)
    with django_assert_max_num_queries(19):
        as_alice.get("/usage/", {"month": "2026-11"})


def test_a_charge_for_calls_leads_to_them(alice: Account, as_alice: Client) -> None:
    from accounts.domain.kinds import Kind
    from tests.integration.portal.conftest import charge

    charge(alice, "10.00", kind=Kind.USAGE_VOICE)
    assert "/usage/?month=" in text_of(as_alice, "/charges/")


def test_the_last_month_of_the_calendar_is_no_crash(as_alice: Client) -> None:
    assert as_alice.get("/usage/", {"month": "9999-12"}).status_code == 200
