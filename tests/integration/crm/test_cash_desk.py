"""The cash desk, fiscal receipts and vouchers as cashiers, accountants and agents see them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import (
    Account,
    CashShift,
    DeskOperation,
    FiscalGateway,
    FiscalReceipt,
    Payment,
    VoucherSeries,
)
from accounts.operations import cash_desk, vouchers
from tests import people
from tests.integration.crm.conftest import StaffClient, staff
from tests.scratch_cards import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Иванова", "Мария")


def at(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def text_of(client: Client, name: str, *args: object) -> str:
    answer = client.get(at(name, *args))
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ")


def money_of(account: Account) -> Decimal:
    return accounts_queries.get_balance(account.pk).money


def open_for(role: str, opening: str = "0") -> CashShift:
    now = timezone.now()
    return cash_desk.open_shift(
        cashier_id=staff(role).pk,
        opening=Decimal(opening),
        business_date=timezone.localdate(now),
        now=now,
    )


def pay(client: Client, account: Account, **changes: str) -> None:
    values = {"amount": "500", "method": "cash", "tendered": "1000", "request_id": "k1"}
    answer = client.post(at("take-payment", account.pk), values | changes)
    assert answer.status_code == 302, answer.context["form"].errors


class TestDesk:
    def test_the_shift_is_opened_in_the_dialog_of_the_first_payment(
        self, as_role: StaffClient, account: Account
    ) -> None:
        client, address = as_role("cashier"), at("take-payment", account.pk)
        assert "В кассе сейчас" in client.get(address).content.decode()
        answer = client.post(address, {"opens": "1", "opening": "100,50"})
        assert "request_id" in answer.context["form"].fields
        assert CashShift.objects.get().opening == Decimal("100.50")
        pay(client, account)
        assert money_of(account) == Decimal("500.00")

    def test_no_payment_without_a_shift(self, as_role: StaffClient, account: Account) -> None:
        values = {"amount": "500", "method": "cash", "request_id": "k1"}
        answer = as_role("cashier").post(at("take-payment", account.pk), values)
        assert "Смена не открыта" in str(answer.context["form"].non_field_errors())
        assert (money_of(account), Payment.objects.count()) == (0, 0)

    def test_the_receipt(self, as_role: StaffClient, account: Account) -> None:
        client = as_role("cashier")
        open_for("cashier")
        pay(client, account)
        line = DeskOperation.objects.get()
        page = text_of(client, "desk-receipt", line.pk)
        for told in ("500,00 ₽", "1 000,00 ₽", "Сдача", account.number, "7830002293", "Петрова"):
            assert told in page
        card = text_of(client, "card", account.customer_id)
        assert at("desk-receipt", line.pk) in card
        assert "Фискальный чек" not in page

    def test_the_day_and_its_count(self, as_role: StaffClient, account: Account) -> None:
        client, shift = as_role("cashier"), open_for("cashier", "100")
        pay(client, account)
        pay(client, account, method="card", amount="70", request_id="k2", slip="RRN1")
        move = {"kind": "taken_out", "amount": "300", "request_id": "m1"}
        assert client.post(at("desk-cash"), move).status_code == 302
        assert "570,00 ₽" in text_of(client, "desk")
        assert "(X)" in text_of(client, "desk-shift", shift.pk)
        answer = client.post(at("desk-close", shift.pk), {"counted": "299"})
        assert answer.context["form"].errors.keys() == {"comment"}
        closing = {"counted": "299", "comment": "ошибся в сдаче"}
        assert client.post(at("desk-close", shift.pk), closing).status_code == 302
        page = text_of(client, "desk-shift", shift.pk)
        assert "(Z)" in page
        assert "-1,00 ₽" in page.replace("−", "-")

    def test_others_shifts_are_for_who_oversees(
        self, as_role: StaffClient, account: Account
    ) -> None:
        shift = open_for("accountant")
        cashier, accountant = as_role("cashier"), as_role("administrator")
        assert cashier.get(at("desk-shift", shift.pk)).status_code == 404
        assert cashier.post(at("desk-close", shift.pk), {"counted": "0"}).status_code == 404
        assert accountant.post(at("desk-close", shift.pk), {"counted": "0"}).status_code == 302

    def test_a_payment_is_given_back_the_same_day_by_right(
        self, as_role: StaffClient, account: Account
    ) -> None:
        open_for("cashier")
        pay(as_role("cashier"), account)
        address = at("reverse-payment", Payment.objects.get().pk)
        assert as_role("cashier").post(address, {"reason": "ошибка"}).status_code == 403
        assert as_role("accountant").post(address, {"reason": "ошибка"}).status_code == 302
        assert money_of(account) == 0
        returned = DeskOperation.objects.get(kind="returned")
        assert "Чек возврата" in text_of(as_role("cashier"), "desk-receipt", returned.pk)

    def test_the_day_after_it_is_not(self, as_role: StaffClient, account: Account) -> None:
        open_for("cashier")
        pay(as_role("cashier"), account)
        Payment.objects.update(business_date=timezone.localdate() - timedelta(days=1))
        address = at("reverse-payment", Payment.objects.get().pk)
        answer = as_role("accountant").post(address, {"reason": "ошибка"})
        assert "только в свой день" in str(answer.context["form"].non_field_errors())
        assert money_of(account) == Decimal("500.00")


@pytest.fixture
def gateway(db: None) -> FiscalGateway:
    return FiscalGateway.objects.create(
        legal_entity=people.ladoga(),
        url="http://127.0.0.1:1",
        login="shop",
        secret_variable="RETEL_NO_SUCH",
        group_code="g",
        email="kassa@example.org",
        place="СПб",
        active_from=date(2026, 1, 1),
    )


class TestFiscal:
    def test_its_state_is_on_the_receipt(
        self, as_role: StaffClient, account: Account, gateway: FiscalGateway
    ) -> None:
        open_for("cashier")
        pay(as_role("cashier"), account)
        line = DeskOperation.objects.get()
        assert "ждёт отправки" in text_of(as_role("cashier"), "desk-receipt", line.pk)
        FiscalReceipt.objects.update(
            state="done", document_sign="3141592653", done_at=timezone.now(), next_try_at=None
        )
        assert "3141592653" in text_of(as_role("cashier"), "desk-receipt", line.pk)

    def test_refused_ones_are_listed_and_sent_anew(
        self, as_role: StaffClient, account: Account, gateway: FiscalGateway
    ) -> None:
        open_for("cashier")
        pay(as_role("cashier"), account)
        FiscalReceipt.objects.update(state="failed", error="Плохой чек")
        client, receipt = as_role("accountant"), FiscalReceipt.objects.get()
        page = text_of(client, "fiscal")
        assert "Плохой чек" in page
        assert "1 чек отклонён" in page
        assert client.post(at("fiscal-retry", receipt.pk)).status_code == 302
        receipt.refresh_from_db()
        assert (receipt.state, receipt.round) == ("waiting", 2)
        assert "Плохой чек" not in text_of(client, "fiscal")

    def test_all_refused_at_once(
        self, as_role: StaffClient, account: Account, gateway: FiscalGateway
    ) -> None:
        open_for("cashier")
        for number in range(3):
            pay(as_role("cashier"), account, request_id=f"k{number}")
        FiscalReceipt.objects.update(state="failed")
        as_role("accountant").post(at("fiscal-retry", 0))
        assert set(FiscalReceipt.objects.values_list("state", flat=True)) == {"waiting"}

    def test_a_correction(
        self, as_role: StaffClient, account: Account, gateway: FiscalGateway
    ) -> None:
        open_for("cashier")
        pay(as_role("cashier"), account)
        address = at("fiscal-correct", Payment.objects.get().pk)
        client = as_role("accountant")
        answer = client.post(address, {"reason": "не было связи"})
        assert "чек есть или скоро будет" in str(answer.context["form"].non_field_errors())
        FiscalReceipt.objects.update(state="failed")
        assert client.post(address, {"reason": "не было связи"}).status_code == 302
        assert FiscalReceipt.objects.filter(kind="correction").count() == 1

    def test_cashiers_do_not_see_the_list(self, as_role: StaffClient) -> None:
        assert as_role("cashier").get(at("fiscal")).status_code == 403

    def test_without_a_gateway_the_page_says_so(self, as_role: StaffClient) -> None:
        assert "нет кассы в сети" in text_of(as_role("accountant"), "fiscal")


def order(client: Client) -> VoucherSeries:
    today = timezone.localdate()
    values = {
        "code": "L26",
        "nominal": "300",
        "count": "3",
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=30)).isoformat(),
    }
    answer = client.post(at("vouchers-ask"), values)
    assert answer.status_code == 302, answer.context["form"].errors
    return VoucherSeries.objects.get()


class TestVouchers:
    def test_from_the_order_to_the_customer(self, as_role: StaffClient, account: Account) -> None:
        accountant, chief = as_role("accountant"), as_role("administrator")
        series = order(accountant)
        mine = accountant.post(at("vouchers-decide", series.pk, "approve"))
        assert mine.context["form"].non_field_errors()
        assert "L26" in text_of(chief, "approval-list")
        assert chief.post(at("vouchers-decide", series.pk, "approve")).status_code == 302
        listed = accountant.post(at("vouchers-generate", series.pk))
        assert listed.headers["content-type"].startswith("text/csv")
        assert "no-store" in listed.headers["cache-control"]
        codes = read(listed.content.decode())
        assert accountant.post(at("vouchers-generate", series.pk)).status_code == 302
        assert accountant.post(at("vouchers-activate", series.pk)).status_code == 302
        redeemed = as_role("agent").post(at("redeem-voucher", account.pk), {"code": codes[1]})
        assert redeemed.status_code == 302
        assert money_of(account) == Decimal("300.00")
        page = text_of(accountant, "vouchers-series", series.pk)
        assert "L26-000002" in page
        assert "600,00 ₽" in page
        assert codes[1] not in page
        assert "L26" in text_of(accountant, "vouchers")
        assert "L26-000002" in text_of(as_role("agent"), "card", account.customer_id)

    def test_a_refused_series(self, as_role: StaffClient) -> None:
        series = order(as_role("accountant"))
        as_role("administrator").post(at("vouchers-decide", series.pk, "refuse"))
        series.refresh_from_db()
        assert series.state == "refused"
        again = as_role("administrator").get(at("vouchers-decide", series.pk, "approve"))
        assert again.status_code == 404

    def test_a_wrong_code_is_told_at_its_field_or_above(
        self, as_role: StaffClient, account: Account
    ) -> None:
        client, address = as_role("cashier"), at("redeem-voucher", account.pk)
        for code, told in (("1", "16 цифр"), ("0" * 16, "Осталось попыток: 4")):
            answer = client.post(address, {"code": code})
            assert told in answer.content.decode()
        assert money_of(account) == 0

    def test_series_and_cards_are_blocked(self, as_role: StaffClient) -> None:
        client = as_role("accountant")
        now, kept = timezone.now(), list[str]()
        series = vouchers.issue_series(
            code="L27",
            nominal=Decimal(100),
            count=2,
            valid_from=timezone.localdate(now),
            valid_until=timezone.localdate(now) + timedelta(days=9),
            keep=kept.append,
            now=now,
            actor="system:command",
        )
        block = {"serial": "1", "act": "block", "reason": "порвана"}
        assert client.post(at("vouchers-card", series.pk), block).status_code == 302
        missing = client.post(at("vouchers-card", series.pk), block | {"serial": "9"})
        assert missing.context["form"].errors.keys() == {"serial"}
        assert list(series.vouchers.order_by("serial").values_list("state", flat=True)) == [
            "blocked",
            "fresh",
        ]
        client.post(at("vouchers-block", series.pk), {"reason": "коробка пропала"})
        series.refresh_from_db()
        assert series.state == "blocked"

    def test_agents_see_no_series(self, as_role: StaffClient) -> None:
        assert as_role("agent").get(at("vouchers")).status_code == 403
