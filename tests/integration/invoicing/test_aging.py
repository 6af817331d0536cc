"""Debt by age out of the books: exact buckets, whoever has debt and nobody else."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoicing.queries import aging
from tests.integration.invoicing.household import (
    bill,
    charge,
    connect,
    make_account,
    make_version,
    pay,
    post,
)

pytestmark = pytest.mark.django_db
ON = date(2026, 4, 10)


def billed_till_april(**said: object) -> object:
    """An account with a fee of 310 a month, billed for January to March, due on the 21st."""
    account = make_account(**said)
    connect(account, make_version("310.00"))
    for month in (1, 2, 3):
        charge(date(2026, month, 1))
        bill(date(2026, month + 1, 1))
    return account


def test_each_bill_stands_in_its_own_bucket() -> None:
    account = billed_till_april()
    post(account, "-45.00", on=date(2026, 4, 5), ref=9)
    [found] = aging.iterate_debt(on=ON)
    # Due 21 February (48 days), 21 March (20 days), 21 April (not due), and a charge of April.
    assert found.debt == Decimal("975.00")
    assert found.buckets == (
        Decimal("355.00"),
        Decimal("310.00"),
        Decimal("310.00"),
        Decimal(0),
        Decimal(0),
    )


def test_a_payment_pays_the_oldest() -> None:
    account = billed_till_april()
    pay(account, "400.00", on=date(2026, 4, 5))
    post(account, "-45.00", on=date(2026, 4, 6), ref=9)
    [found] = aging.iterate_debt(on=ON)
    assert found.buckets == (
        Decimal("355.00"),
        Decimal("220.00"),
        Decimal(0),
        Decimal(0),
        Decimal(0),
    )
    assert sum(found.buckets) == found.debt == Decimal("575.00")


def test_who_owes_nothing_is_not_listed() -> None:
    account = billed_till_april()
    pay(account, "930.00", on=date(2026, 4, 5))
    assert list(aging.iterate_debt(on=ON)) == []
    summed = aging.sum_debt(on=ON)
    assert (summed.accounts, summed.debt, summed.largest) == (0, 0, ())


def test_the_largest_come_first_and_kinds_are_told_apart() -> None:
    person, company = billed_till_april(), billed_till_april(company=True)
    post(company, "-1.00", on=date(2026, 4, 5), ref=9)
    summed = aging.sum_debt(on=ON, largest=1)
    assert (summed.accounts, summed.debt) == (2, Decimal("1861.00"))
    assert [one.account_id for one in summed.largest] == [company.pk]
    assert sum(summed.buckets) == summed.debt
    assert [one.account_id for one in aging.iterate_debt(on=ON, kind="person")] == [person.pk]


def test_the_report_has_a_row_per_debtor_and_one_query() -> None:
    account = billed_till_april()
    with CaptureQueriesContext(connection) as asked:
        [row] = aging.aging_rows(on=ON, kind="", kinds={"person": "человек"})
    assert len([each for each in asked if "LATERAL" in each["sql"]]) <= 1
    assert row[:4] == [account.number, "Иванова Мария", "человек", Decimal("930.00")]
    assert len(aging.aging_header()) == len(row) == len(aging.WIDTHS)
    assert len(aging.aging_totals(aging.sum_debt(on=ON))) == len(row)
