"""Closing an account: what has to be done first, what happens to it, what comes afterwards."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts import operations as accounts
from accounts.domain.notices import Incoming
from accounts.models import Account, PaymentNotice
from accounts.operations.deposits import take_deposit
from accounts.operations.intake import receive
from accounts.queries.closing import closing_alarms, closing_invariants
from billing_project.invariants import broken_promises
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent
from dunning.operations import promises
from dunning.operations.closing import UnableToCloseAccount, close_account
from dunning.operations.disputes import Claim, raise_dispute
from invoicing import operations as invoicing
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
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, TODAY = date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 10)
WHEN = {"business_date": TODAY, "now": at(TODAY), "actor": ACTOR}


def close(account: Account, **changes: object) -> Account:
    return close_account(
        **{"account_id": account.pk, "reason": "Переезд в другой город", **WHEN, **changes}
    )


def hold(account: Account) -> None:
    pay(account, "5.00", on=TODAY)
    accounts.authorise_hold(
        account_id=account.pk, amount=Decimal(5), reason="x", reference="h",
        expires_at=at(TODAY) + timedelta(days=1), now=at(TODAY), actor=ACTOR,
    )  # fmt: skip


def keep_deposit(account: Account) -> None:
    pay(account, "50.00", on=TODAY)
    take_deposit(account_id=account.pk, amount=Decimal(50), request_id="d", **WHEN)


def ask_for_more(account: Account) -> None:
    accounts.adjust(
        account_id=account.pk, amount=Decimal(9), reason="x", request_id="a", limit=Decimal(1),
        **WHEN,
    )  # fmt: skip


def dispute(account: Account) -> None:
    connect_and_bill(account)
    raise_dispute(
        claim=Claim(
            account_id=account.pk,
            reason="x",
            request_id="d",
            bill_line_id=account.bills.get().lines.get().pk,
        ),
        **WHEN,
    )
    pay(account, "310.00", on=TODAY)


def connect_and_bill(account: Account) -> None:
    """A service of one month, ended and billed."""
    service = connect(account, make_version("310.00"))
    charge(JANUARY)
    invoicing.terminate_service(subscription_id=service.pk, now=at(date(2026, 1, 31)), actor=ACTOR)
    assert bill(FEBRUARY) == 1


def charge_anew(account: Account) -> None:
    accounts.capture_hold(hold_id=_held(account), amount=Decimal(5), request_id="c", **WHEN)


def _held(account: Account) -> int:
    hold(account)
    return account.holds.get().pk


REASONS: dict[str, Callable[[Account], object]] = {
    "Услуги ещё действуют: мобильная связь.": lambda one: connect(one, make_version("0.00")),
    "Долг 310,00: его нужно оплатить или списать.": connect_and_bill,
    "Осталось 7,00: верните деньги или переведите на другой лицевой счёт.": (
        lambda one: pay(one, "7.00", on=TODAY)
    ),
    "Осталось 5,00: верните деньги или переведите на другой лицевой счёт. "
    "Зарезервировано 5,00: спишите или освободите.": hold,
    "Хранится залог 50,00: верните его.": keep_deposit,
    "Корректировка ждёт второго сотрудника.": ask_for_more,
    "Начисления с 10 февраля 2026 ещё не вошли в счёт: сначала выставляется последний счёт.": (
        charge_anew
    ),
    "Начисление оспаривается: примите решение по спору.": dispute,
}  # fmt: skip


@pytest.mark.parametrize("said", REASONS)
def test_what_has_to_be_done_first_is_said(said: str) -> None:
    account = make_account()
    REASONS[said](account)
    with pytest.raises(UnableToCloseAccount) as refusal:
        close(account)
    assert str(refusal.value) == said
    account.refresh_from_db()
    assert account.closed_on is None
    assert not BusinessEvent.objects.filter(kind="account.closed").exists()


def test_a_promise_stands_in_the_way() -> None:
    account = make_account()
    connect(account, make_version("100.00"))
    charge(FEBRUARY)
    promises.give(account_id=account.pk, amount=Decimal(200), now=at(TODAY), actor=ACTOR)
    with pytest.raises(UnableToCloseAccount, match=r"Открыт обещанный платёж\."):
        close(account)


def test_paid_and_billed_it_is_closed_and_later_money_goes_to_the_queue() -> None:
    account = make_account()
    connect_and_bill(account)
    pay(account, "310.00", on=TODAY)
    closed = close(account)
    assert closed.closed_on == TODAY
    told = BusinessEvent.objects.get(kind="account.closed")
    assert told.data == {"number": account.number, "reason": "Переезд в другой город"}
    notice = receive(
        incoming=Incoming(
            gateway="terminal:qiwi", external_id="late", amount=Decimal(50), paid_at=at(TODAY),
            business_date=TODAY, account_hint=account.number,
        ),
        now=at(TODAY), actor=ACTOR,
    )  # fmt: skip
    assert (notice.state, notice.reason) == (PaymentNotice.State.UNASSIGNED, "account_closed")
    with pytest.raises(accounts.UnableToOrder):
        connect(closed, make_version("310.00"), on=TODAY)
    # The bill that tells of the payment still comes.
    assert bill(date(2026, 3, 1)) == 1
    assert account.bills.latest("pk").closing == 0
    assert bill(date(2026, 4, 1)) == 0
    assert broken_promises() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"reason": "  "}, "Укажите причину"), ({}, "Лицевой счёт уже закрыт")],
)
def test_twice_and_without_a_reason_it_is_refused(changes: dict, said: str) -> None:
    account = make_account()
    if not changes:
        close(account)
    with pytest.raises(UnableToCloseAccount, match=said):
        close(account, **changes)


def test_its_promise_and_its_alarm_see_what_they_are_about() -> None:
    account = make_account()
    connect(account, make_version("0.00"))
    pay(account, "1.00", on=TODAY)
    [invariant], [alarm] = closing_invariants(), closing_alarms()
    assert find_violations(invariant) == find_violations(alarm) == []
    break_rules("accounts_account", "UPDATE accounts_account SET closed_on = '2026-02-10'")
    assert [row[0] for row in find_violations(invariant)] == [account.pk]
    assert find_violations(alarm) == [(account.pk, Decimal("1.00"))]
