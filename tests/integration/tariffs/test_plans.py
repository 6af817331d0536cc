"""Plans: what is on sale, what a version fixes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from billing_project.kernel.invariants import find_violations
from tariffs import operations, queries
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Allowance, Package, PlanDeck, PlanVersion
from tests.integration.tariffs.catalogue import (
    NOW,
    make_deck,
    make_plan,
    make_published_deck,
    make_published_version,
)

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 1)


def test_versions_are_numbered_one_after_another() -> None:
    plan = make_plan()
    assert [make_published_version(plan).number for _ in range(3)] == [1, 2, 3]


def test_the_latest_version_of_each_plan_is_on_sale_cheapest_first() -> None:
    city, suburb = make_plan("city"), make_plan("suburb")
    make_published_version(city, fee=Decimal(100))
    latest = make_published_version(city, fee=Decimal(400))
    cheap = make_published_version(suburb, fee=Decimal(200))
    make_published_version(suburb, fee=Decimal(50), on_sale_from=date(2026, 3, 1))
    operations.draft_plan_version(plan=city, fee=Decimal(1), on_sale_from=FEBRUARY)
    assert queries.list_plans_on_sale(on=FEBRUARY) == [cheap, latest]


def test_the_list_is_narrowed_by_service_account_and_audience() -> None:
    both = make_published_version(make_plan("both", audience="all"))
    prepaid = make_published_version(make_plan("pre", account_kind="prepaid"))
    company = make_published_version(make_plan("firm", audience="company"))
    fixed = make_published_version(make_plan("fixed", service="fixed"))
    found = queries.list_plans_on_sale(on=FEBRUARY, account_kind="postpaid", service="mobile")
    assert set(found) == {both, company}
    assert set(queries.list_plans_on_sale(on=FEBRUARY, audience="person")) == {both, prepaid, fixed}


def test_closed_and_archived_plans_are_not_on_sale() -> None:
    version = make_published_version(make_plan())
    operations.close_plan_version(version_id=version.pk, closed_on=FEBRUARY)
    assert queries.list_plans_on_sale(on=date(2026, 1, 31)) == [version]
    assert queries.list_plans_on_sale(on=FEBRUARY) == []
    operations.archive_plan(plan_id=version.plan_id)
    assert queries.list_plans_on_sale(on=date(2026, 1, 31)) == []


def test_a_deck_of_another_kind_of_usage_is_refused() -> None:
    plan = make_plan()
    draft = operations.draft_plan_version(
        plan=plan, fee=Decimal(1), on_sale_from=FEBRUARY, decks={"sms": make_published_deck()}
    )
    with pytest.raises(operations.UnableToPublishPlan):
        operations.publish_plan_version(version_id=draft.pk, now=NOW)


def test_a_deck_without_published_prices_is_refused() -> None:
    draft = operations.draft_plan_version(
        plan=make_plan(), fee=Decimal(1), on_sale_from=FEBRUARY, decks={"voice": make_deck()}
    )
    with pytest.raises(operations.UnableToPublishPlan):
        operations.publish_plan_version(version_id=draft.pk, now=NOW)


WRONG_ALLOWANCES = [
    (
        AllowanceDraft("voice", 60, factor=Decimal("1.5"), step=5),
        "Коэффициенту 1.5 нужен такой шаг",
        "The factor 1.5 of an allowance needs a step that makes it whole.",
    ),
    (
        AllowanceDraft("voice", 60, is_money=True, step=60),
        "не бывает ни шага, ни коэффициента",
        "An allowance of money has neither a step nor a factor.",
    ),
]


@pytest.mark.parametrize(("allowance", "russian", "english"), WRONG_ALLOWANCES)
def test_an_allowance_that_cannot_be_counted_is_refused_with_its_reason(
    allowance: AllowanceDraft, russian: str, english: str
) -> None:
    words = {"fee": Decimal(1), "on_sale_from": FEBRUARY, "allowances": [allowance]}
    package = Package.objects.create(code="more", name_ru="Ещё", name_en="More")
    plan = operations.draft_plan_version(plan=make_plan(), **words)
    more = operations.draft_package_version(package=package, **words)
    with translation.override("en"), pytest.raises(operations.UnableToPublishPlan, match=english):
        operations.publish_plan_version(version_id=plan.pk, now=NOW)
    with translation.override("ru"), pytest.raises(operations.UnableToPublishPackage) as refusal:
        operations.publish_package_version(version_id=more.pk, now=NOW)
    assert russian in str(refusal.value)
    for version in (plan, more):
        version.refresh_from_db()
        assert version.published_at is None


def test_a_factor_in_parts_may_be_published_with_a_step_that_makes_it_whole() -> None:
    allowance = AllowanceDraft("voice", 60, factor=Decimal("1.5"), step=6)
    assert make_published_version(make_plan(), allowances=[allowance]).published_at == NOW


@pytest.mark.parametrize(
    "change",
    [
        lambda version: PlanVersion.objects.filter(pk=version.pk).update(fee=1),
        lambda version: Allowance.objects.filter(plan_version=version).update(amount=1),
        lambda version: PlanDeck.objects.create(
            plan_version=version, usage_kind="voice", deck=make_deck("late")
        ),
        lambda version: version.delete(),
    ],
)
def test_a_published_version_never_changes(change) -> None:
    version = make_published_version(make_plan())
    with pytest.raises(IntegrityError), transaction.atomic():
        change(version)


def test_a_planted_deck_of_the_wrong_kind_is_found() -> None:
    version = operations.draft_plan_version(
        plan=make_plan(), fee=Decimal(1), on_sale_from=FEBRUARY, decks={"sms": make_deck()}
    )
    PlanVersion.objects.filter(pk=version.pk).update(published_at=NOW)
    wrong = next(one for one in queries.invariants() if "right kind" in one.name)
    assert find_violations(wrong) == [(version.pk, "sms", "voice")]
