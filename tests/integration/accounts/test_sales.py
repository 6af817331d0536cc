"""Packages of a service, prices of a company, and who may order what."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts import operations, queries
from accounts.models import (
    Account,
    Customer,
    DeckOverride,
    FeeOverride,
    PackageAssignment,
    Subscription,
)
from billing_project.kernel.models import BusinessEvent
from tariffs import operations as tariffs
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Package, PackageVersion, Plan, PlanVersion
from tests.integration.tariffs.catalogue import make_deck, make_published_deck
from tests.people import CLERK, NOON, TODAY, open_account, open_account_for, person

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=3)
NEW_YEAR = date(2027, 1, 1)


def make_plan(code: str = "wave", **columns: object) -> PlanVersion:
    plan, _ = Plan.objects.get_or_create(
        code=code,
        defaults={"name_ru": code, "name_en": code, "service": "mobile", "audience": "all"},
    )
    draft = tariffs.draft_plan_version(
        plan=plan, fee=Decimal(300), on_sale_from=date(2026, 1, 1), **columns
    )
    return tariffs.publish_plan_version(version_id=draft.pk, now=NOON)


def make_package(code: str = "more", **columns: object) -> PackageVersion:
    package, _ = Package.objects.get_or_create(
        code=code, defaults={"name_ru": code, "name_en": code}
    )
    words = {"allowances": [AllowanceDraft("data", 2**30)], **columns}
    draft = tariffs.draft_package_version(
        package=package, fee=Decimal(100), on_sale_from=date(2026, 1, 1), **words
    )
    return tariffs.publish_package_version(version_id=draft.pk, now=NOON)


def order(account: Account, version: PlanVersion, *, now: datetime = NOON) -> Subscription:
    return operations.order_service(
        account=account, service=version.plan.service, plan_version=version, now=now, actor=CLERK
    )


def add(
    service: Subscription, package: PackageVersion, *, now: datetime = LATER
) -> PackageAssignment:
    return operations.add_package(
        subscription_id=service.pk, package_version_id=package.pk, now=now, actor=CLERK
    )


def company() -> Customer:
    return operations.create_company(name="ООО «Берег»", inn="7801234564", now=NOON, actor=CLERK)


@pytest.fixture
def service() -> Subscription:
    return order(open_account_for("Иванова", "Мария"), make_plan())


def spans(service: Subscription) -> list[tuple[datetime, datetime | None]]:
    rows = PackageAssignment.objects.filter(subscription=service).order_by("active_from")
    return list(rows.values_list("active_from", "active_to"))


def events(kind: str) -> list[dict[str, object]]:
    return list(
        BusinessEvent.objects.filter(kind=kind).order_by("id").values_list("data", flat=True)
    )


@pytest.mark.parametrize(("days", "ends"), [(None, None), (30, LATER + timedelta(days=30))])
def test_a_package_is_held_for_its_days_or_until_it_is_taken_off(service, days, ends) -> None:
    package = make_package(validity_days=days)
    add(service, package)
    assert spans(service) == [(LATER, ends)]
    (told,) = events("package.added")
    assert told["package_version_id"] == package.pk
    assert queries.list_packages(subscription_id=service.pk, at=NOON) == []
    (held,) = queries.list_packages(subscription_id=service.pk, at=LATER)
    assert held.package_version == package


def test_a_package_is_not_held_twice_at_one_moment_in_any_version(service) -> None:
    first = add(service, make_package(validity_days=1))
    second = make_package()
    with pytest.raises(operations.UnableToAddPackage):
        add(service, second)
    add(service, second, now=first.active_to)
    assert [start for start, _ in spans(service)] == [LATER, first.active_to]


def test_taking_a_package_off_ends_it_now_and_once(service) -> None:
    held = add(service, make_package())
    at = LATER + timedelta(hours=1)
    operations.remove_package(assignment_id=held.pk, now=at, actor=CLERK, reason="не нужен")
    assert spans(service) == [(LATER, at)]
    assert events("package.removed")[0]["reason"] == "не нужен"
    with pytest.raises(operations.UnableToRemovePackage):
        operations.remove_package(assignment_id=held.pk, now=at, actor=CLERK)


def test_packages_end_with_the_service(service) -> None:
    add(service, make_package())
    at = LATER + timedelta(days=1)
    operations.end_service(subscription_id=service.pk, now=at, actor=CLERK)
    assert spans(service) == [(LATER, at)]
    with pytest.raises(operations.UnableToAddPackage):
        add(service, make_package("other"), now=at)


def test_packages_end_with_a_plan_that_they_fit_no_more(service) -> None:
    wave, storm = Plan.objects.get(code="wave"), make_plan("storm")
    add(service, make_package("wave-only", plans=[wave]))
    add(service, make_package("any"))
    add(service, make_package("past", plans=[wave], validity_days=1))
    at = LATER + timedelta(days=10)
    operations.set_plan(
        subscription_id=service.pk, plan_version_id=storm.pk, active_from=at, now=LATER, actor=CLERK
    )
    ends = dict(PackageAssignment.objects.values_list("package__code", "active_to"))
    assert ends == {"wave-only": at, "any": None, "past": LATER + timedelta(days=1)}
    assert len(events("package.removed")) == 1


def test_everything_that_stands_in_the_way_of_a_package_is_told(service) -> None:
    package = make_package(services=["fixed"], customer_kinds=["company"], whom="new")
    tariffs.archive_package(package_id=package.package_id)
    with pytest.raises(operations.UnableToAddPackage) as refusal:
        add(service, package)
    assert len(refusal.value.reasons) == 4
    assert spans(service) == []


def test_the_package_of_an_assignment_is_that_of_its_version(service) -> None:
    held, other = add(service, make_package()), make_package("other")
    with pytest.raises(IntegrityError), transaction.atomic():
        PackageAssignment.objects.filter(pk=held.pk).update(package_id=other.package_id)


def test_the_history_of_packages_as_columns(service) -> None:
    package = make_package(validity_days=1)
    add(service, package)
    columns = queries.package_history_columns()
    begins = int(LATER.timestamp())
    assert columns.package_version_id.tolist() == [package.pk]
    assert columns.subscription_id.tolist() == [service.pk]
    assert (columns.active_from.tolist(), columns.active_to.tolist()) == (
        [begins],
        [begins + 86_400],
    )


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"regions": ["Карелия"]}, "регионе"),
        ({"customer_kinds": ["company"]}, "вида"),
        ({"credit_classes": ["trusted"]}, "кредитного"),
        ({"account_kinds": ["postpaid"]}, "счетов"),
        ({"whom": "existing"}, "действующих"),
    ],
)
def test_who_may_not_have_a_plan_is_told_why(terms, words) -> None:
    account = open_account_for("Иванова", "Мария")
    with pytest.raises(operations.UnableToOrder, match=words):
        order(account, make_plan(**terms))
    assert not Subscription.objects.exists()


def test_who_fits_may_have_it_and_is_new_once() -> None:
    customer = person("Иванова", "Мария", region="Карелия")
    version = make_plan(regions=["карелия"], whom="new", account_kinds=["prepaid"])
    first = order(open_account(customer), version)
    operations.end_service(subscription_id=first.pk, now=LATER, actor=CLERK)
    second = open_account(customer)
    assert not queries.buyer_of(second, service="mobile").is_new
    assert queries.buyer_of(second, service="internet").is_new
    with pytest.raises(operations.UnableToOrder, match="новых"):
        order(second, version, now=LATER)


def test_archived_plans_are_not_sold() -> None:
    version = make_plan()
    tariffs.archive_plan(plan_id=version.plan_id)
    version = PlanVersion.objects.get(pk=version.pk)
    with pytest.raises(operations.UnableToOrder):
        order(open_account_for("Иванова", "Мария"), version)


def set_fee(customer: Customer, version: PlanVersion, fee: str = "250", **words) -> FeeOverride:
    days = {"active_from": TODAY, **words}
    return operations.set_company_fee(
        customer_id=customer.pk, plan_version_id=version.pk, fee=Decimal(fee),
        reason="договор 17", now=NOON, actor=CLERK, **days,
    )  # fmt: skip


def test_a_company_has_a_fee_of_its_own_for_its_days() -> None:
    firm, version = company(), make_plan()
    price = set_fee(firm, version, active_to=NEW_YEAR)
    set_fee(firm, version, "200", active_from=NEW_YEAR)
    fees = [
        queries.company_fee(customer_id=firm.pk, plan_version_id=version.pk, on=day)
        for day in (date(2026, 11, 1), TODAY, date(2026, 12, 31), NEW_YEAR)
    ]
    assert fees == [None, 250, 250, 200]
    assert [one.fee for one in queries.list_company_prices(customer_id=firm.pk).fees] == [200, 250]
    assert events("price.agreed")[0]["fee"] == "250"
    with pytest.raises(operations.UnableToSetCompanyPrice):
        set_fee(firm, version, active_from=date(2026, 12, 1), active_to=date(2026, 12, 2))
    operations.end_company_price(price=price, active_to=date(2026, 12, 1), now=NOON, actor=CLERK)
    assert (
        queries.company_fee(customer_id=firm.pk, plan_version_id=version.pk, on=date(2026, 12, 1))
        is None
    )


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2027, 1, 1), date(2027, 5, 1)])
def test_prices_that_were_charged_do_not_end_in_the_past(day) -> None:
    price = set_fee(company(), make_plan(), active_from=date(2026, 1, 1), active_to=NEW_YEAR)
    with pytest.raises(operations.UnableToSetCompanyPrice):
        operations.end_company_price(price=price, active_to=day, now=NOON, actor=CLERK)


@pytest.mark.parametrize("kind", ["person", "household"])
def test_persons_have_no_prices_of_their_own(kind) -> None:
    customer, version = person("Иванова", "Мария"), make_plan()
    Customer.objects.filter(pk=customer.pk).update(kind=kind)
    with pytest.raises(operations.UnableToSetCompanyPrice):
        set_fee(customer, version)
    words = {"active_from": TODAY, "reason": "x", "actor": CLERK, "created_at": NOON}
    deck = make_deck()
    for customer_kind in ("company", kind):
        whose = {"customer": customer, "customer_kind": customer_kind, **words}
        with pytest.raises(IntegrityError), transaction.atomic():
            FeeOverride.objects.create(plan_version=version, fee=1, **whose)
        with pytest.raises(IntegrityError), transaction.atomic():
            DeckOverride.objects.create(usage_kind="voice", deck=deck, **whose)


def test_a_company_with_prices_of_its_own_does_not_become_a_person() -> None:
    firm = company()
    set_fee(firm, make_plan())
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=firm.pk).update(kind="person")


def set_deck(customer: Customer, deck, kind: str = "voice", **words) -> DeckOverride:
    return operations.set_company_deck(
        customer_id=customer.pk, usage_kind=kind, deck=deck, active_from=TODAY,
        reason="договор 17", now=NOON, actor=CLERK, **words,
    )  # fmt: skip


def test_a_company_has_a_deck_of_its_own_for_all_its_services() -> None:
    firm, version = company(), make_plan()
    services = [order(open_account(firm), version) for _ in range(2)]
    order(open_account_for("Иванова", "Мария"), version)
    deck = make_published_deck("own")
    set_deck(firm, deck, active_to=NEW_YEAR)
    found = [
        (row.subscription_id, row.usage_kind, row.deck_id, row.active_from, row.active_to)
        for row in queries.list_company_decks()
    ]
    assert found == [(one.pk, "voice", deck.pk, TODAY, NEW_YEAR) for one in services]


def test_decks_that_could_not_price_are_refused() -> None:
    firm = company()
    for deck, kind in ((make_published_deck("own"), "sms"), (make_deck("draft"), "voice")):
        with pytest.raises(operations.UnableToSetCompanyPrice):
            set_deck(firm, deck, kind)


def test_history_by_offers_is_cut_where_packages_and_own_decks_begin_and_end() -> None:
    firm, version = company(), make_plan()
    plain = order(open_account_for("Иванова", "Мария"), version)
    service = order(open_account(firm), version)
    package = make_package(validity_days=30)
    add(service, package)
    own = make_published_deck("own")
    set_deck(firm, own, active_to=NEW_YEAR)
    history = queries.load_offer_history()
    parts = {one.offer_id: one for one in history.offers}
    rows = zip(
        history.plans.subscription_id.tolist(), history.plans.plan_version_id.tolist(),
        history.plans.account_id.tolist(), history.plans.active_from.tolist(), strict=True,
    )  # fmt: skip
    told = []
    for subscription_id, offer_id, account_id, start in rows:
        offer = parts.get(offer_id)
        assert account_id == (plain if subscription_id == plain.pk else service).account_id
        told.append(
            (
                subscription_id,
                bool(offer and offer.package_version_ids),
                bool(offer and offer.decks),
                datetime.fromtimestamp(start, NOON.tzinfo).date(),
            )
        )
    assert told == [
        (plain.pk, False, False, TODAY),
        (service.pk, False, True, TODAY),
        (service.pk, True, True, LATER.date()),
        (service.pk, False, True, date(2026, 12, 5)),
        (service.pk, False, False, NEW_YEAR),
    ]


def offers(service: Subscription, *, at: datetime = LATER) -> list[tuple[str, bool]]:
    """What is offered, by code, and whether something stands in the way."""
    found = queries.list_package_offers(service, at=at)
    return [(offer.version.package.code, bool(offer.reasons)) for offer in found]


def test_what_may_be_added_is_offered_first_and_the_rest_says_why(service) -> None:
    other = make_plan("other").plan
    make_package("other-plan", plans=[other])
    make_package("companies", customer_kinds=["company"])
    make_package("internet", services=["internet"])
    make_package("free-to-have", services=["mobile"])
    held = add(service, make_package("held"))
    assert offers(service) == [
        ("free-to-have", False),
        ("companies", True),
        ("held", True),
        ("other-plan", True),
    ]
    operations.remove_package(assignment_id=held.pk, now=LATER + timedelta(hours=1), actor=CLERK)
    assert ("held", False) in offers(service, at=LATER + timedelta(hours=2))
    history = queries.list_package_history([service.pk])
    assert [(one.package.code, one.active_from) for one in history] == [("held", LATER)]


def test_what_is_offered_can_be_added_and_what_is_refused_cannot(service) -> None:
    make_package("companies", customer_kinds=["company"])
    make_package("plain")
    for offer in queries.list_package_offers(service, at=LATER):
        if offer.reasons:
            with pytest.raises(operations.UnableToAddPackage) as refusal:
                add(service, offer.version)
            assert tuple(refusal.value.reasons) == offer.reasons
        else:
            assert add(service, offer.version).package.code == "plain"


def test_an_ended_service_is_offered_nothing_it_may_have(service) -> None:
    make_package()
    operations.end_service(subscription_id=service.pk, now=LATER, actor=CLERK)
    service.refresh_from_db()
    assert offers(service, at=LATER + timedelta(days=1)) == [("more", True)]
