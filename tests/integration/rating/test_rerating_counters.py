"""Re-rating where services count together: monthly models that are replaced, shared allowances."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.models import PlanAssignment, Subscription
from accounts.models.ledger import LedgerEntry
from bench import world
from bench.world import BEGAN
from rating import queries
from rating.domain.counters import Meter
from rating.domain.rerating import Selection
from rating.models import PricedUsage, RerateLine, RunningTotal
from rating.operations.rerating import runs
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import BandDraft, RateDraft, TermsDraft
from tariffs.models import PriceModel, RateDeckVersion
from tests import people
from tests.checks import broken_promises
from tests.integration.rating.books import books, differences
from tests.integration.rating.night import NOW, Night, call
from tests.integration.rating.test_order import load
from tests.integration.rating.test_order_of_offers import GRADUATED, NUMBERS, family, rerate
from tests.integration.rating.test_rerating import approve, start

pytestmark = pytest.mark.django_db
__all__ = ["family"]

NOVEMBER = Selection(date(2026, 11, 1), date(2026, 12, 1))
CHEAPER = {"ranges": [{"up_to": 20, "unit_price": "3"}, {"up_to": None, "unit_price": "0.5"}]}
COUNTRY, USA = "+79031234567", "+12125550100"


def broken() -> list[str]:
    return broken_promises(queries.invariants())


def texts(record: str, hour: int, quantity: int) -> str:
    """Messages of the son."""
    moment = f"2026-11-20T{hour:02}:00:00+03:00"
    return f"{record},sms,{NUMBERS[1]},{moment},{quantity},79031234567,"


def correct_messages(terms: dict[str, object] | None) -> int | None:
    """Replace the price of messages by another model, or by 3 roubles each without one."""
    old = RateDeckVersion.objects.get(deck__code="monthly", replaced_at__isnull=True)
    draft = tariffs_operations.draft_deck_version(
        deck=old.deck,
        valid_from=old.valid_from,
        bands=[BandDraft("any", "Всегда", "Always")],
        rates=[RateDraft("any", Decimal(3), unit=1)],
        terms=[TermsDraft(first_increment=1, next_increment=1)],
        replaces=old,
    )
    model = None
    if terms is not None:
        model = PriceModel.objects.create(
            deck_version=draft, code="m", kind="graduated", terms=terms, is_monthly=True
        )
        draft.rates.update(model=model)
    tariffs_operations.publish_deck_version(version_id=draft.pk, now=people.NOON)
    return model.pk if model else None


def counted() -> dict[int, int]:
    """What each monthly model has counted."""
    rows = RunningTotal.objects.filter(meter=Meter.MODEL, quantity__gt=0)
    return dict(rows.values_list("number", "quantity"))


def in_force() -> list[tuple[int, str]]:
    """Revision and amount of each record's price in force, in order of time."""
    rows = PricedUsage.objects.filter(kind=2).order_by("started_at", "-revision")
    newest = {row.started_at: row for row in reversed(rows)}
    return [(row.revision, str(row.amount)) for _at, row in sorted(newest.items())]


class TestMonthlyModels:
    @pytest.fixture(autouse=True)
    def _messages(self, night: Night, family: list[Subscription]) -> None:
        load(night, texts("a", 10, 15))
        assert list(counted().values()) == [15]

    @pytest.mark.parametrize("terms", [CHEAPER, GRADUATED], ids=["another price", "the same"])
    def test_of_a_new_version_go_on_from_what_the_old_one_counted(
        self, night: Night, monkeypatch: pytest.MonkeyPatch, terms: dict[str, object]
    ) -> None:
        model = correct_messages(terms)
        assert model is not None
        rerate(NOVEMBER)
        [line] = RerateLine.objects.all()
        assert (line.changed, line.difference, line.outcome) == (1, Decimal(0), "applied")
        assert counted() == {model: 15}
        assert in_force() == [(2, "45.00")]
        # The run keeps files out until its transaction ends: that of the whole test.
        monkeypatch.setattr("rating.operations.batches.hold_sources", lambda _ids: nullcontext())
        load(night, texts("b", 11, 15))
        assert counted() == {model: 30}
        last = "20.00" if terms == CHEAPER else "25.00"
        assert in_force() == [(2, "45.00"), (0, last)]
        assert broken() == []

    def test_that_are_gone_count_nothing_more_though_it_costs_the_same(self) -> None:
        correct_messages(None)
        rerate(NOVEMBER)
        assert counted() == {}
        assert in_force() == [(2, "45.00")]
        assert broken() == []

    def test_that_are_gone_are_not_put_back_by_undoing(self) -> None:
        correct_messages(None)
        run = rerate(NOVEMBER)
        after = books()
        undo = runs.start_undoing(run_id=run.pk, reason="", request_id="u", actor="s", now=NOW)
        approve(runs.go_on_rerating(run_id=undo.pk, now=NOW))
        assert [line.outcome for line in RerateLine.objects.filter(run=undo)] == ["stale"]
        assert differences(books(), after) == {}
        assert broken() == []

    def test_that_stay_as_they_are_change_no_row(self) -> None:
        rerate(NOVEMBER)
        assert not RerateLine.objects.exists()
        assert in_force() == [(0, "45.00")]


