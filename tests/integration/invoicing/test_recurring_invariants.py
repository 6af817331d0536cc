"""Promises on recurring fees and bundles: each planted breach is found."""

from datetime import date

import pytest
from django.db import connection

from billing_project.invariants import broken_promises
from tests.integration.invoicing.household import (
    break_rules,
    connect,
    make_account,
    make_plan,
    make_version,
)
from tests.integration.invoicing.offers import buy, drop, make_package, night, pause
from tests.integration.invoicing.test_bundles import make_bundle, take

pytestmark = pytest.mark.django_db
JAN = date(2026, 1, 1)


def broken() -> set[str]:
    return {item.invariant.name for item in broken_promises()}


@pytest.fixture
def service():
    found = connect(make_account(), make_version())
    night(JAN)
    return found


def test_days_charged_twice_are_found(service) -> None:
    assert broken() == set()
    break_rules(
        "invoicing_billedperiod",
        "INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind,"
        " period_start, period_end, amount, charged_on)"
        " SELECT account_id, subscription_id, plan_version_id, 'x', '2026-01-31', '2026-02-02',"
        " 0, charged_on FROM invoicing_billedperiod",
    )
    assert "invoicing: no day is charged twice" in broken()


def test_a_charged_day_of_a_pause_is_found(service) -> None:
    pause(service, on=date(2026, 1, 10))
    assert broken() == set()
    break_rules("accounts_pauseddays", "UPDATE accounts_pauseddays SET first = '2026-01-09'")
    assert broken() == {"invoicing: days of a pause are not charged"}


def test_a_package_charged_after_its_end_is_found(service) -> None:
    held = buy(service, make_package("93.00"), on=JAN)
    drop(held, on=date(2026, 1, 20))
    assert broken() == set()
    break_rules(
        "accounts_packageassignment",
        "UPDATE accounts_packageassignment SET active_to = active_to - interval '5 days'",
    )
    assert "invoicing: packages are charged while they are held" in broken()


@pytest.mark.parametrize(
    ("breach", "name"),
    [
        (
            "UPDATE accounts_bundleshare SET fee = fee - 1",
            "accounts: shares of a bundle make its price",
        ),
        (
            "UPDATE accounts_bundleholding SET active_to = active_from",
            "accounts: a bundle ends with its parts",
        ),
    ],
)
def test_a_bundle_that_costs_something_else_is_found(breach: str, name: str) -> None:
    account = make_account()
    versions = [
        make_version("500.00", plan=make_plan(service=service)) for service in ("internet", "iptv")
    ]
    for version in versions:
        connect(account, version)
    take(account, make_bundle(*versions), on=JAN)
    assert broken() == set()
    with connection.cursor() as cursor:
        cursor.execute(breach)
    assert broken() == {name}
