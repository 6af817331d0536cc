"""The trial balance: debits equal credits, down to days, and as a workbook."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts import operations
from accounts.domain.kinds import CONTRA_OF, Contra, Kind
from accounts.models import Account
from crm.queries.trial import get_trial_balance
from tests.integration.crm.conftest import StaffClient
from tests.moves import WHEN, charge, credit
from tests.people import TODAY

DAYS = {"first": TODAY - timedelta(days=1), "last": TODAY + timedelta(days=1)}


@pytest.fixture
def books(alice: Account, bob: Account) -> None:
    credit(bob, "100.00")
    credit(alice, "50.00", on=TODAY + timedelta(days=1))
    charge(bob, "30.00")
    charge(bob, "12.50", kind=Kind.FEE, on=TODAY - timedelta(days=1))
    operations.grant_bonus(
        account_id=bob.pk, amount=Decimal(20), reason="x", request_id="g", limit=Decimal(99),
        **WHEN,
    )  # fmt: skip
    operations.use_bonus(account_id=bob.pk, amount=Decimal(8), request_id="u", **WHEN)
    charge(bob, "1000.00", on=TODAY - timedelta(days=40))


def test_both_sides_of_the_days(books: None) -> None:
    trial = get_trial_balance(**DAYS)
    sides = {each.contra: (each.debit, each.credit, each.entries) for each in trial.contras}
    assert sides == {
        Contra.CASH: (150, 0, 2),
        Contra.REVENUE_USAGE: (0, 30, 1),
        Contra.REVENUE_FEES: (0, Decimal("12.50"), 1),
        Contra.BONUSES: (28, 8, 3),
    }
    assert trial.debits == trial.credits == Decimal("228.50")


def test_the_workbook_holds_the_same(as_role: StaffClient, books: None) -> None:
    answer = as_role("accountant").get(reverse("crm:reports-workbook"), DAYS)
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    figures = [row[2:] for row in rows[3:-1]]
    assert (2, 150, 0) in figures
    assert sum(row[1] for row in figures) == sum(row[2] for row in figures) == 228.5
    assert rows[-1][3] == f"=SUM(D4:D{len(rows) - 1})"


def test_down_to_the_days_of_a_kind(as_role: StaffClient, books: None) -> None:
    client = as_role("accountant")
    kind, contra = Kind.PAYMENT, CONTRA_OF[Kind.PAYMENT]
    address = reverse("crm:reports-days", args=[contra, kind])
    assert address in client.get(reverse("crm:reports"), DAYS).content.decode()
    days = client.get(address, DAYS).context["days"]
    assert [(day.day, day.debit, day.entries) for day in days] == [
        (TODAY, 100, 1), (TODAY + timedelta(days=1), 50, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/crm/reports/99/1/", "/crm/reports/1/99/"])
def test_no_such_account_or_kind(as_role: StaffClient, path: str) -> None:
    assert as_role("accountant").get(path).status_code == 404


def test_who_may(as_role: StaffClient) -> None:
    for name in ("reports", "reports-workbook"):
        assert as_role("agent").get(reverse(f"crm:{name}")).status_code == 403
