"""Each promise about fees and bills holds after a month of life, and sees its violation planted."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from billing_project.kernel.invariants import find_violations
from invoicing import operations, queries
from invoicing.models import Bill, BilledEntry, BilledPeriod
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    break_rules,
    charge,
    connect,
    make_account,
    make_version,
    pay,
    post,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _two_months() -> None:
    """Two people, a company with tax on top; fees, payments, a termination, two bills each."""
    services = [
        connect(make_account(), make_version("310.00")),
        connect(make_account(cycle_day=31), make_version("9.99", fee_period="day")),
        connect(make_account(company=True), make_version("1000.01", tax_included=False)),
    ]
    for day in (JANUARY, FEBRUARY):
        charge(day)
        bill(day)
        pay(services[0].account, "100.00", on=day)
    operations.terminate_service(
        subscription_id=services[0].pk, now=at(date(2026, 2, 10)), actor=ACTOR
    )
    charge(MARCH)
    bill(MARCH)


def broken(words: str) -> list[tuple[object, ...]]:
    (invariant,) = [one for one in queries.invariants() if words in one.name]
    return find_violations(invariant)


def test_all_hold_after_two_months() -> None:
    assert {one.name: find_violations(one) for one in queries.invariants()} == {
        one.name: [] for one in queries.invariants()
    }
    assert Bill.objects.count() >= 5


PLANTED = [
    pytest.param(
        "lines of a bill add up",
        "invoicing_billline",
        "UPDATE invoicing_billline SET gross = gross + 1, net = net + 1 WHERE id = "
        "(SELECT min(id) FROM invoicing_billline)",
        id="a line is dearer",
    ),
    pytest.param(
        "numbers without holes",
        "invoicing_billnumber",
        "UPDATE invoicing_billnumber SET number = number + 100 WHERE number = 2",
        id="a number is missing",
    ),
    pytest.param(
        "billed entries add up",
        "invoicing_billedentry",
        "DELETE FROM invoicing_billedentry WHERE id = (SELECT min(id) FROM invoicing_billedentry)",
        id="an entry fell off its bill",
    ),
    pytest.param(
        "billed periods follow each other",
        "invoicing_billedperiod",
        "UPDATE invoicing_billedperiod SET period_start = period_start + 1, "
        "previous_end = previous_end + 1 WHERE id = (SELECT max(id) FROM invoicing_billedperiod "
        "WHERE previous_end IS NOT NULL AND period_end > period_start + 1)",
        id="a day is skipped",
    ),
    pytest.param(
        "credits stay within",
        "invoicing_billedperiodcredit",
        "UPDATE invoicing_billedperiodcredit SET amount = amount + 1000",
        id="more is given back than was charged",
    ),
    pytest.param(
        "charged periods are posted",
        "invoicing_billedperiod",
        "UPDATE invoicing_billedperiod SET amount = amount + 1 WHERE id = "
        "(SELECT min(id) FROM invoicing_billedperiod)",
        id="a period costs other than posted",
    ),
    pytest.param(
        "opens with the former closing",
        "invoicing_bill",
        "UPDATE invoicing_bill SET opening = opening + 1, closing = closing + 1 WHERE id = "
        "(SELECT max(id) FROM invoicing_bill)",
        id="a balance appears from nowhere",
    ),
]

PLANTED += [
    pytest.param(
        "names what is there",
        f"invoicing_{table}",
        f"UPDATE invoicing_{table} SET {column} = {value} WHERE id = "
        f"(SELECT min(id) FROM invoicing_{table})",
        id=f"{table} names no {column}",
    )
    for table, column, value in (
        ("billline", "bill_id", "-1"),
        ("billline", "account_id", "-1"),
        ("billedentry", "bill_id", "-1"),
        ("billnumber", "bill_id", "-1"),
        ("billedperiod", "subscription_id", "-1"),
        ("bill", "legal_entity_id", "-1"),
    )
]


@pytest.mark.parametrize(("words", "table", "sql"), PLANTED)
def test_a_planted_violation_is_found(words: str, table: str, sql: str) -> None:
    break_rules(table, sql)
    assert len(broken(words)) >= 1


def test_a_period_that_follows_none_is_refused() -> None:
    last = BilledPeriod.objects.order_by("-period_end").first()
    gap = date(2026, 9, 1)
    with pytest.raises(IntegrityError, match="follows one that is not there"), transaction.atomic():
        BilledPeriod.objects.create(
            account_id=last.account_id,
            subscription_id=last.subscription_id,
            plan_version_id=last.plan_version_id,
            period_start=gap,
            period_end=date(2026, 10, 1),
            previous_end=gap,
            amount=0,
            charged_on=gap,
        )


def test_a_line_whose_net_and_tax_miss_its_gross_is_found() -> None:
    drop = "ALTER TABLE invoicing_billline DROP CONSTRAINT billline_net_and_tax_make_gross"
    break_rules("invoicing_billline", drop)
    break_rules("invoicing_billline", "UPDATE invoicing_billline SET tax = tax + 1")
    assert broken("net and tax make gross")


def test_an_entry_on_two_bills_is_found() -> None:
    entry = BilledEntry.objects.first()
    other = Bill.objects.exclude(pk=entry.bill_id).first()
    drop = "ALTER TABLE invoicing_billedentry DROP CONSTRAINT billedentry_once"
    break_rules("invoicing_billedentry", drop)
    BilledEntry.objects.create(account_id=entry.account_id, entry_id=entry.entry_id, bill=other)
    assert broken("an entry is on one bill") == [(entry.account_id, entry.entry_id, 2)]


def test_an_entry_older_than_any_bill_looks_for_is_found() -> None:
    period = BilledPeriod.objects.first()
    post(period.account, "-1", on=date(2025, 9, 1))
    ((account_id, *_entry),) = broken("no entry is left behind")
    assert account_id == period.account_id


def test_a_service_on_a_draft_is_found() -> None:
    break_rules(
        "tariffs_planversion",
        "UPDATE tariffs_planversion SET published_at = NULL WHERE id = "
        "(SELECT min(plan_version_id) FROM accounts_planassignment)",
    )
    assert len(broken("plans of services are published")) == 1


def test_a_service_without_a_plan_on_its_first_day_is_found() -> None:
    break_rules(
        "accounts_planassignment",
        "UPDATE accounts_planassignment SET active_from = active_from + interval '2 days' WHERE "
        "id = (SELECT min(id) FROM accounts_planassignment)",
    )
    assert len(broken("have a plan from their first day")) == 1


def test_days_charged_anew_without_a_credit_are_found() -> None:
    period = BilledPeriod.objects.first()
    period.pk, period.kind, period.previous_end = None, "c999", None
    period.save(force_insert=True)
    ((account_id, period_id, kind),) = broken("days charged anew")
    assert (account_id, period_id, kind) == (period.account_id, period.pk, "c999")
