"""Fiscal receipts of one's own payments in the self-service account."""

from datetime import date

import pytest
from django.test import Client

from accounts.models import Account, FiscalGateway, FiscalReceipt, Payment
from tests import people
from tests.integration.portal.conftest import pay
from tests.integration.portal.test_top_up import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(alice: Account) -> Payment:
    """Paid under a register, beside the 500 from before it."""
    FiscalGateway.objects.create(
        legal_entity=people.ladoga(),
        url="http://127.0.0.1:1/v4",
        login="shop",
        secret_variable="NONE",
        group_code="group-1",
        email="kassa@example.org",
        place="https://lk.example.org",
        active_from=date(2025, 1, 1),
    )
    pay(alice, "300.00")
    return Payment.objects.latest("pk")


def made(payment: Payment) -> FiscalReceipt:
    FiscalReceipt.objects.filter(payment=payment).update(
        state="done", done_at=people.NOON, fn_number="9999078900001234", document_number="17",
        document_sign="3000000017", registered_at="02.11.2026 12:00:00",
    )  # fmt: skip
    return FiscalReceipt.objects.get(payment=payment)


def test_the_list_leads_to_the_receipt(as_alice: Client, payment: Payment) -> None:
    address = f"/payments/{payment.pk}/receipts/"
    for page in ("/payments/", "/payments/history/"):
        assert text_of(as_alice, page).count("/receipts/") == 1
        assert f'href="{address}"' in text_of(as_alice, page)
    page = text_of(as_alice, address)
    assert "Касса ещё не сделала этот чек" in page
    assert "300,00 ₽" in page
    assert 'class="qr"' not in page
    made(payment)
    page = text_of(as_alice, address)
    for told in (
        "Чек платежа",
        "9999078900001234",
        "3000000017",
        "alice@example.org",
        'class="qr"',
    ):
        assert told in page
    assert "ещё не сделала" not in page


def test_what_was_given_back_has_its_own(as_alice: Client, payment: Payment) -> None:
    first = made(payment)
    FiscalReceipt.objects.create(
        account_id=first.account_id, gateway=first.gateway, payment=payment, source="chargeback",
        source_id=1, kind="sell_refund", amount=120, business_date=people.TODAY,
        written_at=people.NOON, actor="system:test", next_try_at=people.NOON,
    )  # fmt: skip
    page = text_of(as_alice, f"/payments/{payment.pk}/receipts/")
    assert page.index("Чек платежа") < page.index("Чек возврата")
    assert "120,00 ₽" in page


def test_nobody_elses(as_bob: Client, payment: Payment) -> None:
    assert as_bob.get(f"/payments/{payment.pk}/receipts/").status_code == 404
    assert as_bob.get("/payments/999999/receipts/").status_code == 404


def test_a_payment_without_one(as_alice: Client, payment: Payment) -> None:
    before = Payment.objects.earliest("pk")
    assert as_alice.get(f"/payments/{before.pk}/receipts/").status_code == 404
