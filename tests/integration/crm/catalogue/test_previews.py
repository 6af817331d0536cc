"""Previews of a call and of a month, by hand; and comparisons asked for on the screen."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from bench.world import Operator
from billing_project.kernel.models import JobRun
from rating.models import Comparison, PricedUsage
from rating.operations import whatif
from tariffs.models import PlanVersion, RateDeckVersion, Surcharge
from tests.integration.crm.catalogue.conftest import Address

CALL = {"call": "1", "kind": "voice", "number": "+1 212 555-01-01", "length": "75"}
#: A Friday's morning: the deck's "day".
MORNING = {"started_at": "2026-11-20T10:00"}


def told(answer: object) -> list[str]:
    return [step.text.replace("\xa0", " ") for step in answer.context["call"].steps]  # type: ignore[attr-defined]


class TestCalls:
    def test_by_hand(self, client: Client, operator: Operator, at: Address) -> None:
        answer = client.get(at("preview-plan", operator.mobile.pk), {**CALL, **MORNING})
        # International: by the minute as the bench's rules have it, 19.99 a minute and 1.50 once.
        call = answer.context["call"]
        steps = told(answer)
        assert call.amount is not None
        assert "1" in steps[0]
        total = sum(
            (
                Decimal(step.amount.replace("\xa0", "").replace("₽", "").replace(",", "."))
                for step in call.steps
                if step.amount
            ),
            Decimal(0),
        )
        assert abs(total - call.amount) < Decimal("0.01")

    def test_over_the_border_of_a_tariff_time(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        late = {"started_at": "2026-11-20T19:59:30", "length": "90"}
        answer = client.get(at("preview-plan", operator.mobile.pk), {**CALL, **late})
        assert answer.context["call"].amount == Decimal("26.49")
        text = " ".join(told(answer))
        assert "День" in text
        assert "Вечер" in text

    def test_allowances_and_what_was_used_before(
        self, client: Client, draft: PlanVersion, at: Address
    ) -> None:
        home = {**CALL, **MORNING, "number": "89215550100", "length": "120"}
        address = at("preview-plan", draft.pk)
        assert client.get(address, home).context["call"].amount == 0
        row = draft.allowances.get()
        used = client.get(address, {**home, f"used_{row.pk}": "10"}).context["call"]
        assert used.amount == Decimal("2.40")
        half = client.get(address, {**home, f"used_{row.pk}": "9"}).context["call"]
        assert half.amount == Decimal("1.20")

    def test_surcharge_and_maximum_are_told(
        self, client: Client, deck_draft: RateDeckVersion, at: Address
    ) -> None:
        for terms in deck_draft.terms.all():
            Surcharge.objects.create(terms=terms, at_unit=60, amount=Decimal(7))
        deck_draft.terms.update(max_cost=Decimal(20))
        answer = client.get(at("preview-deck", deck_draft.pk), {**CALL, **MORNING})
        assert answer.context["call"].amount == Decimal("20.00")
        text = " ".join(told(answer))
        assert "7,00 ₽" in text
        assert "20,00 ₽" in text

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"number": ""}, "number"),
            ({"length": "-1"}, "length"),
            ({"started_at": "вчера"}, "started_at"),
            ({"kind": "fax"}, "kind"),
        ],
    )
    def test_wrong_typing(
        self, client: Client, operator: Operator, at: Address, changed: dict[str, str], field: str
    ) -> None:
        answer = client.get(at("preview-plan", operator.mobile.pk), {**CALL, **MORNING, **changed})
        assert field in answer.context["call_form"].errors
        assert answer.context["call"] is None

    def test_a_number_without_price_is_no_crash(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        odd = {**CALL, **MORNING, "number": "49301234567"}
        call = client.get(at("preview-plan", operator.mobile.pk), odd).context["call"]
        assert call.amount is None
        assert call.problem


class TestMonths:
    def test_a_bill_by_hand(self, client: Client, draft: PlanVersion, at: Address) -> None:
        typed = {"typed_month": "1", "month": "2026-11", "hour": "10", "length": "60"}
        typed |= {"zone_1": "home", "minutes_1": "20", "zone_2": "+1 212", "minutes_2": "1"}
        month = client.get(at("preview-plan", draft.pk), typed).context["month"]
        home, abroad = month.lines
        assert (home.records, abroad.records) == (20, 1)
        # Ten minutes are included; the first of November is a Sunday: 0.75 of the price abroad.
        assert abroad.amount == Decimal("16.49")
        assert "10" in home.covered
        assert month.fee == draft.fee
        assert month.total == month.fee + home.amount + abroad.amount

    def test_nothing_typed_costs_the_fee(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        typed = {"typed_month": "1", "month": "2026-11", "hour": "10", "length": "60"}
        month = client.get(at("preview-plan", operator.mobile.pk), typed).context["month"]
        assert (month.lines, month.total) == ((), operator.mobile.fee)

    def test_minutes_must_go_somewhere(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        typed = {"typed_month": "1", "month": "2026-11", "hour": "10", "length": "60"}
        answer = client.get(at("preview-plan", operator.mobile.pk), {**typed, "minutes_2": "5"})
        assert "zone_2" in answer.context["month_form"].errors


class TestComparisons:
    def asked(self, operator: Operator, draft: PlanVersion) -> dict[str, object]:
        month = date.today().replace(day=1)
        last = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
        return {
            "old_version": operator.mobile.pk,
            "new_version": draft.pk,
            "month": last.isoformat(),
        }

    def test_a_small_one_is_done_at_once(
        self, client: Client, operator: Operator, draft: PlanVersion, at: Address
    ) -> None:
        form = client.get(at("compare") + f"?kind=plan&new={draft.pk}").context["form"]
        assert form.initial["old_version"] == operator.mobile.pk
        answer = client.post(at("compare") + "?kind=plan", self.asked(operator, draft))
        comparison = Comparison.objects.get()
        assert answer["Location"] == at("comparison", comparison.pk)
        page = client.get(answer["Location"])
        view = page.context["view"]
        assert view.totals["fees"]["change"] == Decimal("100.00")
        assert (view.row.state, view.is_moving) == ("done", False)
        assert [top.change for top in view.most] == [Decimal("10.00")] * 10
        assert comparison.requested_by.startswith("staff:")
        assert not PricedUsage.objects.exists()
        listed = client.get(at("comparisons")).context["rows"]
        assert [row.change for row in listed] == [Decimal("100.00")]

    def test_a_large_one_waits_and_shows_how_far_it_is(
        self,
        client: Client,
        operator: Operator,
        draft: PlanVersion,
        at: Address,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(whatif, "FEW_SERVICES", 3)
        client.post(at("compare") + "?kind=plan", self.asked(operator, draft))
        comparison = Comparison.objects.get()
        JobRun.objects.filter(step=str(comparison.pk)).update(
            state="running",
            rows_done=4,
            rows_total=10,
            heartbeat_at=datetime(2026, 1, 1).astimezone(),
        )
        text = client.get(at("comparison", comparison.pk)).content.decode()
        assert 'value="40"' in text
        assert "hx-trigger" in text
        part = client.get(at("comparison", comparison.pk), headers={"HX-Target": "result"})
        assert "<html" not in part.content.decode()

    def test_a_failure_says_why_and_can_be_tried_again(
        self,
        client: Client,
        operator: Operator,
        draft: PlanVersion,
        at: Address,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(whatif, "FEW_SERVICES", -1)
        client.post(at("compare") + "?kind=plan", self.asked(operator, draft))
        comparison = Comparison.objects.get()
        JobRun.objects.filter(step=str(comparison.pk)).update(state="failed", error="Oops")
        assert "Oops" in client.get(at("comparison", comparison.pk)).content.decode()
        client.post(at("retry", comparison.pk))
        assert JobRun.objects.get(step=str(comparison.pk)).state == "pending"

    def test_what_cannot_be_compared_is_told_at_the_field(
        self, client: Client, operator: Operator, draft: PlanVersion, at: Address
    ) -> None:
        data = {**self.asked(operator, draft), "new_version": operator.mobile.pk}
        answer = client.post(at("compare") + "?kind=plan", data)
        assert "new_version" in answer.context["form"].errors
        assert not Comparison.objects.exists()


def test_lists_take_few_queries(
    client: Client,
    operator: Operator,
    deck_draft: RateDeckVersion,
    draft: PlanVersion,
    at: Address,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """Sessions, user and rights take about six; the rest doesn't grow with the rows."""
    addresses = {
        at("plans"): 12,
        at("plan", operator.mobile.plan_id): 14,
        at("plan-version", draft.pk): 18,
        at("decks"): 10,
        at("deck-version", deck_draft.pk): 18,
        at("zones"): 10,
        at("moves"): 10,
        at("packages"): 12,
        at("comparisons"): 12,
    }
    for address, most in addresses.items():
        with django_assert_max_num_queries(most, info=address):
            client.get(address)
