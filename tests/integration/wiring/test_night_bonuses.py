"""The night's step of bonuses and holds, and the tasks between nights."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts import operations, tasks
from accounts.domain.kinds import Kind
from accounts.models import Account, Hold
from billing_project.kernel import jobs
from billing_project.kernel.models import JobRun
from billing_project.night import Night
from billing_project.night_steps import STEPS, settle_bonuses
from tests.moves import WHEN, broken, charge, credit, funds
from tests.people import CLERK, NOON, TODAY

NIGHT = Night(
    business_date=TODAY, now=NOON + timedelta(hours=14), folder=None, actor="system:nightly"
)


def piece() -> JobRun:
    return JobRun(account_from=0, account_to=jobs.LAST_ACCOUNT)


@pytest.fixture
def account(bob: Account) -> Account:
    """Bonuses of which one ends today, a hold that ends before midnight, charges of two days."""
    credit(bob, "100.00")
    for number, last in enumerate((None, TODAY)):
        operations.grant_bonus(
            account_id=bob.pk, amount=Decimal(50), reason="x", request_id=f"g{number}",
            limit=Decimal(99), expires_on=last, **WHEN,
        )  # fmt: skip
    operations.authorise_hold(
        account_id=bob.pk, amount=Decimal(10), reason="x", reference="h",
        expires_at=NOON + timedelta(hours=3), now=NOON, actor=CLERK,
    )  # fmt: skip
    charge(bob, "20.00")
    charge(bob, "15.00", kind=Kind.FEE, on=TODAY + timedelta(days=1))
    return bob


def test_charges_are_paid_before_what_is_over_is_lost(account: Account) -> None:
    summary = settle_bonuses(NIGHT, piece(), lambda *_figures: None)
    assert summary == {"bonuses used": 2, "bonuses expired": 1, "holds expired": 1}
    # What ends today pays no fee of tomorrow.
    assert funds(account) == ("100.00", "35.00", "0.00")
    again = settle_bonuses(NIGHT, piece(), lambda *_figures: None)
    assert again == {"bonuses used": 0, "bonuses expired": 0, "holds expired": 0}
    assert broken() == []


def test_bonuses_pay_after_fees_and_before_access_is_decided() -> None:
    names = [step.name for step in STEPS]
    assert names.index("fees") < names.index("bonuses") < names.index("access")


def test_between_nights_a_task_lets_go_of_old_holds(account: Account) -> None:
    tasks.expire_holds()
    # Its clock is the real one: the hold of the test's past is over by now, or is still to come.
    held = Hold.objects.get()
    assert (held.state == "expired") == (funds(account)[2] == "0.00")
    tasks.write_off()
    assert broken() == []
