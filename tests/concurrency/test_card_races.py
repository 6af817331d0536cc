"""Two at once: standing orders, forms, notices, refunds. Whatever wins, the money moves once."""

from decimal import Decimal

import pytest

from accounts.domain.acquiring import Outcome
from accounts.domain.autopay import Terms
from accounts.models import (
    Account,
    AcquirerNotice,
    Autopay,
    CardPayment,
    Payment,
    PaymentNotice,
    Refund,
    SavedCard,
)
from accounts.operations import acquiring, refunds
from accounts.operations.refunds import UnableToRefund, Wish
from tests import people
from tests.acquirers import Bank, set_up, yookassa_notice
from tests.cards import NOON, asked, begin, broken, look, money, paid
from tests.concurrency.together import failures, together

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = people.CLERK


@pytest.fixture
def account(transactional_db: None) -> Account:
    return people.open_account_for("Смирнова", "Алиса")


@pytest.fixture
def taken(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Bank:
    set_up(bank, "yookassa", monkeypatch)
    return bank


def sound(works: list) -> list:
    """Done at once, and nothing failed."""
    answers = together(works)
    assert failures([one for one in answers if not isinstance(one, UnableToRefund)]) == []
    return answers


def test_two_workers_never_charge_an_order_twice(account: Account, taken: Bank) -> None:
    paid(account, taken, saves_card=True)
    terms = Terms(Decimal(300), Decimal(3000), threshold=Decimal(10_000))
    acquiring.set_autopay(
        account_id=account.pk,
        card_id=SavedCard.objects.get().pk,
        terms=terms,
        door="portal",
        now=NOON,
        actor="subscriber:1",
    )
    asked_for = sound([lambda: acquiring.run_autopay(now=NOON)] * 6)
    assert sum(asked_for) == 1
    assert (money(account), taken.captured) == (800, 80000)
    assert (Autopay.objects.get().round, broken()) == (1, [])


def test_a_worker_and_whoever_sees_it_through_charge_once(account: Account, taken: Bank) -> None:
    paid(account, taken, saves_card=True)
    order = acquiring.set_autopay(
        account_id=account.pk,
        card_id=SavedCard.objects.get().pk,
        terms=Terms(Decimal(300), Decimal(3000), threshold=Decimal(10_000)),
        door="portal",
        now=NOON,
        actor="subscriber:1",
    )
    row = acquiring.autopay.claim(autopay_id=order.pk, now=NOON)
    assert row is not None
    looks = [lambda: acquiring.look(card_payment_id=row.pk, now=NOON)] * 4
    sound([*looks, lambda: acquiring.cards.ask(row, now=NOON, is_first=True)])
    assert (money(account), taken.captured, Payment.objects.count()) == (800, 80000, 2)
    assert broken() == []


def test_a_form_sent_by_many_clicks_asks_once(account: Account, taken: Bank) -> None:
    rows = sound([lambda: asked(account)] * 6)
    assert {row.pk for row in rows} == {CardPayment.objects.get().pk}
    assert len(taken.made) == 1


def test_a_notice_a_look_and_the_schedule_credit_once(account: Account, taken: Bank) -> None:
    row = asked(account)
    taken.pay()
    notice = yookassa_notice(taken, "payment.succeeded", taken.made[0].id)

    def tell() -> object:
        notice_id = acquiring.receive_notice(
            code="yookassa", body=notice.body, headers={}, source="127.0.0.1", now=NOON
        )
        return acquiring.settle_notice(notice_id=notice_id or 0, now=NOON)

    sound([tell, tell, lambda: look(row), lambda: look(row), lambda: look(row)])
    assert (money(account), Payment.objects.count(), PaymentNotice.objects.count()) == (500, 1, 1)
    assert AcquirerNotice.objects.get().state == "settled"
    assert broken() == []


def test_refunds_at_once_stay_within_the_payment(account: Account, taken: Bank) -> None:
    payment, charge = paid(account, taken)

    def give_back(number: int) -> object:
        wish = Wish(payment.pk, Decimal(200), "source", "x", f"r{number}")
        try:
            return refunds.refund(wish=wish, limit=Decimal(1000), now=NOON, actor=CLERK)
        except UnableToRefund as refusal:
            return refusal

    made = sound([lambda number=number: give_back(number) for number in range(6)])
    assert sum(isinstance(one, Refund) for one in made) == 2
    assert (money(account), taken.returned(charge)) == (100, 40000)
    assert broken() == []


def test_a_refund_and_a_lost_dispute_at_once(account: Account, taken: Bank) -> None:
    payment, _charge = paid(account, taken)

    def give_back() -> object:
        wish = Wish(payment.pk, Decimal(500), "cash", "x", "r1", "РКО-1")
        try:
            return refunds.refund(wish=wish, limit=Decimal(1000), now=NOON, actor=CLERK)
        except UnableToRefund as refusal:
            return refusal

    def lose() -> object:
        return acquiring.write_chargeback(
            payment_id=payment.pk,
            external_id="d1",
            claimed=Decimal(500),
            outcome=Outcome.FAILED,
            now=NOON,
            actor=CLERK,
        )

    sound([give_back, lose])
    assert money(account) == 0
    assert broken() == []


def test_links_begun_by_two_at_once_open_one_page(account: Account, taken: Bank) -> None:
    row = begin(account)
    sound([lambda: acquiring.send(card_payment_id=row.pk, now=NOON)] * 4)
    assert len(taken.made) == 1
