"""A price list corrected while a night prices: the night ends on the old prices, what it priced is re-rated."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from accounts import queries as accounts_queries
from bench.world import build_operator
from rating import operations, queries
from rating.domain.rerating import Selection
from rating.models import PricedUsage
from rating.operations.rerating import runs
from tariffs import operations as tariffs
from tariffs.models import Rate, RateDeckVersion
from tariffs.operations import editing
from tests.checks import broken_promises
from tests.concurrency.test_billing_races import closing
from tests.integration.rating.night import DAY, NOW, Night, call

pytestmark = pytest.mark.django_db(transaction=True)
ABROAD = {"dst": "81012125550101"}
# The bench's subscribers have numbers that no pool knows.
PROMISES = [
    promise
    for promise in (*accounts_queries.invariants(), *queries.invariants())
    if "pool" not in promise.name
]


@pytest.fixture
def night(settings: Any, tmp_path: Path) -> Night:
    settings.ARCHIVE_DIR = tmp_path / "archive"
    build_operator(subscribers=10)
    return Night(tmp_path / "in")


@pytest.fixture
def corrected(night: Night) -> RateDeckVersion:
    """A correction of the voice prices, drafted: everything at twice the price."""
    wrong = RateDeckVersion.objects.get(deck__code="voice")
    draft = editing.copy_deck_version(
        version_id=wrong.pk, valid_from=wrong.valid_from, replaces=True
    )
    for rate in Rate.objects.filter(deck_version=draft):
        rate.price, rate.connection_fee = rate.price * 2, rate.connection_fee * 2
        editing.save_part(version=draft, row=rate)
    return draft


def publish(version: RateDeckVersion) -> None:
    """Publish on another connection, as an agent does, while the caller holds what it holds."""
    with ThreadPoolExecutor(1) as pool:
        work = closing(lambda: tariffs.publish_deck_version(version_id=version.pk, now=NOW))
        pool.submit(work).result(timeout=20)


def prices() -> dict[int, Decimal]:
    rows = PricedUsage.objects.values("deck_version_id").annotate(sum=Sum("amount"))
    return {row["deck_version_id"]: row["sum"] for row in rows if row["sum"]}


def price_and_publish(night: Night, version: RateDeckVersion) -> int:
    """Price nine calls in slices of three; publish after the first of them."""
    night.bring(*(call(n, id=f"c{n}", **ABROAD) for n in range(9)))
    night.receive()
    batch_id = operations.open_batch(business_date=DAY, now=NOW)
    assert batch_id is not None
    told: list[int] = []

    def publish_once(done: int, _total: int) -> None:
        if not told:
            publish(version)
        told.append(done)

    operations.price_batch(batch_id=batch_id, now=NOW, slice_rows=3, progress=publish_once)
    operations.post_batch(batch_id=batch_id, now=NOW)
    assert len(told) > 1
    return batch_id


def test_a_night_begun_ends_on_the_prices_it_began_with(
    night: Night, corrected: RateDeckVersion
) -> None:
    price_and_publish(night, corrected)
    assert prices() == {corrected.replaces_id: 9 * Decimal("21.49")}
    night.load(call(9, id="later", **ABROAD))
    assert prices()[corrected.pk] == Decimal("42.98")
    assert broken_promises(PROMISES) == []


def test_what_it_priced_after_the_correction_is_re_rated_too(
    night: Night, corrected: RateDeckVersion
) -> None:
    price_and_publish(night, corrected)
    run = runs.start_rerating(
        selection=Selection(
            first=date(2026, 11, 1),
            end=date(2026, 12, 1),
            deck_version_ids=(corrected.replaces_id or 0,),
        ),
        reason="wrong prices",
        request_id="r",
        actor="staff:1",
        now=NOW,
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    runs.approve_rerating(
        run_id=run.pk, limit=Decimal(10**6), business_date=DAY, actor="staff:1", now=NOW
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    assert prices() == {corrected.pk: 9 * Decimal("42.98")}
    assert broken_promises(PROMISES) == []
