"""What is left of packages, of what was carried over and of what a group shares; what may be added."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts.models import Account, PackageAssignment, PlanAssignment, Subscription
from portal.queries.allowances import AllowanceView
from portal.queries.services import list_services
from rating.domain.counters import Meter
from rating.domain.periods import period_of
from rating.models import AllowanceUse, RunningTotal
from rating.operations import limits
from tariffs.domain.deck import Recurrence
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Allowance, PackageVersion, PlanVersion
from tests import people
from tests.integration.portal import conftest as given
from tests.integration.portal.test_pages import text_of
from tests.integration.tariffs.catalogue import (
    make_plan,
    make_published_package,
    make_published_version,
)

pytestmark = pytest.mark.django_db
HOUR = 3600


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def page_of(service: Subscription) -> str:
    return reverse("portal:packages", args=[service.pk])


def add(service: Subscription, package: PackageVersion) -> PackageAssignment:
    return accounts_operations.add_package(
        subscription_id=service.pk,
        package_version_id=package.pk,
        now=timezone.now() - timedelta(minutes=1),
        actor=people.CLERK,
    )


def put_on(service: Subscription, *allowances: AllowanceDraft) -> PlanVersion:
    version = make_published_version(make_plan(f"plan-{service.pk}"), allowances=allowances)
    PlanAssignment.objects.filter(subscription=service).update(plan_version=version)
    return version


def count(
    service: Subscription, row: Allowance, *, granted: int, carried: int = 0, used: int = 0
) -> None:
    """Write the counter of the present period."""
    period = period_of(Recurrence(row.recurrence), timezone.localdate())
    AllowanceUse.objects.create(
        account_id=service.account_id,
        subscription_id=service.pk,
        allowance_id=row.pk,
        period=period,
        granted=granted,
        carried=carried,
        used=used,
    )


def seen(service: Subscription) -> list[AllowanceView]:
    now = timezone.now()
    views = list_services([service.account_id], now=now, on=timezone.localdate(now))
    return list(next(view for view in views if view.id == service.pk).allowances)


@pytest.fixture
def family(alice: Account, mobile: Subscription) -> Subscription:
    """A second number of Alice's, a member of the group of her first; an hour is shared."""
    put_on(mobile, AllowanceDraft("voice", HOUR, is_shared=True), AllowanceDraft("sms", 100))
    member = given.connect(alice, "mobile", kind="msisdn", value="79215550102")
    now = timezone.now() - timedelta(hours=1)
    group = limits.open_group(owner_id=mobile.pk, name="Семья", now=now, actor="staff:1")
    limits.add_member(
        group_id=group.pk, subscription_id=member.pk, now=now, actor="staff:1", cap_voice=600
    )
    return member


def test_a_package_is_shown_with_what_is_left(as_alice: Client, mobile: Subscription) -> None:
    package = make_published_package("Путь", validity_days=30)
    add(mobile, package)
    count(mobile, package.allowances.get(), granted=2**30, used=2**29)
    for address in ("/services/", page_of(mobile)):
        page = plain(text_of(as_alice, address))
        assert "осталось 512 МБ из 1 ГБ" in page or "512 МБ из 1 ГБ" in page
        assert "Путь" in page
    (view,) = seen(mobile)
    assert (view.package, view.left, view.granted, view.percent_left) == (
        "Путь",
        2**29,
        2**30,
        50,
    )


def test_what_came_over_is_part_of_what_is_left(as_alice: Client, mobile: Subscription) -> None:
    plan = put_on(mobile, AllowanceDraft("voice", HOUR))
    count(mobile, plan.allowances.get(), granted=HOUR, carried=600, used=300)
    (view,) = seen(mobile)
    assert (view.left, view.granted, view.carried) == (HOUR + 300, HOUR + 600, 600)
    assert "перенесено с прошлого раза" in text_of(as_alice, "/services/")


