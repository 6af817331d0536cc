"""Change of plan: the price is shown first, and what is agreed is what was shown."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Subscription
from invoicing.models import PlanChange
from tariffs.models import Allowance, Plan, PlanVersion
from tests import people
from tests.integration.portal.test_pages import text_of


@pytest.fixture
def city(db: None) -> PlanVersion:
    """Another mobile plan, dearer by 150, with 300 minutes."""
    plan = Plan.objects.create(code="city", name_ru="Город", name_en="City", service="mobile")
    version = PlanVersion.objects.create(
        plan=plan, number=1, fee=Decimal("450.00"), on_sale_from=date(2026, 1, 1)
    )
    Allowance.objects.create(plan_version=version, usage_kind="voice", amount=18_000)
    PlanVersion.objects.filter(pk=version.pk).update(published_at=people.NOON)
    return version


def path_of(name: str, mobile: Subscription, *more: int) -> str:
    return reverse(f"portal:{name}", args=(mobile.pk, *more))


def agree(browser: Client, path: str):
    return browser.post(path, {"mark": browser.get(path).context["mark"]})


def test_plans_are_listed_with_what_they_include(
    as_alice: Client, mobile: Subscription, city: PlanVersion
) -> None:
    page = text_of(as_alice, path_of("plans", mobile))
    assert "Город" in page
    assert "450,00 ₽" in page
    assert "5 ч звонков" in page


def test_price_before_and_after_is_shown_and_nothing_happens_yet(
    as_alice: Client, mobile: Subscription, city: PlanVersion
) -> None:
    page = text_of(as_alice, path_of("plan-change", mobile, city.pk))
    assert "300,00 ₽" in page
    assert "450,00 ₽" in page
    assert "Вы будете платить на 150 ₽ больше в месяц." in page
    assert "Сегодня ничего не списывается" in page
    assert PlanChange.objects.count() == 0


def test_agreed_then_called_off(
    as_alice: Client, alice: Account, mobile: Subscription, city: PlanVersion
) -> None:
    answer = agree(as_alice, path_of("plan-change", mobile, city.pk))
    assert answer.url == "/services/"
    change = PlanChange.objects.get()
    assert (change.state, change.plan_version_id) == ("scheduled", city.pk)
    assert change.actor == alice.customer.users.get().actor
    assert "тариф «Город»" in text_of(as_alice, "/services/")
    as_alice.post(path_of("plan-cancel", mobile))
    change.refresh_from_db()
    assert change.state == "cancelled"


def test_a_forged_offer_is_refused(
    as_alice: Client, mobile: Subscription, city: PlanVersion
) -> None:
    path = path_of("plan-change", mobile, city.pk)
    assert as_alice.post(path, {"mark": "made-up"}).status_code == 404
    assert as_alice.post(path).status_code == 404
    assert PlanChange.objects.count() == 0


def test_an_offer_for_another_plan_is_refused(
    as_alice: Client, mobile: Subscription, city: PlanVersion
) -> None:
    village = people.plan_version("village")
    mark = as_alice.get(path_of("plan-change", mobile, village.pk)).context["mark"]
    as_alice.post(path_of("plan-change", mobile, city.pk), {"mark": mark})
    assert PlanChange.objects.count() == 0


def test_a_second_change_is_refused_with_the_way_out(
    as_alice: Client, mobile: Subscription, city: PlanVersion
) -> None:
    agree(as_alice, path_of("plan-change", mobile, city.pk))
    page = as_alice.get(path_of("plan-change", mobile, city.pk))
    assert page.context["page"].refusal
    assert page.context["mark"] == ""


def test_an_unpublished_version_is_not_there(as_alice: Client, mobile: Subscription) -> None:
    draft = PlanVersion.objects.create(
        plan=people.plan_version("draft").plan, number=9, fee=1, on_sale_from=people.TODAY
    )
    assert as_alice.get(path_of("plan-change", mobile, draft.pk)).status_code == 404
