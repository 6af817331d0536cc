"""Prices of one company's own: agreed and ended at the desk, never for a person."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts.models import Account, Customer, DeckOverride, FeeOverride
from billing_project.kernel.models import BusinessEvent
from tariffs.models import Plan, PlanVersion, RateDeck
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.integration.tariffs.catalogue import make_published_deck

pytestmark = pytest.mark.django_db
NEXT_YEAR = date(2027, 1, 1)


def address(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


@pytest.fixture
def company(db: None) -> Customer:
    return accounts_operations.create_company(
        name="ООО «Берег»", inn="7801234564", now=people.NOON, actor=people.CLERK
    )


@pytest.fixture
def office(db: None) -> PlanVersion:
    """A plan that companies may have."""
    version = people.plan_version("office")
    Plan.objects.filter(pk=version.plan_id).update(audience="company")
    return version


@pytest.fixture
def deck(db: None) -> RateDeck:
    return make_published_deck("bereg")


def fee_form(version: PlanVersion, **changes: object) -> dict[str, object]:
    return {
        "plan_version": version.pk,
        "fee": "199,90",
        "active_from": "2027-01-01",
        "last": "2027-12-31",
        "reason": "договор 15",
        **changes,
    }


def test_fee_from_a_day_to_a_day(
    as_role: StaffClient, company: Customer, office: PlanVersion
) -> None:
    accountant = as_role("accountant")
    accountant.post(address("agree-fee", company.pk), fee_form(office))
    row = FeeOverride.objects.get()
    assert (row.fee, row.active_from, row.active_to, row.reason) == (
        Decimal("199.90"),
        NEXT_YEAR,
        date(2028, 1, 1),
        "договор 15",
    )
    page = accountant.get(address("company-prices", company.pk)).content.decode()
    days = "1 января 2027 – 31 декабря 2027"
    page = page.replace("\u00a0", " ")
    for said in ("office", "199,90", "договор 15", "accountant Петрова", days):
        assert said in page
    (told,) = BusinessEvent.objects.filter(kind="price.agreed")
    assert told.actor == row.actor
    card = accountant.get(address("card", company.pk)).content.decode()
    assert "Собственная цена согласована" in card
    assert "с 1 января 2027" in card
    assert address("company-prices", company.pk) in card


def test_deck_of_a_kind_of_usage(as_role: StaffClient, company: Customer, deck: RateDeck) -> None:
    accountant = as_role("accountant")
    form = {"deck": deck.pk, "active_from": "2027-01-01", "last": "", "reason": "скидка"}
    accountant.post(address("agree-deck", company.pk), form)
    row = DeckOverride.objects.get()
    assert (row.deck, row.usage_kind, row.active_to) == (deck, "voice", None)
    page = accountant.get(address("company-prices", company.pk)).content.decode()
    assert "bereg" in page
    assert address("end-price", "deck", row.pk) in page
    card = accountant.get(address("card", company.pk)).content.decode()
    assert "bereg · с 1 января 2027 · скидка" in card


@pytest.mark.parametrize(
    "changes",
    [
        {"fee": "-1"},
        {"fee": ""},
        {"reason": ""},
        {"reason": "   "},
        {"last": "2026-12-31"},
        {"active_from": "soon"},
        {"plan_version": "999999"},
    ],
    ids=lambda changes: "-".join(map(str, next(iter(changes.items())))),
)
def test_senseless_prices_are_told_in_the_form(
    as_role: StaffClient, company: Customer, office: PlanVersion, changes: dict[str, str]
) -> None:
    answer = as_role("accountant").post(
        address("agree-fee", company.pk), fee_form(office, **changes)
    )
    assert answer.status_code == 200
    assert 'class="wrong"' in answer.content.decode() or "note now" in answer.content.decode()
    assert not FeeOverride.objects.exists()


def test_one_price_at_a_time(as_role: StaffClient, company: Customer, office: PlanVersion) -> None:
    accountant = as_role("accountant")
    for fee in ("199,90", "150"):
        answer = accountant.post(address("agree-fee", company.pk), fee_form(office, fee=fee))
    assert "другая собственная цена" in answer.content.decode()
    assert [row.fee for row in FeeOverride.objects.all()] == [Decimal("199.90")]


def test_an_end_is_not_in_the_past(
    as_role: StaffClient, company: Customer, office: PlanVersion
) -> None:
    accountant, today = as_role("accountant"), timezone.localdate()
    long_ago = str(today - timedelta(days=40))
    form = fee_form(office, active_from=long_ago, last="")
    accountant.post(address("agree-fee", company.pk), form)
    row = FeeOverride.objects.get()
    before_yesterday = today - timedelta(days=2)
    end = address("end-price", "fee", row.pk)
    assert accountant.post(end, {"last": str(before_yesterday)}).status_code == 200
    row.refresh_from_db()
    assert row.active_to is None
    accountant.post(end, {"last": str(today)})
    row.refresh_from_db()
    assert row.active_to == today + timedelta(days=1)
    assert BusinessEvent.objects.filter(kind="price.ended").count() == 1


def test_a_person_has_no_such_page(
    as_role: StaffClient, alice: Account, office: PlanVersion
) -> None:
    administrator = as_role("administrator")
    person = alice.customer_id
    for name in ("company-prices", "agree-fee", "agree-deck"):
        assert administrator.get(address(name, person)).status_code == 404
    assert administrator.post(address("agree-fee", person), fee_form(office)).status_code == 404
    card = administrator.get(address("card", person)).content.decode()
    assert address("company-prices", person) not in card
    assert not FeeOverride.objects.exists()


def test_agents_see_but_do_not_agree(
    as_role: StaffClient, company: Customer, office: PlanVersion
) -> None:
    agent = as_role("agent")
    page = agent.get(address("company-prices", company.pk)).content.decode()
    assert "действует опубликованное" in page
    assert address("agree-fee", company.pk) not in page
    assert agent.post(address("agree-fee", company.pk), fee_form(office)).status_code == 403
    assert not FeeOverride.objects.exists()


def test_plans_of_persons_are_not_offered_unless_held(
    as_role: StaffClient, company: Customer, office: PlanVersion
) -> None:
    account = people.open_account(company)
    home = people.plan_version("home")
    form = as_role("accountant").get(address("agree-fee", company.pk)).content.decode()
    assert "office" in form
    assert "home" not in form
    Plan.objects.filter(pk=home.plan_id).update(audience="all")
    home = PlanVersion.objects.select_related("plan").get(pk=home.pk)
    accounts_operations.order_service(
        account=account, service="mobile", plan_version=home, now=people.NOON, actor=people.CLERK
    )
    Plan.objects.filter(pk=home.plan_id).update(audience="person")
    held = as_role("accountant").get(address("agree-fee", company.pk)).content.decode()
    assert held.index("home") < held.index("office")


@pytest.mark.parametrize(("kind", "price_id"), [("fee", 1), ("deck", 1), ("anything", 1)])
def test_unknown_prices_are_not_found(as_role: StaffClient, kind: str, price_id: int) -> None:
    assert as_role("accountant").get(address("end-price", kind, price_id)).status_code == 404


def test_in_english(as_role: StaffClient, company: Customer, office: PlanVersion) -> None:
    accountant = as_role("accountant")
    accountant.post(address("agree-fee", company.pk), fee_form(office))
    accountant.cookies["django_language"] = "en"
    page = accountant.get(address("company-prices", company.pk)).content.decode()
    assert "published: ₽300.00" in page or "published: 300.00" in page.replace("\u00a0", " "), page
    assert "to come" in page
