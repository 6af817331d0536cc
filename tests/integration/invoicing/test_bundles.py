"""Bundles: sold by quote, in force while their parts are held, dissolved with them."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import queries as accounts_queries
from accounts.models import BundleHolding, BundleShare
from billing_project.invariants import broken_promises
from billing_project.kernel.models import BusinessEvent
from invoicing import operations
from invoicing.queries.bundles import get_bundle_quote
from invoicing.queries.offers import UnableToOffer
from invoicing.queries.recurring import list_recurring
from tariffs import operations as tariffs
from tariffs.domain.drafts import BundlePartDraft
from tariffs.models import MoveRule
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    connect,
    make_account,
    make_plan,
    make_version,
)
from tests.integration.invoicing.offers import (
    buy,
    charged,
    drop,
    lines,
    make_package,
    night,
    nights,
)

pytestmark = pytest.mark.django_db
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))
D = Decimal


def make_bundle(*parts: object, price: str | None = "600.00", **terms: object):
    drafts = [
        BundlePartDraft(plan_code=one.plan.code, **more)
        if hasattr(one, "plan")
        else BundlePartDraft(package_code=one.package.code, **more)
        for one, more in (part if isinstance(part, tuple) else (part, {}) for part in parts)
    ]
    bundle = tariffs.create_bundle(code="home", name_ru="Дом", name_en="Home")
    draft = tariffs.draft_bundle_version(
        bundle=bundle,
        on_sale_from=date(2025, 1, 1),
        parts=drafts,
        price=D(price) if price else None,
        **terms,
    )
    return tariffs.publish_bundle_version(version_id=draft.pk, now=at(date(2025, 2, 1)))


@pytest.fixture
def home():
    """Internet at 500, television at 250, a package at 93; the bundle of all is 600."""
    account = make_account()
    net = make_version("500.00", plan=make_plan(service="internet"))
    tv = make_version("250.00", plan=make_plan(service="iptv"))
    pack = make_package("93.00", services=["internet"])
    services = connect(account, net), connect(account, tv)
    return account, services, (net, tv, pack), make_bundle(net, tv, pack)


def quote(account, bundle, on: date):
    return get_bundle_quote(account_id=account.pk, bundle_version_id=bundle.pk, now=at(on))


def take(account, bundle, *, on: date, **more: object) -> BundleHolding:
    return operations.buy_bundle(
        account_id=account.pk,
        bundle_version_id=bundle.pk,
        door="portal",
        now=at(on),
        actor=ACTOR,
        **more,
    )


def test_the_quote_says_what_each_part_costs_from_when(home) -> None:
    account, services, _versions, bundle = home
    night(JAN)
    told = quote(account, bundle, date(2026, 1, 11))
    assert (told.full, told.total, told.saved) == (D("843.00"), D("600.00"), D("243.00"))
    assert sum(D(part.share) for part in told.parts) == D("600.00")
    assert [part.from_day for part in told.parts] == ["2026-02-01", "2026-02-01", "2026-01-11"]
    # the package's share, 66.19, for 21 of 31 days
    assert told.cost_now == D("44.84")
    assert [part.subscription_id for part in told.parts] == [
        *(service.pk for service in services),
        services[0].pk,
    ]


@pytest.mark.parametrize(
    ("nights_before", "on", "from_day"),
    [
        (0, JAN, JAN),
        (1, JAN, FEB),
        (1, date(2026, 1, 11), FEB),
        (0, date(2026, 1, 11), FEB),
    ],
)
def test_the_day_that_is_quoted_is_the_first_that_costs_the_share(
    home, nights_before, on, from_day
) -> None:
    account, (net, _tv), _versions, bundle = home
    for _night in range(nights_before):
        night(JAN)
    told = quote(account, bundle, on)
    assert told.parts[0].from_day == from_day.isoformat()
    take(account, bundle, on=on)
    for morning in (on, FEB, MAR):
        night(morning)
    share = D(told.parts[0].share)
    costs = {first: amount for first, _end, amount in lines(net, "plan")}
    assert costs[from_day] == share
    assert all(amount > share for first, amount in costs.items() if first < from_day)


def test_bought_it_costs_its_price_from_the_next_period(home) -> None:
    account, (net, tv), _versions, bundle = home
    night(JAN)
    told = quote(account, bundle, date(2026, 1, 11))
    take(account, bundle, on=date(2026, 1, 11), agreed=told.as_json())
    assert charged(net, "package") == told.cost_now
    nights(date(2026, 1, 12), FEB)
    february = [row for one in (net, tv) for row in lines(one) if row[0] == FEB]
    assert sum(row[2] for row in february) == D("600.00")
    consent = accounts_queries.find_consent(
        account_id=account.pk, what="bundle", object_id=bundle.pk
    )
    assert (consent.amount, consent.door) == (D("600.00"), "portal")
    assert broken_promises() == []


def test_a_part_that_ends_dissolves_it_and_the_rest_costs_the_list_price(home) -> None:
    account, (net, tv), _versions, bundle = home
    take(account, bundle, on=JAN)
    night(date(2026, 1, 2))
    assert charged(net, "plan") + charged(tv, "plan") + charged(net, "package") == D("600.00")
    operations.terminate_service(subscription_id=tv.pk, now=at(date(2026, 1, 20)), actor=ACTOR)
    holding = BundleHolding.objects.get()
    assert holding.active_to is not None
    assert not BundleShare.objects.filter(until__isnull=True).exists()
    event = BusinessEvent.objects.get(kind="bundle.dissolved")
    assert event.data["name_ru"] == "Дом"
    nights(date(2026, 1, 21), FEB)
    assert lines(net, "plan")[-1] == (FEB, MAR, D("500.00"))
    assert lines(net, "package")[-1] == (FEB, MAR, D("93.00"))
    assert (
        accounts_queries.find_consent(account_id=account.pk, what="bundle", object_id=bundle.pk)
        is None
    )
    assert broken_promises() == []


def test_a_package_taken_off_dissolves_it_too(home) -> None:
    account, (net, _tv), _versions, bundle = home
    held = buy(net, home[2][2], on=JAN)
    take(account, bundle, on=JAN)
    drop(held, on=date(2026, 1, 5))
    assert accounts_queries.list_bundles([account.pk]) == []
    assert broken_promises() == []


def test_another_plan_dissolves_it_another_version_prices_it_anew(home) -> None:
    account, (net, _tv), (version, *_rest), bundle = home
    take(account, bundle, on=JAN)
    dearer = make_version("700.00", plan=version.plan)
    _move(net, dearer, on=date(2026, 1, 10))
    night(FEB)
    (holding,) = accounts_queries.list_bundles([account.pk])
    open_shares = [one for one in holding.shares.all() if one.until is None]
    assert sum(one.fee for one in open_shares) == D("600.00")
    assert {one.full_fee for one in open_shares} == {D("700.00"), D("250.00"), D("93.00")}
    _move(net, make_version("100.00", plan=make_plan(service="internet")), on=date(2026, 2, 10))
    night(MAR)
    assert accounts_queries.list_bundles([account.pk]) == []
    assert lines(net, "plan")[-1][2] == D("100.00")
    assert broken_promises() == []


def _move(service, version, *, on: date) -> None:
    operations.schedule(
        subscription_id=service.pk, plan_version_id=version.pk, on=on, now=at(on), actor=ACTOR
    )


def test_discounts_of_parts_need_no_common_price() -> None:
    account = make_account()
    net = make_version("500.00", plan=make_plan(service="internet"))
    tv = make_version("10.00", plan=make_plan(service="iptv"), fee_period="day")
    services = connect(account, net), connect(account, tv)
    percent = {"discount_percent": D(10)}
    take(account, make_bundle((net, percent), (tv, percent), price=None), on=JAN)
    night(date(2026, 1, 2))
    assert [lines(one)[0][2] for one in services] == [D("450.00"), D("9.00")]


def test_without_its_plans_it_is_not_sold_and_says_why(home) -> None:
    account, (_net, tv), _versions, bundle = home
    operations.terminate_service(subscription_id=tv.pk, now=at(JAN), actor=ACTOR)
    with pytest.raises(UnableToOffer) as refusal:
        quote(account, bundle, date(2026, 1, 2))
    assert len(refusal.value.reasons) == 1
    with pytest.raises(operations.UnableToBuy):
        take(account, bundle, on=date(2026, 1, 2))
    assert not BundleHolding.objects.exists()


def test_a_part_is_in_one_bundle(home) -> None:
    account, _services, _versions, bundle = home
    take(account, bundle, on=JAN)
    with pytest.raises(operations.UnableToBuy):
        take(account, bundle, on=date(2026, 1, 2))
    assert BundleHolding.objects.count() == 1


def test_a_package_that_lapses_ends_it_in_the_night() -> None:
    account = make_account()
    net = make_version("500.00", plan=make_plan(service="internet"))
    pack = make_package("100.00", validity_days=10)
    service = connect(account, net)
    take(account, make_bundle(net, pack, price="550.00"), on=JAN)
    assert operations.review_lapsed(now=at(date(2026, 1, 10))) == 0
    assert operations.review_lapsed(now=at(date(2026, 1, 12))) == 1
    nights(date(2026, 1, 12), FEB)
    assert lines(service, "plan")[-1] == (FEB, MAR, D("500.00"))
    assert broken_promises() == []


def test_what_is_to_come_is_told_with_the_bundle(home) -> None:
    account, _services, _versions, bundle = home
    night(JAN)
    take(account, bundle, on=date(2026, 1, 11))
    told = list_recurring([account.pk], now=at(date(2026, 1, 11)))
    assert sum(one.next_amount for one in told) == D("600.00")
    assert {one.next_on for one in told} == {FEB}
    assert {one.bundle_ru for one in told} == {"Дом"}


@pytest.mark.parametrize("timing", ["advance", "arrears"])
def test_a_plan_in_the_place_of_a_part_costs_its_own_fee_from_its_first_day(timing) -> None:
    MoveRule.objects.create(timing="now")
    account = make_account()
    net = make_version("500.00", plan=make_plan(service="internet"), fee_timing=timing)
    tv = make_version("250.00", plan=make_plan(service="iptv"))
    fast = make_version("890.00", plan=make_plan(service="internet"))
    service, _tv = connect(account, net), connect(account, tv)
    take(account, make_bundle(net, tv), on=JAN)
    night(date(2026, 1, 2))
    changed_on = date(2026, 1, 11)
    operations.schedule(
        subscription_id=service.pk,
        plan_version_id=fast.pk,
        on=changed_on,
        now=at(changed_on),
        actor=ACTOR,
    )
    nights(date(2026, 1, 12), FEB)
    # 21 of 31 days of 890; what was held before in the bundle cost 400.
    assert (changed_on, FEB, D("602.90")) in lines(service)
    assert broken_promises() == []
