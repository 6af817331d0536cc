"""Incoming payments on the agents' screens: what came, assigning, giving back, terminals, registries."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import queries
from accounts.domain.notices import Incoming
from accounts.models import Account, NoticeConflict, PaymentNotice, Terminal, TerminalRegistry
from accounts.operations import intake
from billing_project.kernel.models import Approval
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.machines import Machine, terminal

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


def receive(
    account: Account | None = None,
    *,
    external_id: str = "T1",
    amount: str = "100.00",
    hint: str = "",
) -> PaymentNotice:
    now = timezone.now()
    asked = Incoming(
        gateway="terminal:qiwi", external_id=external_id, amount=Decimal(amount), paid_at=now,
        business_date=timezone.localdate(now), account_hint=account.number if account else hint,
        raw="<pay>raw</pay>",
    )  # fmt: skip
    return intake.receive(incoming=asked, now=now, actor="terminal:qiwi")


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def text_of(client: Client, address: str, **values: str) -> str:
    answer = client.get(address, values)
    assert answer.status_code == 200
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", words).replace("\xa0", " ")


RIGHTS = [
    ("/crm/payments/incoming/", {"agent", "accountant", "administrator"}),
    ("/crm/payments/unassigned/", {"agent", "accountant", "administrator"}),
    ("/crm/payments/incoming/1/", {"agent", "accountant", "administrator"}),
    ("/crm/payments/incoming/1/assign/1/", {"accountant", "administrator"}),
    ("/crm/payments/incoming/1/return/", {"accountant", "administrator"}),
    ("/crm/payments/contradictions/1/", {"accountant", "administrator"}),
    ("/crm/payments/returns/1/approve/", {"accountant", "administrator"}),
    ("/crm/payments/returns/1/refuse/", {"accountant", "administrator"}),
    ("/crm/payments/registries/", {"accountant", "administrator"}),
    ("/crm/payments/registries/1/", {"accountant", "administrator"}),
    ("/crm/payments/registries/1/take/", {"accountant", "administrator"}),
    ("/crm/payments/terminals/", {"administrator"}),
    ("/crm/payments/terminals/new/", {"administrator"}),
    ("/crm/payments/terminals/1/", {"administrator"}),
    ("/crm/payments/terminals/1/password/", {"administrator"}),
]


@pytest.mark.parametrize(("address", "allowed"), RIGHTS)
def test_who_may(as_role: StaffClient, address: str, allowed: set[str]) -> None:
    roles = ("agent", "cashier", "accountant", "administrator")
    let_in = {role for role in roles if as_role(role).get(address).status_code in {200, 404}}
    assert let_in == allowed
    assert Client().get(address).status_code == 302


class TestList:
    def test_shows_what_came_and_what_became_of_it(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        receive(bob)
        receive(external_id="T2", hint="555")
        told = text_of(as_role("agent"), "/crm/payments/incoming/")
        assert "терминал qiwi T1 100,00 ₽ Бобров Борис" in told
        assert "555 ▲ не разнесено такого лицевого счёта нет" in told

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"state": "credited"}, {"T1"}),
            ({"state": "unassigned"}, {"T2"}),
            ({"gateway": "terminal:qiwi"}, {"T1", "T2"}),
            ({"account": "bob"}, {"T1"}),
            ({"account": "999999999"}, set()),
            ({"text": "T2"}, {"T2"}),
            ({"on": "2020-01-01"}, set()),
            ({"on": "nonsense"}, {"T1", "T2"}),
        ],
    )
    def test_filters(
        self, as_role: StaffClient, bob: Account, wanted: dict[str, str], found: set[str]
    ) -> None:
        receive(bob)
        receive(external_id="T2")
        asked = {name: bob.number if value == "bob" else value for name, value in wanted.items()}
        page = as_role("agent").get("/crm/payments/incoming/", asked).content.decode()
        assert {each for each in ("T1", "T2") if f">{each}<" in page} == found

    def test_pages_by_key(
        self, as_role: StaffClient, bob: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("crm.views.notices.PAGE", 2)
        for n in range(3):
            receive(bob, external_id=f"N{n}")
        client = as_role("agent")
        first = client.get("/crm/payments/incoming/", {"state": "credited"}).content.decode()
        assert re.findall(r">(N\d)<", first) == ["N2", "N1"]
        [more] = re.findall(r'href="(\?[^"]*before=[^"]*)"', first)
        assert "state=credited" in more
        second = client.get("/crm/payments/incoming/" + more.replace("&amp;", "&"))
        assert re.findall(r">(N\d)<", second.content.decode()) == ["N0"]

    def test_asks_the_database_no_more_for_more_rows(
        self, as_role: StaffClient, bob: Account, django_assert_max_num_queries: object
    ) -> None:
        for n in range(12):
            receive(bob, external_id=f"N{n}")
        client = as_role("agent")
        client.get("/crm/payments/incoming/")
        with django_assert_max_num_queries(14):  # type: ignore[operator]
            client.get("/crm/payments/incoming/")

    def test_a_contradiction_stands_above_until_it_is_cleared_up(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        receive(bob)
        with pytest.raises(intake.UnableToReceive):
            receive(bob, amount="900.00")
        client, conflict = as_role("accountant"), NoticeConflict.objects.get()
        assert "пришёл ещё раз: 900,00 ₽" in text_of(client, "/crm/payments/incoming/")
        client.post(f"/crm/payments/contradictions/{conflict.pk}/", {"note": "Верна первая"})
        conflict.refresh_from_db()
        assert (conflict.note, conflict.seen_at is not None) == ("Верна первая", True)
        assert "пришёл ещё раз" not in text_of(client, "/crm/payments/incoming/")
        again = client.post(f"/crm/payments/contradictions/{conflict.pk}/", {"note": "x"})
        assert again.status_code == 404


class TestQueue:
    def test_is_told_on_the_start_page_to_whom_it_concerns(self, as_role: StaffClient) -> None:
        receive()
        assert "1 платёж ждёт разнесения" in text_of(as_role("accountant"), "/crm/")
        assert "ждёт разнесения" not in text_of(as_role("agent"), "/crm/")

    def test_shows_what_waits_and_its_sum(self, as_role: StaffClient, bob: Account) -> None:
        receive(hint="12-34")
        receive(external_id="T2", amount="50.00")
        receive(bob, external_id="T3")
        told = text_of(as_role("accountant"), "/crm/payments/unassigned/")
        assert "Ждут 2 платежа, 150,00 ₽" in told
        assert "12-34" in told
        assert "Бобров" not in told

    def test_a_person_finds_the_account_and_assigns(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        notice, client = receive(hint="12-34"), as_role("accountant")
        page = client.get(f"/crm/payments/incoming/{notice.pk}/", {"q": "Бобров"})
        address = f"/crm/payments/incoming/{notice.pk}/assign/{bob.pk}/"
        assert address in page.content.decode()
        assert "Бобров Борис" in text_of(client, address)
        answer = client.post(address, {"note": "чек у абонента"})
        assert (answer.status_code, answer["Location"]) == (302, "/crm/payments/unassigned/")
        assert money(bob) == Decimal("100.00")
        told = text_of(client, f"/crm/payments/incoming/{notice.pk}/")
        assert "чек у абонента" in told
        assert "accountant Петрова" in told
        assert "Чьи это деньги?" not in told

    def test_a_refusal_is_told_in_the_form(self, as_role: StaffClient, bob: Account) -> None:
        notice, client = receive(), as_role("accountant")
        Account.objects.filter(pk=bob.pk).update(closed_on=timezone.localdate())
        answer = client.post(f"/crm/payments/incoming/{notice.pk}/assign/{bob.pk}/", {"note": ""})
        assert "Счёт закрыт." in answer.content.decode()
        assert money(bob) == Decimal(0)

    def test_a_closed_account_is_shown_and_not_offered(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        Account.objects.filter(pk=bob.pk).update(closed_on=timezone.localdate())
        notice, client = receive(bob), as_role("accountant")
        page = client.get(f"/crm/payments/incoming/{notice.pk}/").content.decode()
        assert "Бобров" in page
        assert f"assign/{bob.pk}/" not in page

    def test_an_agent_sees_and_does_not_assign(self, as_role: StaffClient, bob: Account) -> None:
        notice, client = receive(), as_role("agent")
        page = client.get(f"/crm/payments/incoming/{notice.pk}/", {"q": "Бобров"}).content.decode()
        assert "assign/" not in page
        answer = client.post(f"/crm/payments/incoming/{notice.pk}/assign/{bob.pk}/", {"note": ""})
        assert answer.status_code == 403
        assert money(bob) == Decimal(0)

    def test_give_back_within_the_limit(self, as_role: StaffClient) -> None:
        notice, client = receive(), as_role("accountant")
        address = f"/crm/payments/incoming/{notice.pk}/return/"
        assert "Обязательное поле" in client.post(address, {"reason": ""}).content.decode()
        client.post(address, {"reason": "Ошибся номером"})
        notice.refresh_from_db()
        assert (notice.state, notice.note) == ("returned", "Ошибся номером")

    def test_above_the_limit_a_second_person_decides(self, as_role: StaffClient) -> None:
        notice, client = receive(amount="3000.01"), as_role("accountant")
        client.post(f"/crm/payments/incoming/{notice.pk}/return/", {"reason": "Ошибся"})
        asked, boss = Approval.objects.get(), as_role("administrator")
        address = f"/crm/payments/returns/{asked.pk}/approve/"
        mine = text_of(client, f"/crm/payments/incoming/{notice.pk}/")
        assert "предлагает вернуть: Ошибся" in mine
        assert "Решать должен кто-то другой" in client.post(address).content.decode()
        told = text_of(boss, "/crm/approvals/")
        assert "Деньги к возврату" in told
        assert "3 000,01 ₽ Ошибся accountant Петрова" in told
        boss.post(address)
        notice.refresh_from_db()
        assert notice.state == "returned"
        assert boss.post(address).status_code == 404

    def test_a_return_refused(self, as_role: StaffClient) -> None:
        notice, client = receive(amount="3000.01"), as_role("accountant")
        client.post(f"/crm/payments/incoming/{notice.pk}/return/", {"reason": "Ошибся"})
        asked = Approval.objects.get()
        as_role("administrator").post(f"/crm/payments/returns/{asked.pk}/refuse/")
        notice.refresh_from_db()
        assert notice.state == "unassigned"


class TestHistory:
    def test_money_to_a_closed_account_is_in_its_history(
        self, as_role: StaffClient, bob: Account
    ) -> None:
        Account.objects.filter(pk=bob.pk).update(closed_on=timezone.localdate())
        receive(bob)
        told = text_of(as_role("agent"), f"/crm/customers/{bob.customer_id}/")
        assert "Извещение о платеже" in told
        assert "лицевой счёт закрыт" in told

    def test_a_credited_payment_is_there_once(self, as_role: StaffClient, bob: Account) -> None:
        receive(bob)
        told = text_of(as_role("agent"), f"/crm/customers/{bob.customer_id}/")
        assert told.count("T1") == 1

    def test_a_refused_cancellation_is_there(self, as_role: StaffClient, bob: Account) -> None:
        machine = terminal()[1]
        when = f"{timezone.localtime():%Y%m%d%H%M%S}"
        machine.pay("7", bob.number, "100.00", when)
        Terminal.objects.update(cancel_days=0)
        PaymentNotice.objects.update(received_at=timezone.now() - timedelta(days=2))
        assert machine.ask("cancel", "7")["result"] == "7"
        told = text_of(as_role("agent"), f"/crm/customers/{bob.customer_id}/")
        assert "отменять поздно" in told


class TestTerminals:
    FORM = {
        "code": "elecsnet", "name": "Элекснет", "account_by": "number", "least": "10",
        "most": "15000", "cancel_days": "1", "columns": "txn_id;date;account;sum",
        "is_active": "on", "keeps_unknown": "on",
    }  # fmt: skip

    def test_is_made_and_its_password_shown_once(self, as_role: StaffClient, bob: Account) -> None:
        boss = as_role("administrator")
        page = boss.post("/crm/payments/terminals/new/", self.FORM, follow=True).content.decode()
        [password] = re.findall(r"пароль ([\w-]{32})", page)
        assert Machine("elecsnet", password).ask("check", "1", account=bob.number)["result"] == "0"
        assert password not in boss.get("/crm/payments/terminals/").content.decode()

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"networks": "somewhere"}, "не сеть"),
            ({"columns": "a;b"}, "Нет столбца"),
            ({"code": "Э"}, "id_code_error"),
            ({"most": "1"}, "note now"),
        ],
    )
    def test_refusals_stand_at_their_fields(
        self, as_role: StaffClient, wrong: dict[str, str], told: str
    ) -> None:
        boss = as_role("administrator")
        answer = boss.post("/crm/payments/terminals/new/", {**self.FORM, **wrong})
        assert told in answer.content.decode()
        assert not Terminal.objects.exists()

    def test_is_changed_and_stopped(self, as_role: StaffClient, bob: Account) -> None:
        row, machine = terminal()
        form = {
            name: value for name, value in self.FORM.items() if name not in {"code", "is_active"}
        }
        as_role("administrator").post(f"/crm/payments/terminals/{row.pk}/", form)
        row.refresh_from_db()
        assert (row.code, row.name, row.is_active, row.user_name) == (
            "qiwi", "Элекснет", False, "qiwi",
        )  # fmt: skip
        assert machine.ask("check", "1", account=bob.number)["result"] == "7"

    def test_a_new_password(self, as_role: StaffClient, bob: Account) -> None:
        row, machine = terminal()
        boss = as_role("administrator")
        boss.post(f"/crm/payments/terminals/{row.pk}/password/")
        assert machine.send().status_code == 401


class TestRegistries:
    def deliver(self, client: Client, row: Terminal, text: str) -> str:
        form = {
            "terminal": row.pk, "on": timezone.localdate().isoformat(),
            "file": SimpleUploadedFile("r.csv", text.encode()),
        }  # fmt: skip
        answer = client.post("/crm/payments/registries/", form, follow=True)
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))

    def test_compared_and_taken_in(self, as_role: StaffClient, bob: Account) -> None:
        row, machine = terminal()
        when, client = f"{timezone.localtime():%Y%m%d%H%M%S}", as_role("accountant")
        machine.pay("1", bob.number, "10.00", when)
        told = self.deliver(client, row, f"1;{when};{bob.number};10\n2;{when};{bob.number};5\n")
        assert "Нет у нас: 1" in told
        registry = TerminalRegistry.objects.get()
        address = f"/crm/payments/registries/{registry.pk}/"
        assert "В реестре 1 платёж" in text_of(client, f"{address}take/")
        client.post(f"{address}take/")
        assert money(bob) == Decimal("15.00")
        assert "Сходится: 2" in text_of(client, address)
        assert client.post(f"{address}compare/").status_code == 302
        assert "✓ всё сходится" in text_of(client, "/crm/payments/registries/")

    def test_wrong_lines_are_named(self, as_role: StaffClient) -> None:
        row, _machine = terminal()
        told = self.deliver(as_role("accountant"), row, "1;20200101000000;1;5\n2;x;1;0\n")
        assert "Не читаются строки реестра" in told
        assert "1 date" in told
        assert "2 sum" in told
        assert not TerminalRegistry.objects.exists()