@pytest.mark.parametrize("recurrence", ["day", "week", "month", "once"])
def test_the_counter_is_that_of_the_present_period(mobile: Subscription, recurrence: str) -> None:
    plan = put_on(mobile, AllowanceDraft("sms", 10, recurrence=recurrence))
    row = plan.allowances.get()
    count(mobile, row, granted=10, used=4)
    AllowanceUse.objects.create(
        account_id=mobile.account_id,
        subscription_id=mobile.pk,
        allowance_id=row.pk,
        period=20200101,
        granted=10,
        used=9,
    )
    (view,) = seen(mobile)
    assert (view.left, bool(view.recurrence_shown)) == (6, recurrence != "month")


def test_money_is_shown_as_money(mobile: Subscription) -> None:
    put_on(mobile, AllowanceDraft("voice", 5000, is_money=True))
    (view,) = seen(mobile)
    assert plain(view.left_shown) == "50 ₽"


def test_a_member_sees_its_share_of_the_group(
    as_alice: Client, mobile: Subscription, family: Subscription
) -> None:
    row = Allowance.objects.get(usage_kind="voice", is_shared=True)
    count(mobile, row, granted=HOUR, used=1000)
    RunningTotal.objects.create(
        account_id=family.account_id,
        subscription_id=family.pk,
        meter=Meter.MEMBER,
        number=row.pk,
        period=period_of(Recurrence.MONTH, timezone.localdate()),
        quantity=240,
    )
    (view,) = seen(family)
    assert (view.group, view.granted, view.left) == ("Семья", 600, 360)
    page = text_of(as_alice, "/services/")
    assert "Из группы «Семья»" in page
    assert "Общий с группой «Семья»" in page


def test_a_share_is_no_more_than_the_group_has_left(
    mobile: Subscription, family: Subscription
) -> None:
    row = Allowance.objects.get(usage_kind="voice", is_shared=True)
    count(mobile, row, granted=HOUR, used=HOUR - 100)
    assert [view.left for view in seen(family)] == [100]
    assert [view.left for view in seen(mobile) if view.group] == [100]


def test_only_what_is_shared_is_seen_by_members(mobile: Subscription, family: Subscription) -> None:
    add(mobile, make_published_package("own"))
    shared = AllowanceDraft("data", 2**30, is_shared=True)
    add(mobile, make_published_package("for-all", allowances=[shared]))
    assert [(view.usage_kind, view.package) for view in seen(family)] == [
        ("voice", ""),
        ("data", "for-all"),
    ]
    assert len(seen(mobile)) == 4


def test_who_left_the_group_sees_nothing_of_it(family: Subscription) -> None:
    member = limits.groups.AllowanceGroupMember.objects.get()
    limits.remove_member(member_id=member.pk, now=timezone.now(), actor="staff:1")
    assert seen(family) == []


def test_what_may_be_added_is_told_with_its_price(as_alice: Client, mobile: Subscription) -> None:
    make_published_package("Путь", validity_days=30)
    make_published_package("business", customer_kinds=["company"])
    page = plain(text_of(as_alice, page_of(mobile)))
    assert "Путь" in page
    assert "на 30 дней" in page
    assert "Посмотреть цену" in page
    assert "business" not in page
    main = page[page.index("<main") : page.index("</main>")]
    assert "<form" not in main
    assert as_alice.post(page_of(mobile)).status_code == 405


def test_nothing_to_add_is_said(as_alice: Client, mobile: Subscription) -> None:
    assert "сейчас нет пакетов" in text_of(as_alice, page_of(mobile))


def test_nobody_sees_anothers_packages(as_bob: Client, mobile: Subscription) -> None:
    assert as_bob.get(page_of(mobile)).status_code == 404


def test_in_english(as_alice: Client, mobile: Subscription) -> None:
    add(mobile, make_published_package("Road"))
    make_published_package("More", allowances=[AllowanceDraft("voice", 6000)])
    as_alice.cookies["django_language"] = "en"
    page = plain(text_of(as_alice, page_of(mobile)))
    assert "until you give it up" in page
    assert "Look at the price" in page


def test_takes_few_queries(
    mobile: Subscription, family: Subscription, django_assert_max_num_queries
) -> None:
    for code in ("a", "b", "c"):
        add(mobile, make_published_package(code))
    with django_assert_max_num_queries(13):
        seen(mobile)