def correct_voice(**factors: int) -> None:
    """Replace the voice deck by one whose classes of zones cost so many times as much."""
    old = RateDeckVersion.objects.get(deck__code="voice", replaced_at__isnull=True)
    rates = [
        replace(rate, price=rate.price * factors.get(rate.zone_class, 1))
        for rate in world._voice_rates()
    ]
    draft = tariffs_operations.draft_deck_version(
        deck=old.deck,
        valid_from=old.valid_from,
        bands=[world.DAY, world.EVENING, world.WEEKEND],
        rates=rates,
        terms=world._voice_terms(),
        replaces=old,
    )
    tariffs_operations.publish_deck_version(version_id=draft.pk, now=BEGAN)


class TestSharedAllowances:
    """The mother calls America, the son the country; they share minutes at home."""

    @pytest.fixture(autouse=True)
    def _calls(self, night: Night, family: list[Subscription]) -> None:
        night.load(
            call(src=NUMBERS[0], id="home", at="2026-11-20 09:00:00"),
            call(src=NUMBERS[0], id="usa", at="2026-11-20 10:00:00", dst=USA),
            call(src=NUMBERS[1], id="country", at="2026-11-20 11:00:00", dst=COUNTRY),
            call(src=NUMBERS[1], id="home2", at="2026-11-20 12:00:00"),
        )
        correct_voice(long_distance=2)

    @pytest.mark.parametrize("members", [(1,), (0, 1)], ids=["the son's", "both"])
    def test_who_had_no_change_in_the_preview_is_not_charged_unseen(
        self, family: list[Subscription], members: tuple[int, ...]
    ) -> None:
        accounts = tuple(family[member].account_id for member in members)
        run = start(replace(NOVEMBER, account_ids=accounts))
        assert [line.account_id for line in RerateLine.objects.all()] == [family[1].account_id]
        before = books()
        # The son's price is the one that was seen; now the mother's has changed as well.
        correct_voice(long_distance=2, international=3)
        approve(run)
        assert [line.outcome for line in RerateLine.objects.all()] == ["stale"]
        assert differences(books(), before) == {}

    def test_who_has_no_change_still_does_not_stand_in_the_way(
        self, family: list[Subscription]
    ) -> None:
        run = approve(start(replace(NOVEMBER, account_ids=(family[1].account_id,))))
        [line] = RerateLine.objects.all()
        assert (line.outcome, line.difference) == ("applied", Decimal("3.45"))
        assert (
            not PricedUsage.objects.filter(batch_id=run.batch_id)
            .exclude(account_id=family[1].account_id)
            .exists()
        )
        assert LedgerEntry.objects.filter(ref=run.batch_id).count() == 1
        assert broken() == []

    def test_a_record_that_can_no_longer_be_priced_is_a_change_too(
        self, family: list[Subscription]
    ) -> None:
        run = start(replace(NOVEMBER, account_ids=(family[1].account_id,)))
        before = books()
        PlanAssignment.objects.filter(subscription_id=family[0].pk).update(
            active_from=datetime(2026, 11, 21, tzinfo=UTC)
        )
        approve(run)
        assert [line.outcome for line in RerateLine.objects.all()] == ["stale"]
        assert differences(books(), before) == {}
