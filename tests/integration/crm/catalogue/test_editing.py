"""Drafts edited, published, closed: what is written, what is refused, and who did it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bench.world import Operator
from billing_project.kernel.models import BusinessEvent
from tariffs.models import (
    Allowance,
    Bundle,
    MoveRule,
    Package,
    Plan,
    PlanVersion,
    Rate,
    RateDeck,
    RateDeckVersion,
)
from tariffs.operations import editing
from tests.integration.crm.catalogue.conftest import Address

TERMS = {
    "fee": "450.00",
    "fee_period": "month",
    "fee_timing": "advance",
    "proration": "actual",
    "bills_last_day": "on",
    "minimum": "0",
    "deposit": "0",
    "connection_price": "0",
    "tax_category": "standard",
    "tax_included": "on",
    "on_sale_from": "2027-01-01",
    "effect": "keep",
    "notice_days": "10",
}
INCLUDED = {
    "usage_kind": "voice",
    "volume": "300",
    "recurrence": "month",
    "priority": "0",
    "step": "0",
    "factor": "1",
    "rollover": "none",
}
SURE = {"is_sure": "on"}


def faults(client: Client, address: str, data: dict[str, Any]) -> dict[str, list[str]]:
    """Send a form that is refused; return its errors by field."""
    answer = client.post(address, data)
    assert answer.status_code == 200
    return dict(answer.context["form"].errors)


def done(client: Client, address: str, data: dict[str, Any]) -> str:
    """Send a form; return where it led."""
    answer = client.post(address, data)
    assert answer.status_code == 302, dict(answer.context["form"].errors)
    return answer["Location"]


def events(kind: str) -> list[tuple[str, str, str]]:
    rows = BusinessEvent.objects.filter(kind=kind).order_by("pk")
    return [(row.data["what"], row.data["code"], row.actor) for row in rows]


class TestPlans:
    def test_a_new_plan_begins_as_a_draft(self, client: Client, at: Address) -> None:
        names = {"code": "spring", "name_ru": "Весна", "name_en": "Spring", "service": "mobile"}
        data = {**names, "audience": "all", "fee": "100", "on_sale_from": "2027-03-01"}
        to = done(client, at("new-plan"), data)
        version = PlanVersion.objects.get(plan__code="spring")
        assert to == at("plan-version", version.pk)
        assert (version.number, version.fee, version.published_at) == (1, Decimal(100), None)
        assert "code" in faults(client, at("new-plan"), data)
        assert Plan.objects.filter(code="spring").count() == 1

    def test_the_next_version_has_all_of_the_last(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        plan = operator.mobile.plan
        done(client, at("draft-version", plan.pk), {"day": "2027-02-01"})
        drafted = plan.versions.order_by("-number").first()
        assert drafted is not None
        assert (drafted.number, drafted.fee) == (operator.mobile.number + 1, operator.mobile.fee)
        of_last = operator.mobile.allowances.values_list("usage_kind", "amount", "priority")
        assert list(drafted.allowances.values_list("usage_kind", "amount", "priority")) == list(
            of_last
        )
        assert drafted.decks.count() == operator.mobile.decks.count()

    def test_terms_are_written(self, client: Client, draft: PlanVersion, at: Address) -> None:
        to = done(client, at("edit-version", draft.pk), TERMS)
        draft.refresh_from_db()
        assert to == at("plan-version", draft.pk)
        assert (draft.fee, draft.effect) == (Decimal(450), "keep")

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"fee": "-1"}, "fee"),
            ({"fee": "много"}, "fee"),
            ({"effect": "move"}, "moves_on"),
            ({"moves_on": "2027-05-01"}, "moves_on"),
            ({"effect": "move", "moves_on": "2026-12-01"}, "moves_on"),
            ({"effect": "renewal", "notice_days": "3"}, "notice_days"),
            ({"slow_speed_kbps": "512"}, "slow_speed_kbps"),
            ({"speed_kbps": "256", "slow_speed_kbps": "512"}, "slow_speed_kbps"),
        ],
    )
    def test_wrong_terms_are_refused_at_their_field(
        self, client: Client, draft: PlanVersion, at: Address, changed: dict[str, str], field: str
    ) -> None:
        before = draft.fee
        assert field in faults(client, at("edit-version", draft.pk), {**TERMS, **changed})
        draft.refresh_from_db()
        assert draft.fee == before

    def test_what_is_published_is_not_edited(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        version = operator.mobile
        assert "__all__" in faults(client, at("edit-version", version.pk), TERMS)
        assert "__all__" in faults(client, at("new-allowance", version.pk), INCLUDED)
        assert "__all__" in faults(client, at("edit-decks", version.pk), {})
        assert "__all__" in faults(client, at("discard-version", version.pk), SURE)
        before = version.fee, version.allowances.count(), version.decks.count()
        version.refresh_from_db()
        assert (version.fee, version.allowances.count(), version.decks.count()) == before

    def test_volumes_are_typed_in_human_units(
        self, client: Client, draft: PlanVersion, at: Address
    ) -> None:
        for changes, amount in (
            ({}, 18_000),
            ({"usage_kind": "sms", "volume": "50"}, 50),
            ({"usage_kind": "data", "volume": "1024.5"}, int(1024.5 * 2**20)),
            ({"usage_kind": "data", "volume": "99.50", "is_money": "on"}, 9_950),
        ):
            done(client, at("new-allowance", draft.pk), {**INCLUDED, **changes})
            assert draft.allowances.order_by("-pk").values_list("amount", flat=True)[0] == amount
        row = draft.allowances.order_by("-pk")[0]
        form = client.get(at("edit-allowance", draft.pk, row.pk)).context["form"]
        assert form["volume"].value() == Decimal("99.50")

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"volume": "0"}, "volume"),
            ({"usage_kind": "sms", "volume": "0.5"}, "volume"),
            ({"zone_codes": "home, nowhere"}, "zone_codes"),
        ],
    )
    def test_wrong_volumes_are_refused(
        self, client: Client, draft: PlanVersion, at: Address, changed: dict[str, str], field: str
    ) -> None:
        count = draft.allowances.count()
        assert field in faults(client, at("new-allowance", draft.pk), {**INCLUDED, **changed})
        assert draft.allowances.count() == count

    def test_an_allowance_is_for_zones_and_taken_out(
        self, client: Client, draft: PlanVersion, at: Address
    ) -> None:
        done(client, at("new-allowance", draft.pk), {**INCLUDED, "zone_codes": "home, usa"})
        row = draft.allowances.order_by("-pk")[0]
        assert len(row.zone_ids) == 2
        done(client, at("remove-allowance", draft.pk, row.pk), SURE)
        assert not Allowance.objects.filter(pk=row.pk).exists()

    def test_decks_are_chosen(self, client: Client, draft: PlanVersion, at: Address) -> None:
        deck = draft.decks.get(usage_kind="voice").deck
        done(client, at("edit-decks", draft.pk), {"voice": deck.pk})
        assert list(draft.decks.values_list("usage_kind", "deck")) == [("voice", deck.pk)]
        assert "voice" in faults(client, at("edit-decks", draft.pk), {"voice": 999})

    def test_to_whom(self, client: Client, draft: PlanVersion, at: Address) -> None:
        data = {"whom": "new", "customer_kinds": ["person"], "regions": "Москва, Тверь"}
        done(client, at("edit-whom", draft.pk), data)
        draft.refresh_from_db()
        assert (draft.whom, draft.customer_kinds) == ("new", ["person"])
        assert draft.regions == ["Москва", "Тверь"]

    def test_published_closed_archived_with_a_trace(
        self, client: Client, draft: PlanVersion, at: Address
    ) -> None:
        code = draft.plan.code
        assert "is_sure" in faults(client, at("publish-version", draft.pk), {})
        draft.refresh_from_db()
        assert draft.published_at is None
        done(client, at("publish-version", draft.pk), SURE)
        done(client, at("close-version", draft.pk), {"day": "2027-06-01"})
        done(client, at("archive-plan", draft.plan_id), SURE)
        draft.refresh_from_db()
        draft.plan.refresh_from_db()
        assert draft.published_at is not None
        assert draft.closed_on == date(2027, 6, 1)
        assert draft.plan.is_archived
        for kind in ("catalogue.published", "catalogue.closed", "catalogue.archived"):
            [(what, named, actor)] = events(kind)
            assert (what, named) == ("plan", code)
            assert actor.startswith("staff:")

    def test_a_refused_publication_leaves_no_trace(
        self, client: Client, draft: PlanVersion, at: Address
    ) -> None:
        draft.decks.all().delete()
        empty = RateDeck.objects.create(code="empty", name="empty", usage_kind="voice")
        draft.decks.create(usage_kind="voice", deck=empty)
        assert "__all__" in faults(client, at("publish-version", draft.pk), SURE)
        assert events("catalogue.published") == []

    def test_what_changes_is_shown_before(
        self, client: Client, draft: PlanVersion, at: Address
    ) -> None:
        answer = client.get(at("publish-version", draft.pk))
        fee = answer.context["changes"][0]
        assert fee.before != fee.after
        assert str(int(draft.fee)) in fee.after
        assert answer.context["concerned"] == 10

    def test_a_draft_is_discarded(self, client: Client, draft: PlanVersion, at: Address) -> None:
        done(client, at("discard-version", draft.pk), SURE)
        assert not PlanVersion.objects.filter(pk=draft.pk).exists()
        assert "__all__" not in dict(client.get(at("plan", draft.plan_id)).context["plan"].__dict__)


RATE = {"price": "3.5", "unit": "60", "connection_fee": "0"}


class TestDecks:
    def test_a_new_deck_can_be_priced_and_published(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        names = {"code": "flat", "name": "Ровный", "usage_kind": "voice"}
        done(client, at("new-deck"), {**names, "valid_from": "2027-01-01"})
        version = RateDeckVersion.objects.get(deck__code="flat")
        band = version.bands.get()
        assert "__all__" in faults(client, at("publish-deck", version.pk), SURE)
        done(client, at("new-rate", version.pk), {**RATE, "band": band.pk})
        done(client, at("publish-deck", version.pk), SURE)
        version.refresh_from_db()
        assert version.published_at is not None
        assert events("catalogue.published") == [
            ("deck", "flat", events("catalogue.published")[0][2])
        ]
        done(client, at("close-deck", version.pk), {"day": "2027-12-31"})
        version.refresh_from_db()
        assert version.valid_to == date(2027, 12, 31)

    def test_a_copy_has_every_price(
        self, client: Client, deck_version: RateDeckVersion, at: Address
    ) -> None:
        done(client, at("copy-deck", deck_version.pk), {"valid_from": "2027-01-01"})
        copy = deck_version.deck.versions.exclude(pk=deck_version.pk).get()
        told = [
            sorted(
                version.rates.values_list("zone", "zone_class", "band__code", "price", "unit"),
                key=str,
            )
            for version in (deck_version, copy)
        ]
        assert told[0] == told[1]
        assert copy.terms.count() == deck_version.terms.count()
        assert (copy.published_at, copy.replaces) == (None, None)

    def test_a_correction_is_for_the_same_days(
        self, client: Client, deck_version: RateDeckVersion, at: Address
    ) -> None:
        data = {"valid_from": "2027-01-01", "replaces": "on"}
        done(client, at("copy-deck", deck_version.pk), data)
        copy = deck_version.deck.versions.exclude(pk=deck_version.pk).get()
        assert copy.replaces_id == deck_version.pk
        assert (copy.valid_from, copy.valid_to) == (deck_version.valid_from, deck_version.valid_to)

    def test_steps_and_surcharges(
        self, client: Client, deck_draft: RateDeckVersion, at: Address
    ) -> None:
        band = deck_draft.bands.order_by("pk")[0]
        data = {**RATE, "zone": "help", "band": band.pk, "steps": "0 2,5 60\n300 1.5 1"}
        done(client, at("new-rate", deck_draft.pk), data)
        rate = deck_draft.rates.order_by("-pk")[0]
        steps = rate.steps.order_by("from_unit").values_list("from_unit", "price", "increment")
        assert list(steps) == [(0, Decimal("2.5"), 60), (300, Decimal("1.5"), 1)]
        done(client, at("edit-rate", deck_draft.pk, rate.pk), {**data, "steps": ""})
        assert rate.steps.count() == 0
        rule = {"zone": "help", "first_increment": "60", "next_increment": "1", "free_units": "0"}
        rule |= {"min_units": "0", "grace_units": "3", "on_max_cost": "cap", "max_cost": "50"}
        deck_draft.terms.filter(zone__code="help").delete()
        done(client, at("new-terms", deck_draft.pk), {**rule, "surcharges": "600 5"})
        terms = deck_draft.terms.get(zone__code="help")
        assert (terms.grace_units, terms.max_cost) == (3, Decimal(50))
        assert list(terms.surcharges.values_list("at_unit", "amount")) == [(600, Decimal(5))]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"zone": "nowhere"}, "zone"),
            ({"zone": "usa", "zone_class": "local"}, "zone_class"),
            ({"price": "-1"}, "price"),
            ({"steps": "60 1 1"}, "steps"),
            ({"steps": "0 1 1\n0 2 1"}, "steps"),
            ({"steps": "0 1"}, "steps"),
            ({"steps": "0 1 0"}, "steps"),
            ({"band": ""}, "band"),
        ],
    )
    def test_wrong_prices_are_refused(
        self,
        client: Client,
        deck_draft: RateDeckVersion,
        at: Address,
        changed: dict[str, str],
        field: str,
    ) -> None:
        band = deck_draft.bands.order_by("pk")[0]
        data = {**RATE, "zone": "help", "band": band.pk, **changed}
        count = deck_draft.rates.count()
        assert field in faults(client, at("new-rate", deck_draft.pk), data)
        assert deck_draft.rates.count() == count

    def test_a_price_is_there_once(
        self, client: Client, deck_draft: RateDeckVersion, at: Address
    ) -> None:
        rate = deck_draft.rates.order_by("pk")[0]
        data = {**RATE, "zone_class": rate.zone_class, "band": rate.band_id}
        if rate.zone:
            data["zone"] = rate.zone.code
        assert "band" in faults(client, at("new-rate", deck_draft.pk), data)
        done(client, at("edit-rate", deck_draft.pk, rate.pk), data)
        rate.refresh_from_db()
        assert rate.price == Decimal("3.5")

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"from_second": "25:00"}, "from_second"),
            ({"from_second": "24:00"}, "from_second"),
            ({"to_second": "8"}, None),
            ({"code": "day"}, "code"),
        ],
    )
    def test_tariff_times(
        self,
        client: Client,
        deck_draft: RateDeckVersion,
        at: Address,
        changed: dict[str, str],
        field: str | None,
    ) -> None:
        data = {
            "code": "dawn",
            "name_ru": "Рассвет",
            "name_en": "Dawn",
            "weekdays": ["1", "2"],
            "from_second": "05:00",
            "to_second": "07:30",
            "on_holidays": "any",
            "priority": "9",
            **changed,
        }
        if field:
            assert field in faults(client, at("new-band", deck_draft.pk), data)
            return
        done(client, at("new-band", deck_draft.pk), data)
        band = deck_draft.bands.get(code="dawn")
        assert (band.weekdays, band.from_second, band.to_second) == ([1, 2], 18_000, 28_800)
        done(client, at("remove-part", deck_draft.pk, "band", band.pk), SURE)
        assert not deck_draft.bands.filter(code="dawn").exists()

    def test_published_prices_stay(
        self, client: Client, deck_version: RateDeckVersion, at: Address
    ) -> None:
        rate = deck_version.rates.order_by("pk")[0]
        data = {**RATE, "zone": rate.zone.code if rate.zone else "", "band": rate.band_id}
        address = at("edit-rate", deck_version.pk, rate.pk)
        assert "__all__" in faults(client, address, data)
        out = at("remove-part", deck_version.pk, "rate", rate.pk)
        assert "__all__" in faults(client, out, SURE)
        assert Rate.objects.get(pk=rate.pk).price == rate.price

    def test_prices_are_found_by_number_and_paged(
        self, client: Client, deck_version: RateDeckVersion, at: Address
    ) -> None:
        address = at("deck-version", deck_version.pk)
        found = client.get(address, {"text": "+1 212"}).context["rates"]
        assert {view.rate.zone_class for view in found} == {"international"}
        by_name = client.get(address, {"text": "USA"}).context["rates"]
        assert {view.rate.pk for view in by_name} == {view.rate.pk for view in found}
        assert client.get(address, {"text": "zzz"}).context["rates"] == []

    def test_what_differs_is_counted(
        self, client: Client, deck_draft: RateDeckVersion, at: Address
    ) -> None:
        first = deck_draft.rates.filter(price__gt=0).order_by("pk")[0]
        Rate.objects.filter(pk=first.pk).update(price=first.price * 2)
        answer = client.get(at("difference", deck_draft.pk))
        changes = answer.context["changes"]
        assert (changes.raised, changes.lowered, changes.added, changes.dropped) == (1, 0, 0, 0)
        [row] = answer.context["rows"]
        assert (row.percent, row.before != row.after) == (Decimal("100.0"), True)


class TestOffers:
    def test_a_package_from_draft_to_close(
        self, client: Client, operator: Operator, at: Address
    ) -> None:
        names = {"code": "more", "name_ru": "Ещё", "name_en": "More", "fee": "99"}
        done(client, at("new-package"), {**names, "on_sale_from": "2026-12-01"})
        version = Package.objects.get(code="more").versions.get()
        assert "__all__" in faults(client, at("publish-package", version.pk), SURE)
        done(client, at("new-package-allowance", version.pk), {**INCLUDED, "volume": "60"})
        assert version.allowances.get().amount == 3600
        terms = {"fee": "120", "fee_period": "once", "validity_days": "30", "services": ["mobile"]}
        terms |= {"tax_category": "standard", "on_sale_from": "2026-12-01", "whom": "all"}
        terms |= {"fee_timing": "advance", "proration": "actual"}
        done(client, at("edit-package", version.pk), terms)
        done(client, at("publish-package", version.pk), SURE)
        done(client, at("copy-package", version.pk), {"day": "2027-01-01"})
        copy = version.package.versions.get(number=2)
        assert (copy.fee, copy.allowances.get().amount, copy.services) == (120, 3600, ["mobile"])
        done(client, at("discard-package", copy.pk), SURE)
        done(client, at("close-package", version.pk), {"day": "2027-02-01"})
        version.refresh_from_db()
        assert version.closed_on == date(2027, 2, 1)
        assert [row[:2] for row in events("catalogue.published")] == [("package", "more")]

    def test_a_bundle(self, client: Client, operator: Operator, at: Address) -> None:
        mobile, internet = operator.mobile.plan.code, operator.internet.plan.code
        names = {"code": "home", "name_ru": "Дом", "name_en": "Home", "on_sale_from": "2026-12-01"}
        wrong = {**names, "parts": f"{mobile}\nnothing"}
        assert "parts" in faults(client, at("new-bundle"), wrong)
        assert "parts" in faults(client, at("new-bundle"), {**names, "parts": f"{mobile} x%"})
        assert not Bundle.objects.exists()
        done(client, at("new-bundle"), {**names, "parts": f"{mobile} 10%\n{internet} 50"})
        version = Bundle.objects.get(code="home").versions.get()
        parts = version.parts.order_by("pk").values_list("discount_percent", "discount_amount")
        assert list(parts) == [(Decimal(10), Decimal(0)), (Decimal(0), Decimal(50))]
        client.get(at("bundles"))
        done(client, at("discard-bundle", version.pk), SURE)

    def test_moves(self, client: Client, operator: Operator, at: Address) -> None:
        plans = operator.mobile.plan_id, operator.internet.plan_id
        rule = {"from_plan": plans[0], "to_plan": plans[1], "is_allowed": "on", "fee_up": "100"}
        rule |= {"fee_down": "50", "timing": "now", "min_days": "30"}
        done(client, at("edit-move"), rule)
        done(client, at("edit-move"), {**rule, "fee_up": "70"})
        assert MoveRule.objects.get().fee_up == 70
        assert "on_date" in faults(client, at("edit-move"), {**rule, "timing": "on_date"})
        assert "to_plan" in faults(client, at("edit-move"), {**rule, "to_plan": plans[0]})
        done(
            client,
            at("edit-move"),
            {"timing": "next_period", "fee_up": 0, "fee_down": 0, "min_days": 0},
        )
        matrix = client.get(at("moves")).context["matrix"]
        assert [pair for _, pair, _ in matrix.general]
        done(client, at("remove-move", MoveRule.objects.get(from_plan=None).pk), SURE)
        assert MoveRule.objects.count() == 1


class TestLocks:
    def test_a_draft_that_is_gone_is_told(self, draft: PlanVersion) -> None:
        PlanVersion.objects.filter(pk=draft.pk).delete()
        with pytest.raises(editing.UnableToEdit):
            editing.save_draft(version=draft)
