"""The desk: bills with notes, disputes, runs, outages, tickets; who may, and what is seen."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import Account
from billing_project.kernel.models import Approval
from crm.models import Ticket
from invoicing.models import Bill, BillRun, BillVoid, Dispute, Note, Outage, ParkedBill
from invoicing.operations import compensation as compensations
from tests.integration.crm.conftest import StaffClient
from tests.integration.invoicing.suspended import suspend
from tests.integration.portal.conftest import issue_bill
from tests.integration.portal.conftest import open_account as subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return subscriber("Смирнова", "Алиса", phone="79111234567")


@pytest.fixture
def bill(account: Account) -> Bill:
    return issue_bill(account)


def raised(bill: Bill, client, amount: str = "66,00") -> Dispute:
    line = bill.lines.get()
    data = {"amount": amount, "reason": "Не звонила", "request_id": "d1"}
    client.post(f"/crm/lines/{line.pk}/dispute/", data)
    return Dispute.objects.get()


class TestNotes:
    def write(self, client, bill: Bill, amount: str, kind: str = "credit_note"):
        line = bill.lines.get()
        data = {f"line_{line.pk}": amount, "reason": "Сбой", "request_id": "n1"}
        return client.post(f"/crm/bills/{bill.pk}/note/{kind}/", data)

    def test_written_on_the_bills_page_and_seen_there(
        self, as_role: StaffClient, bill: Bill
    ) -> None:
        client = as_role("agent")
        answer = self.write(client, bill, "100,00")
        assert answer.status_code == 302
        page = client.get(f"/crm/bills/{bill.pk}/").content.decode()
        assert "К-2026-0000001" in page or Note.objects.get().number_text in page
        assert "266,00" in page
        listed = client.get(f"/crm/accounts/{bill.account_id}/bills/").content.decode()
        assert Note.objects.get().number_text in listed
        card = client.get(f"/crm/customers/{bill.account.customer_id}/").content.decode()
        assert "Корректировочный счёт" in card
        assert f"/crm/bills/{bill.pk}/" in card

    def test_above_the_limit_a_second_person_decides(
        self, as_role: StaffClient, bill: Bill
    ) -> None:
        self.write(as_role("agent"), bill, "300,01")
        asked = Approval.objects.get()
        assert (Note.objects.count(), asked.amount) == (0, Decimal("300.01"))
        chief = as_role("accountant")
        assert (
            f"/crm/notes/waiting/{asked.pk}/approve/"
            in chief.get("/crm/approvals/").content.decode()
        )
        chief.post(f"/crm/notes/waiting/{asked.pk}/approve/")
        assert Note.objects.get().gross == Decimal("300.01")

    def test_refused_nothing_is_issued(self, as_role: StaffClient, bill: Bill) -> None:
        self.write(as_role("agent"), bill, "300,01")
        as_role("accountant").post(f"/crm/notes/waiting/{Approval.objects.get().pk}/refuse/")
        assert Note.objects.count() == 0

    @pytest.mark.parametrize("amount", ["366,01", "", "x"])
    def test_what_is_wrong_stays_in_the_form(
        self, as_role: StaffClient, bill: Bill, amount: str
    ) -> None:
        answer = self.write(as_role("administrator"), bill, amount)
        assert answer.status_code == 200
        assert "wrong" in answer.content.decode() or "note now" in answer.content.decode()
        assert Note.objects.count() == 0

    def test_answered_by_a_counter_note(self, as_role: StaffClient, bill: Bill) -> None:
        client = as_role("administrator")
        self.write(client, bill, "100,00")
        note = Note.objects.get()
        client.post(f"/crm/notes/{note.pk}/counter/", {"reason": "Зря", "request_id": "c"})
        assert Note.objects.get(counters=note).kind == "debit_note"
        assert accounts_queries.get_balance(bill.account_id).money == 0

    def test_a_note_is_printed_in_both_languages(self, as_role: StaffClient, bill: Bill) -> None:
        client = as_role("agent")
        self.write(client, bill, "100,00")
        for language in ("ru", "en"):
            answer = client.get(
                f"/crm/notes/{Note.objects.get().pk}/pdf/", headers={"accept-language": language}
            )
            assert answer.content.startswith(b"%PDF")

    def test_void_and_reissued(self, as_role: StaffClient, bill: Bill) -> None:
        line = bill.lines.get()
        data = {"reason": "Не тот тариф", "is_reissued": "on", f"line_{line.pk}": "122,00"}
        as_role("administrator").post(f"/crm/bills/{bill.pk}/void/", data)
        assert BillVoid.objects.get().bill == bill
        again = Bill.objects.get(replaces=bill)
        assert (again.gross, again.tax, again.closing) == (122, 22, 122)
        page = as_role("agent").get(f"/crm/bills/{bill.pk}/").content.decode()
        assert again.number_text in page
        assert "аннулирован" in page

    @pytest.mark.parametrize("role", ["cashier"])
    def test_who_may_not(self, as_role: StaffClient, bill: Bill, role: str) -> None:
        assert self.write(as_role(role), bill, "1,00").status_code == 403
        assert as_role(role).get("/crm/disputes/").status_code == 403
        assert as_role("agent").get("/crm/bill-runs/").status_code == 403
        assert as_role("agent").get("/crm/outages/").status_code == 403


class TestDisputes:
    def test_raised_talked_about_and_accepted(self, as_role: StaffClient, bill: Bill) -> None:
        client = as_role("agent")
        dispute = raised(bill, client)
        assert (dispute.amount, dispute.on_behalf_of) == (
            Decimal("66.00"),
            f"customer:{bill.account.customer_id}",
        )
        assert "66,00" in client.get("/crm/disputes/").content.decode()
        client.post(f"/crm/disputes/{dispute.pk}/", {"text": "Проверяем записи"})
        client.post(f"/crm/disputes/{dispute.pk}/take/")
        mine = client.get("/crm/disputes/?whose=mine").content.decode()
        assert f"/crm/disputes/{dispute.pk}/" in mine
        client.post(
            f"/crm/disputes/{dispute.pk}/accept/", {"amount": "50,00", "answer": "Вы правы"}
        )
        page = client.get(f"/crm/disputes/{dispute.pk}/").content.decode()
        assert "Вы правы" in page
        assert "Проверяем записи" in page
        assert Note.objects.get().gross == 50
        assert accounts_queries.get_balance(bill.account_id).floor == 0

    def test_rejected_with_an_answer_only(self, as_role: StaffClient, bill: Bill) -> None:
        client = as_role("agent")
        dispute = raised(bill, client)
        client.post(f"/crm/disputes/{dispute.pk}/reject/", {"answer": ""})
        assert Dispute.objects.get().state == "open"
        client.post(f"/crm/disputes/{dispute.pk}/reject/", {"answer": "Звонок был"})
        assert Dispute.objects.get().state == "rejected"
        assert "Звонок был" in client.get(f"/crm/disputes/{dispute.pk}/").content.decode()

    def test_the_card_shows_it_and_its_money(self, as_role: StaffClient, bill: Bill) -> None:
        client = as_role("agent")
        dispute = raised(bill, client)
        card = client.get(f"/crm/customers/{bill.account.customer_id}/").content.decode()
        assert f"/crm/disputes/{dispute.pk}/" in card
        client.post(f"/crm/disputes/{dispute.pk}/withdraw/")
        assert Dispute.objects.get().state == "withdrawn"


class TestRuns:
    def test_drafted_looked_through_and_issued(self, as_role: StaffClient, bill: Bill) -> None:
        client = as_role("accountant")
        entity = bill.legal_entity
        suspend(2)
        client.post(f"/crm/bill-runs/start/{entity.pk}/", {"business_date": timezone.localdate()})
        run = BillRun.objects.get()
        page = client.get(f"/crm/bill-runs/{run.pk}/").content.decode()
        assert "не тарифицирована" in page
        from invoicing.operations import bill_runs

        bill_runs.draft_all(now=timezone.now())
        assert client.get(f"/crm/bill-runs/{run.pk}/progress/").status_code == 200
        assert client.get("/crm/bill-runs/").status_code == 200

    def test_the_policy_is_set(self, as_role: StaffClient, bill: Bill) -> None:
        data = {"review": "always", "percent": "30", "money": "100,00"}
        as_role("accountant").post(f"/crm/bill-runs/policy/{bill.legal_entity_id}/", data)
        assert bill.legal_entity.billingpolicy.review == "always"

    def test_a_parked_account_is_released_with_a_reason(
        self, as_role: StaffClient, bill: Bill
    ) -> None:
        parked = ParkedBill.objects.create(
            account=bill.account,
            period_start=bill.period_end,
            period_end=bill.period_end + timedelta(days=30),
            gross=Decimal(5),
            reasons=[
                {"title_ru": "Плата", "title_en": "Fee", "first": "2026-01-01", "end": "2026-01-03"}
            ],
            parked_at=timezone.now(),
        )
        client = as_role("accountant")
        assert "Плата" in client.get("/crm/bill-runs/").content.decode()
        client.post(f"/crm/bill-runs/parked/{parked.pk}/release/", {"reason": ""})
        assert ParkedBill.objects.get().released_at is None
        client.post(f"/crm/bill-runs/parked/{parked.pk}/release/", {"reason": "Две линии"})
        assert ParkedBill.objects.get().released_by.startswith("staff:")


def test_an_outage_from_the_rule_to_the_approval(as_role: StaffClient, account: Account) -> None:
    client = as_role("administrator")
    rule = {
        "name_ru": "Час",
        "name_en": "Hour",
        "percent": "5",
        "unit": "hour",
        "from_minutes": "60",
    }
    client.post("/crm/outages/rules/new/", rule)
    data = {
        "title_ru": "Авария",
        "title_en": "Outage",
        "started_at": "2026-11-03T10:00",
        "ended_at": "2026-11-03T13:00",
        "service": "internet",
        "rule_id": compensations.OutageRule.objects.get().pk,
        "request_id": "o1",
    }
    client.post("/crm/outages/new/", data)
    outage = Outage.objects.get()
    assert "Авария" in client.get(f"/crm/outages/{outage.pk}/").content.decode()
    client.post(f"/crm/outages/{outage.pk}/approve/")
    assert Outage.objects.get().state == "approved"
    assert "Час" in client.get("/crm/outages/").content.decode()


class TestTickets:
    def open(self, client, account: Account) -> Ticket:
        data = {"subject": "Роутер", "text": "Не работает", "request_id": "t1"}
        client.post(f"/crm/customers/{account.customer_id}/ticket/", data)
        return Ticket.objects.get()

    def test_opened_answered_closed_and_opened_again(
        self, as_role: StaffClient, account: Account
    ) -> None:
        client = as_role("agent")
        ticket = self.open(client, account)
        self.open(client, account)
        client.post(f"/crm/tickets/{ticket.pk}/", {"text": "Перезагрузите"})
        assert Ticket.objects.get().state == "answered"
        client.post(f"/crm/tickets/{ticket.pk}/close/")
        assert Ticket.objects.get().state == "closed"
        assert "Роутер" not in client.get("/crm/tickets/").content.decode()
        assert "Роутер" in client.get("/crm/tickets/?state=closed").content.decode()
        client.post(f"/crm/tickets/{ticket.pk}/", {"text": "для своих", "is_internal": "on"})
        assert Ticket.objects.get().state == "closed"
        assert "Перезагрузите" in client.get(f"/crm/tickets/{ticket.pk}/").content.decode()

    def test_taken_and_given_back(self, as_role: StaffClient, account: Account) -> None:
        client = as_role("agent")
        ticket = self.open(client, account)
        client.post(f"/crm/tickets/{ticket.pk}/take/")
        assert Ticket.objects.get().assignee.startswith("staff:")
        assert "Роутер" in client.get("/crm/tickets/?whose=mine").content.decode()
        assert "Роутер" not in client.get("/crm/tickets/?whose=nobody").content.decode()
        client.post(f"/crm/tickets/{ticket.pk}/take/")
        assert Ticket.objects.get().assignee == ""
