"""Money held for somebody: set aside, taken by part, let go, lost in time; once each."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from accounts import operations, queries
from accounts.domain.kinds import Fund, Kind
from accounts.models import Account, Hold, HoldCapture
from accounts.operations import UnableToHold
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent, StateChange
from rating import queries as rating_queries
from tests.moves import broken, charge, credit, entries, funds
from tests.people import CLERK, NOON, TODAY

LATER = NOON + timedelta(days=3)


@pytest.fixture
def account(bob: Account) -> Account:
    """100.00 on it, no credit."""
    credit(bob, "100.00")
    return bob


def authorise(
    account: Account, amount: str, *, reference: str = "R1", until: datetime = LATER
) -> Hold:
    return operations.authorise_hold(
        account_id=account.pk,
        amount=Decimal(amount),
        reason="Роутер",
        reference=reference,
        expires_at=until,
        now=NOON,
        actor=CLERK,
    )


def capture(held: Hold, amount: str, *, request: str = "C1", **options: object) -> HoldCapture:
    values = {"business_date": TODAY, "now": NOON, "actor": CLERK} | options
    return operations.capture_hold(
        hold_id=held.pk, amount=Decimal(amount), request_id=request, **values
    )


def void(held: Hold) -> Hold:
    return operations.void_hold(hold_id=held.pk, reason="передумали", now=NOON, actor=CLERK)


def state(held: Hold) -> str:
    held.refresh_from_db()
    return held.state


def test_held_money_is_there_and_cannot_be_spent(account: Account) -> None:
    authorise(account, "60.00")
    assert funds(account) == ("100.00", "0.00", "60.00")
    assert queries.get_balance(account.pk).available == Decimal("40.00")
    assert entries(account) == [(Kind.PAYMENT, "100.00", Fund.MONEY)]
    with pytest.raises(UnableToHold):
        authorise(account, "40.01", reference="R2")
    assert Hold.objects.count() == 1
    assert authorise(account, "40.00", reference="R2").state == "open"
    assert broken() == []


def test_the_same_reference_holds_once_and_another_amount_is_refused(account: Account) -> None:
    assert authorise(account, "60.00").pk == authorise(account, "60.00").pk
    with pytest.raises(UnableToHold):
        authorise(account, "61.00")
    assert funds(account)[2] == "60.00"
    assert BusinessEvent.objects.filter(kind="hold.authorised").count() == 1


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.001", "1000000000000.00"])
def test_an_amount_that_is_none_is_refused(account: Account, amount: str) -> None:
    with pytest.raises(UnableToHold):
        authorise(account, amount)
    assert funds(account)[2] == "0.00"


def test_a_hold_without_reason_or_time_is_refused(account: Account) -> None:
    with pytest.raises(UnableToHold):
        authorise(account, "1.00", until=NOON)
    with pytest.raises(UnableToHold):
        operations.authorise_hold(
            account_id=account.pk, amount=Decimal(1), reason=" ", reference="R", expires_at=LATER,
            now=NOON, actor=CLERK,
        )  # fmt: skip
    assert not Hold.objects.exists()


# what is taken, whether the rest stays -> (money, held), state
CAPTURES = {
    "all": ("60.00", False, ("40.00", "0.00", "0.00"), "captured"),
    "all, though the rest were kept": ("60.00", True, ("40.00", "0.00", "0.00"), "captured"),
    "part, the rest let go": ("25.00", False, ("75.00", "0.00", "0.00"), "captured"),
    "part, the rest kept": ("25.00", True, ("75.00", "0.00", "35.00"), "open"),
}


@pytest.mark.parametrize(("amount", "keeps", "after", "then"), CAPTURES.values(), ids=CAPTURES)
def test_what_is_taken_is_charged(
    account: Account, amount: str, keeps: bool, after: tuple[str, ...], then: str
) -> None:
    held = authorise(account, "60.00")
    made = capture(held, amount, keeps_rest=keeps)
    assert capture(held, amount, keeps_rest=keeps).pk == made.pk
    assert (funds(account), state(held)) == (after, then)
    assert entries(account)[1:] == [(Kind.ONE_OFF, f"-{amount}", Fund.MONEY)]
    assert held.captured == Decimal(amount)
    assert broken() == []


def test_two_parts_and_no_more_than_is_held(account: Account) -> None:
    held = authorise(account, "60.00")
    capture(held, "20.00", request="C1", keeps_rest=True)
    with pytest.raises(UnableToHold):
        capture(held, "40.01", request="C2")
    with pytest.raises(UnableToHold):
        capture(held, "30.00", request="C1")
    capture(held, "40.00", request="C2", keeps_rest=True)
    assert (funds(account), state(held)) == (("40.00", "0.00", "0.00"), "captured")
    with pytest.raises(UnableToHold):
        capture(held, "1.00", request="C3")
    assert broken() == []


def test_what_is_held_may_be_taken_after_the_money_was_charged_away(account: Account) -> None:
    held = authorise(account, "60.00")
    charge(account, "90.00")
    capture(held, "60.00")
    assert funds(account) == ("-50.00", "0.00", "0.00")
    assert broken() == []


def test_let_go_once(account: Account) -> None:
    held = authorise(account, "60.00")
    capture(held, "20.00", keeps_rest=True)
    assert void(held).state == "voided"
    assert void(held).state == "voided"
    assert funds(account) == ("80.00", "0.00", "0.00")
    with pytest.raises(UnableToHold):
        capture(held, "1.00", request="C9")
    [change] = StateChange.objects.filter(model="accounts.hold", object_id=held.pk)
    assert (change.old, change.new, change.reason) == ("open", "voided", "передумали")
    assert BusinessEvent.objects.filter(kind="hold.voided").count() == 1
    assert broken() == []


def test_what_was_taken_cannot_be_let_go(account: Account) -> None:
    held = authorise(account, "60.00")
    capture(held, "60.00")
    with pytest.raises(UnableToHold):
        void(held)
    assert funds(account) == ("40.00", "0.00", "0.00")


def test_time_over_lets_go_of_what_is_left(account: Account) -> None:
    early = authorise(account, "30.00", reference="A", until=NOON + timedelta(hours=1))
    late = authorise(account, "20.00", reference="B", until=NOON + timedelta(hours=3))
    capture(early, "10.00", keeps_rest=True)
    with pytest.raises(UnableToHold):
        capture(early, "5.00", request="C2", now=NOON + timedelta(hours=1))
    then = NOON + timedelta(hours=2)
    assert operations.expire_holds(now=then, actor="system:nightly") == 1
    assert operations.expire_holds(now=then, actor="system:nightly") == 0
    assert (state(early), state(late)) == ("expired", "open")
    assert funds(account) == ("90.00", "0.00", "20.00")
    assert broken() == []


def test_a_thousand_expire_together(account: Account) -> None:
    soon = NOON + timedelta(minutes=1)
    for number in range(30):
        authorise(account, "1.00", reference=f"R{number}", until=soon)
    assert operations.expire_holds(now=LATER, actor="system:nightly") == 30
    assert funds(account)[2] == "0.00"


def test_online_charging_sees_its_own_share_only(account: Account) -> None:
    """What sessions hold and what was asked for stand on one balance; each promise knows its part."""
    authorise(account, "60.00")
    assert [p.name for p in rating_queries.invariants() if find_violations(p)] == []
    operations.hold(account_id=account.pk, amount=Decimal("5.00"))
    broken_ones = [p.name for p in rating_queries.invariants() if find_violations(p)]
    assert broken_ones == ["charging: what is held on a balance is what sessions reserved"]
    assert broken() == []


def test_no_hold_of_another(account: Account) -> None:
    with pytest.raises(UnableToHold):
        operations.void_hold(hold_id=404, reason="x", now=NOON, actor=CLERK)


def test_the_database_keeps_captures_as_they_are(account: Account) -> None:
    made = capture(authorise(account, "60.00"), "60.00")
    with pytest.raises(IntegrityError):
        HoldCapture.objects.filter(pk=made.pk).update(amount=1)
