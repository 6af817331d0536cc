"""Comparisons over real usage: both prices from the one core, nothing written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bench.world import Operator
from billing_project.kernel.models import JobRun
from rating.models import AllowanceUse, Comparison, PricedUsage
from rating.operations import whatif
from rating.queries import whatif as queries
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import AllowanceDraft, BandDraft, RateDraft
from tariffs.models import PlanVersion, RateDeck, RateDeckVersion
from tests.integration.rating.night import Night, call, calls

FIRST, END = date(2026, 11, 1), date(2026, 12, 1)
NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)
ABROAD = {"dst": "81012125550101"}
ALWAYS = BandDraft("always", "Всегда", "Always")


def draft_of(operator: Operator, *, fee: str, minutes: int = 0) -> PlanVersion:
    """The mobile plan again, at another fee and with other minutes."""
    old = operator.mobile
    return tariffs_operations.draft_plan_version(
        plan=old.plan,
        fee=Decimal(fee),
        on_sale_from=date(2027, 1, 1),
        decks={row.usage_kind: row.deck for row in old.decks.all()},
        allowances=[AllowanceDraft("voice", minutes * 60)] if minutes else [],
    )


def ask(operator: Operator, new_id: int, *, kind: str = "plan", old_id: int = 0) -> Comparison:
    comparison = whatif.request_comparison(
        kind=kind,
        old_version_id=old_id or operator.mobile.pk,
        new_version_id=new_id,
        first=FIRST,
        end=END,
        actor="staff:1",
        now=NOW,
    )
    assert whatif.compare_now(comparison_id=comparison.pk, worker="test", now=NOW), (
        JobRun.objects.get(step=str(comparison.pk)).error
    )
    comparison.refresh_from_db()
    return comparison


def state_of_usage() -> list[tuple]:
    return [
        *PricedUsage.objects.order_by("record_key").values_list("record_key", "amount"),
        *AllowanceUse.objects.order_by("pk").values_list("pk", "used"),
    ]


def voice_deck(operator: Operator) -> RateDeckVersion:
    deck = operator.mobile.decks.get(usage_kind="voice").deck
    return deck.versions.get(published_at__isnull=False)


class TestPlans:
    def test_the_same_terms_change_nothing(self, night: Night, operator: Operator) -> None:
        night.load(*calls(3, seconds="1500"), call(1, id="b", **ABROAD))
        before = state_of_usage()
        old = operator.mobile
        minutes = old.allowances.get(usage_kind="voice").amount // 60
        found = ask(operator, draft_of(operator, fee=str(old.fee), minutes=minutes).pk).result
        stored = sum(row.amount for row in PricedUsage.objects.all())
        assert found["usage"]["stored"] == found["usage"]["old"] == str(stored)
        assert found["total"]["change"] == "0.00"
        assert (found["same"], found["subscriptions"], found["accounts"]) == (10, 10, 10)
        assert state_of_usage() == before

    def test_a_higher_fee_and_no_minutes_cost_more(self, night: Night, operator: Operator) -> None:
        night.load(*calls(3, seconds="1500"), call(1, id="b", **ABROAD))
        old = operator.mobile
        found = ask(operator, draft_of(operator, fee=str(old.fee + 10)).pk).result
        assert found["fees"]["change"] == "100.00"
        assert (found["pay_more"], found["pay_less"], found["same"]) == (10, 0, 0)
        top = found["most"][0]
        assert top["account_id"] == operator.accounts[0].pk
        assert Decimal(top["change"]) > 10

    def test_half_a_month_on_the_version_is_half_a_fee(self, operator: Operator) -> None:
        moved = operator.subscriptions[0].plan_assignments.get()
        moved.active_to = datetime(2026, 11, 15, 21, tzinfo=UTC)
        moved.save()
        found = ask(operator, draft_of(operator, fee=str(operator.mobile.fee + 10)).pk).result
        assert found["fees"]["change"] == "95.00"
        assert found["records"] == 0

    def test_of_a_draft_is_refused(self, operator: Operator) -> None:
        draft = draft_of(operator, fee="1")
        with pytest.raises(whatif.UnableToCompare) as refusal:
            ask(operator, operator.mobile.pk, old_id=draft.pk)
        assert refusal.value.field == "old_version"

    @pytest.mark.parametrize("which", ["itself", "another service"])
    def test_what_cannot_be_compared_is_refused(self, operator: Operator, which: str) -> None:
        new_id = operator.mobile.pk if which == "itself" else operator.internet.pk
        with pytest.raises(whatif.UnableToCompare):
            ask(operator, new_id)
        assert not Comparison.objects.exists()


class TestDecks:
    def test_prices_of_the_draft_by_hand(self, night: Night, operator: Operator) -> None:
        night.load(
            call(id="a", **ABROAD, seconds="75"),
            call(1, id="b", **ABROAD, seconds="60"),
            call(2, id="c", dst="112"),
        )
        old = voice_deck(operator)
        draft = tariffs_operations.draft_deck_version(
            deck=RateDeck.objects.create(code="flat", name="flat", usage_kind="voice"),
            valid_from=date(2027, 1, 1),
            bands=[ALWAYS],
            rates=[RateDraft("always", Decimal(5))],
        )
        found = ask(operator, draft.pk, kind="deck", old_id=old.pk).result
        stored = sum(row.amount for row in PricedUsage.objects.all())
        assert found["usage"]["old"] == str(stored)
        # 75 seconds are two minutes, 60 one; the free number costs a minute too: 4 × 5.
        assert found["usage"]["new"] == "20.00"
        assert found["fees"]["change"] == "0.00"
        assert (found["records"], found["subscriptions"]) == (3, 3)

    def test_without_prices_is_refused(self, operator: Operator) -> None:
        deck = RateDeck.objects.create(code="empty", name="empty", usage_kind="voice")
        draft = tariffs_operations.draft_deck_version(
            deck=deck, valid_from=date(2027, 1, 1), bands=[ALWAYS], rates=[]
        )
        with pytest.raises(whatif.UnableToCompare, match=r"no prices|цен"):
            ask(operator, draft.pk, kind="deck", old_id=voice_deck(operator).pk)

    def test_what_was_withdrawn_is_left_out(self, night: Night, operator: Operator) -> None:
        night.load(call(id="a", **ABROAD))
        row = PricedUsage.objects.get()
        row.pk, row.revision, row.amount = None, 1, -row.amount
        row._state.adding = True
        row.save()
        month = queries.read_month(
            Comparison(kind="deck", old_version_id=row.deck_version_id, first=FIRST, end=END),
            low=0,
            high=2**62,
        )
        assert len(month.usage) == 0


class TestRuns:
    def test_a_failure_is_told_and_done_again(
        self, operator: Operator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        comparison = whatif.request_comparison(
            kind="plan",
            old_version_id=operator.mobile.pk,
            new_version_id=draft_of(operator, fee="1").pk,
            first=FIRST,
            end=END,
            actor="staff:1",
            now=NOW,
        )
        with monkeypatch.context() as patch:
            patch.setattr(queries, "load_both", lambda _: 1 / 0)
            assert whatif.run_comparisons(worker="one", now=NOW) == 0
        run = queries.find_run(comparison)
        assert run is not None
        assert (run.state, "ZeroDivisionError" in run.error) == ("failed", True)
        assert whatif.run_comparisons(worker="one", now=NOW) == 0
        whatif.retry_comparison(comparison_id=comparison.pk)
        assert whatif.run_comparisons(worker="one", now=NOW) == 1
        comparison.refresh_from_db()
        assert comparison.finished_at == NOW
        assert whatif.run_comparisons(worker="one", now=NOW) == 0
