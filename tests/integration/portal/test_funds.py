"""The subscriber's own statement, set-aside money, bonuses, transfers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations
from accounts.models import Account, BonusUse, Transfer
from tests import people
from tests.integration.portal.conftest import pay
from tests.integration.portal.test_pages import text_of
from tests.moves import charge, funds

pytestmark = pytest.mark.django_db


def now_values() -> dict[str, object]:
    now = timezone.now()
    return {"now": now, "actor": people.CLERK, "business_date": timezone.localdate(now)}


def grant(account: Account, amount: str) -> None:
    operations.grant_bonus(
        account_id=account.pk, amount=Decimal(amount), reason="За верность", request_id="g",
        limit=Decimal(999), **now_values(),
    )  # fmt: skip


def test_what_is_set_aside_is_explained(as_bob: Client, bob: Account) -> None:
    pay(bob, "100.00")
    now = timezone.now()
    operations.authorise_hold(
        account_id=bob.pk, amount=Decimal(40), reason="Роутер", reference="r",
        expires_at=now + timedelta(days=3), now=now, actor=people.CLERK,
    )  # fmt: skip
    operations.hold(account_id=bob.pk, amount=Decimal("2.50"))
    text = text_of(as_bob, reverse("portal:statement"))
    assert "Роутер" in text
    assert "40,00" in text
    assert "Звонки и интернет, которые сейчас идут" in text
    assert "2,50" in text
    assert "Зарезервировано" in text_of(as_bob, reverse("portal:dashboard"))


def test_the_period_adds_up(as_bob: Client, bob: Account) -> None:
    pay(bob, "100.00")
    today = timezone.localdate()
    charge(bob, "30.25", on=today)
    page = as_bob.get(reverse("portal:statement"), {"first": today, "last": today})
    statement = page.context["page"].statement
    assert statement.opening + statement.credited + statement.charged == statement.closing
    assert (statement.charged, page.context["page"].days[0].balance) == (
        Decimal("-30.25"), statement.closing,
    )  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "pdf"])
def test_files(as_bob: Client, bob: Account, form: str) -> None:
    pay(bob, "100.00")
    answer = as_bob.get(reverse(f"portal:statement-{form}"))
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert body.startswith(b"%PDF-" if form == "pdf" else b"\xef\xbb\xbf")
    assert bob.number in answer.headers["Content-Disposition"]


def test_odd_days_are_no_fault(as_bob: Client, bob: Account) -> None:
    for query in (
        {"first": "x"},
        {"first": "2026-12-01", "last": "2020-01-01"},
        {"first": "0001-01-01", "last": "9999-12-31"},
    ):
        assert as_bob.get(reverse("portal:statement"), query).status_code == 200


def test_bonuses_pay_once(as_bob: Client, bob: Account) -> None:
    grant(bob, "50.00")
    charge(bob, "20.00", on=timezone.localdate())
    assert "За верность" in text_of(as_bob, reverse("portal:statement"))
    for _ in range(2):
        as_bob.post(reverse("portal:use-bonus"), {"amount": "12,50", "request_id": "once"})
    assert funds(bob) == ("-7.50", "37.50", "0.00")
    assert BonusUse.objects.get().actor.startswith("subscriber:")
    answer = as_bob.post(reverse("portal:use-bonus"), {"amount": "99", "request_id": "more"})
    assert "7.50" in answer.content.decode()
    assert funds(bob)[1] == "37.50"


class TestTransfer:
    @pytest.fixture
    def other(self, bob: Account) -> Account:
        return people.open_account(bob.customer)

    def send(self, client: Client, to: Account, amount: str, request: str = "t") -> str:
        values = {"to_account": to.pk, "amount": amount, "request_id": request}
        return client.post(reverse("portal:transfer"), values).content.decode()

    def test_moved_once(self, as_bob: Client, bob: Account, other: Account) -> None:
        pay(bob, "100.00")
        for _ in range(2):
            self.send(as_bob, other, "60,50")
        assert (funds(bob)[0], funds(other)[0]) == ("39.50", "60.50")
        assert Transfer.objects.get().actor.startswith("subscriber:")

    def test_no_more_than_there_is(self, as_bob: Client, bob: Account, other: Account) -> None:
        pay(bob, "100.00")
        assert "недостаточно денег" in self.send(as_bob, other, "100,01")
        assert funds(bob)[0] == "100.00"

    def test_only_to_ones_own(
        self, as_bob: Client, bob: Account, other: Account, alice: Account
    ) -> None:
        pay(bob, "100.00")
        self.send(as_bob, alice, "1,00")
        assert not Transfer.objects.exists()

    def test_with_one_account_there_is_no_such_page(self, as_bob: Client, bob: Account) -> None:
        assert as_bob.get(reverse("portal:transfer")).status_code == 404
