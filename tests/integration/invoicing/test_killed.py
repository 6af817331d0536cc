"""Runs that die in the middle leave nothing half done, and the next run finishes the work."""

from datetime import date

import pytest

from billing_project.kernel.invariants import find_violations
from invoicing import queries
from invoicing.models import Bill, BilledPeriod, BillNumber
from invoicing.operations import bills, fees
from tests.integration.invoicing.household import (
    bill,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


class Killed(Exception):
    """The process is gone."""


def die_at_call(monkeypatch: pytest.MonkeyPatch, module: object, name: str, number: int) -> None:
    real, calls = getattr(module, name), []

    def dying(*args: object, **words: object) -> object:
        calls.append(name)
        if len(calls) == number:
            raise Killed
        return real(*args, **words)

    monkeypatch.setattr(module, name, dying)


@pytest.fixture
def services() -> list:
    version = make_version("310")
    return [connect(make_account(), version) for _ in range(5)]


@pytest.mark.parametrize("step", ["_write_lines", "_write_billed", "record_events"])
def test_bills_of_a_killed_chunk_are_issued_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch, services: list, step: str
) -> None:
    charge(JANUARY)
    monkeypatch.setattr(bills, "ACCOUNTS_AT_ONCE", 2)
    with monkeypatch.context() as during:
        die_at_call(during, bills, step, 2)
        with pytest.raises(Killed):
            bill(FEBRUARY)
    assert Bill.objects.count() == BillNumber.objects.count() == 2
    assert bill(FEBRUARY) == 3
    assert sorted(Bill.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert [one.name for one in queries.invariants() if find_violations(one)] == []


def test_a_period_without_its_posting_does_not_stay(
    monkeypatch: pytest.MonkeyPatch, services: list
) -> None:
    with monkeypatch.context() as during:
        die_at_call(during, fees, "post_fees", 1)
        with pytest.raises(Killed):
            charge(JANUARY)
    assert not BilledPeriod.objects.exists()
    assert charge(JANUARY) == 5
    assert [ledger(service.account) for service in services] == [[("FEE", -310)]] * 5


def test_catching_up_goes_on_where_it_was_killed(
    monkeypatch: pytest.MonkeyPatch, services: list
) -> None:
    with monkeypatch.context() as during:
        die_at_call(during, fees, "post_fees", 2)
        with pytest.raises(Killed):
            charge(date(2026, 3, 1))
    assert BilledPeriod.objects.count() == 5
    assert charge(date(2026, 3, 1)) == 10
    assert ledger(services[0].account) == [("FEE", -310)] * 3
