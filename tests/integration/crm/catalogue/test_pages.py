"""Every page of the editor opens: full and empty, in both languages, for who may see it."""

import pytest
from django.test import Client
from django.urls import reverse

from bench.world import Operator
from crm.domain.roles import ACCOUNTANT, ADMINISTRATOR, AGENT, CASHIER
from tariffs.models import PlanVersion, RateDeckVersion, Zone
from tests.integration.crm.catalogue.conftest import Address
from tests.integration.crm.conftest import StaffClient

LISTS = [
    *("plans", "new-plan", "decks", "new-deck", "zones", "packages", "new-package", "bundles"),
    *("new-bundle", "moves", "edit-move", "comparisons", "compare"),
]
OF_PLAN_VERSION = [
    *("plan-version", "edit-version", "edit-decks", "edit-whom", "new-allowance"),
    *("publish-version", "close-version", "discard-version", "preview-plan"),
]
OF_DECK_VERSION = [
    *("deck-version", "copy-deck", "edit-deck", "new-band", "new-terms", "new-rate"),
    *("publish-deck", "close-deck", "discard-deck", "preview-deck", "difference"),
]
BOTH = pytest.mark.parametrize("language", ["ru", "en"])


def opened(client: Client, address: str, language: str = "ru") -> str:
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, address
    return answer.content.decode()


@BOTH
def test_empty_lists_say_so(client: Client, at: Address, language: str) -> None:
    for name in LISTS:
        text = opened(client, at(name), language)
        assert "None" not in text, name


@BOTH
def test_lists(client: Client, operator: Operator, at: Address, language: str) -> None:
    for name in LISTS:
        assert "<h1" in opened(client, at(name), language)


@BOTH
def test_pages_of_a_plan(
    client: Client, operator: Operator, draft: PlanVersion, at: Address, language: str
) -> None:
    for name in ("plan", "rename-plan", "draft-version", "archive-plan"):
        assert "<h1" in opened(client, at(name, operator.mobile.plan_id), language)
    for version in (operator.mobile, draft):
        for name in OF_PLAN_VERSION:
            assert "<h1" in opened(client, at(name, version.pk), language)


@BOTH
def test_pages_of_a_deck(
    client: Client,
    deck_version: RateDeckVersion,
    deck_draft: RateDeckVersion,
    at: Address,
    language: str,
) -> None:
    assert "<h1" in opened(client, at("deck", deck_version.deck_id), language)
    for name in OF_DECK_VERSION:
        assert "<h1" in opened(client, at(name, deck_draft.pk), language)
    assert "<h1" in opened(client, at("deck-version", deck_version.pk), language)
    band, rate, terms = (
        getattr(deck_draft, name).order_by("pk").first() for name in ("bands", "rates", "terms")
    )
    assert "<h1" in opened(client, at("edit-band", deck_draft.pk, band.pk), language)
    assert "<h1" in opened(client, at("edit-rate", deck_draft.pk, rate.pk), language)
    assert "<h1" in opened(client, at("edit-terms", deck_draft.pk, terms.pk), language)
    assert "<h1" in opened(client, at("remove-part", deck_draft.pk, "rate", rate.pk), language)


def test_what_is_not_there_is_not_found(client: Client, at: Address) -> None:
    for name in ("plan", "plan-version", "deck", "deck-version", "zone", "comparison"):
        assert client.get(at(name, 999_999)).status_code == 404, name
    assert client.get(at("remove-part", 1, "nothing", 1)).status_code == 404


def test_odd_questions_are_answered(client: Client, operator: Operator, at: Address) -> None:
    for query in ("?shown=no&text=%25&after=%25", "?service=no&audience=no", "?after=zzzz"):
        assert "<h1" in opened(client, at("plans") + query)
    for query in ("?number=abc&text=%25", "?number=%2B7+921", "?scheme=x&class=no&after=zzzz"):
        assert "<h1" in opened(client, at("zones") + query)
    assert "<h1" in opened(client, at("compare") + "?kind=no&new=abc&old=-1")
    assert "<h1" in opened(client, at("moves") + "?service=no")
    assert "<h1" in opened(client, at("edit-move") + "?from=99999999999&to=x")


def test_plans_are_sieved(
    client: Client, operator: Operator, draft: PlanVersion, at: Address
) -> None:
    code = operator.mobile.plan.code
    other = operator.internet.plan.code
    sale = opened(client, at("plans") + f"?text={code}")
    assert f">{code}<" in sale
    assert f">{other}<" not in sale
    drafts = opened(client, at("plans") + "?shown=drafts")
    assert f">{code}<" in drafts
    assert f">{other}<" not in drafts
    assert f">{code}<" not in opened(client, at("plans") + "?shown=archived")


@pytest.mark.parametrize(
    ("number", "zone", "prefix"),
    [
        ("+7 921 555-01-00", "home", "7921"),
        ("8 (912) 345-67-89", "country", "7"),
        ("112", "help", "112"),
    ],
)
def test_which_zone_is_this_number_of(
    client: Client, operator: Operator, at: Address, number: str, zone: str, prefix: str
) -> None:
    answer = client.get(at("zones"), {"number": number})
    [match] = answer.context["matches"]
    assert (match.zone.code, match.prefix) == (zone, prefix)
    opened(client, at("zone", Zone.objects.get(code=zone).pk))


def test_a_number_without_zone_says_where_its_calls_end(
    client: Client, operator: Operator, at: Address
) -> None:
    answer = client.get(at("zones"), {"number": "49301234567"})
    assert answer.context["matches"] == []
    assert "49301234567" in answer.content.decode()


SEE, EDIT, PUBLISH, COMPARE = "plan-version", "edit-version", "publish-version", "compare"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (CASHIER, []),
        (AGENT, [SEE]),
        (ACCOUNTANT, [SEE, COMPARE]),
        (ADMINISTRATOR, [SEE, EDIT, PUBLISH, COMPARE]),
    ],
)
def test_rights(
    as_role: StaffClient, draft: PlanVersion, at: Address, role: str, allowed: list[str]
) -> None:
    browser = as_role(role)
    for name in (SEE, EDIT, PUBLISH, COMPARE):
        address = at(name) if name == COMPARE else at(name, draft.pk)
        for answer in (browser.get(address), browser.post(address, {})):
            refused = {403, 405} if name not in allowed else {200, 302, 405}
            assert answer.status_code in refused, (role, name)
    draft.refresh_from_db()
    assert draft.published_at is None


def test_buttons_are_for_those_who_may(
    as_role: StaffClient, draft: PlanVersion, at: Address
) -> None:
    text = as_role(AGENT).get(at("plan-version", draft.pk)).content.decode()
    for name in (EDIT, PUBLISH, "discard-version", "new-allowance"):
        assert at(name, draft.pk) not in text, name


def test_every_view_has_a_door() -> None:
    from crm.views.catalogue.addresses import PATHS

    assert {path.callback.right for path in PATHS} == {
        *("see_catalogue", "edit_catalogue", "publish_catalogue", "compare_catalogue")
    }


def test_the_menu_leads_to_the_editor(client: Client, at: Address) -> None:
    assert f'href="{at("plans")}"' in client.get(reverse("crm:search")).content.decode()
