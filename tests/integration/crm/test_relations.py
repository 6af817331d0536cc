"""Branches, households and identity documents at the desk."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import operations
from accounts.models import (
    Account,
    CompanyUnit,
    Contract,
    Customer,
    HouseholdMember,
    IdentityDocument,
)
from accounts.queries import relations
from billing_project.kernel.models import BusinessEvent
from tests import people
from tests.integration.crm.conftest import StaffClient

pytestmark = pytest.mark.django_db
WHO = {"now": people.NOON, "actor": people.CLERK}


def address(name: str, *args: object) -> str:
    return reverse(f"crm:{name}", args=args)


def text_of(client: Client, to: str) -> str:
    answer = client.get(to)
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, to: str, **fields: object) -> str:
    """Send the form as the page shows it; return what came of it as a page."""
    shown = client.get(to)
    initial = shown.context["form"].initial if shown.context else {}
    kept = {"request_id": initial["request_id"]} if "request_id" in initial else {}
    return client.post(to, {**kept, **fields}, follow=True).content.decode()


@pytest.fixture
def agent(as_role: StaffClient) -> Client:
    return as_role("agent")


@pytest.fixture
def bereg(db: None) -> Customer:
    return operations.create_company(name="ООО «Берег»", inn="7801234564", **WHO)


@pytest.fixture
def alice(db: None) -> Customer:
    return people.person("Смирнова", "Алиса", phone="79215550111")


class TestCompany:
    unit = {"name": "Северный филиал", "kind": "branch", "kpp": "780101001", "cost_centre": "ЦЗ-1"}

    def test_a_branch_is_added_and_stands_on_the_card(self, agent: Client, bereg: Customer) -> None:
        assert "Нет: всё оформлено на саму компанию" in text_of(agent, address("card", bereg.pk))
        page = send(agent, address("add-unit", bereg.pk), **self.unit)
        assert "Северный филиал: добавлено." in page
        assert "ЦЗ-1" in page
        unit = CompanyUnit.objects.get()
        assert (unit.parent_id, unit.customer.kpp) == (bereg.pk, "780101001")
        card = text_of(agent, address("card", unit.customer_id))
        assert "Входит в сводный счёт компании" in card
        assert address("card", bereg.pk) in card

    def test_a_form_sent_twice_adds_one(self, agent: Client, bereg: Customer) -> None:
        to = address("add-unit", bereg.pk)
        fields = {**self.unit, "request_id": "one-and-the-same"}
        for _time in range(2):
            assert agent.post(to, fields).status_code == 302
        assert CompanyUnit.objects.count() == 1

    def test_a_wrong_kpp_is_told_at_its_field(self, agent: Client, bereg: Customer) -> None:
        page = send(agent, address("add-unit", bereg.pk), **{**self.unit, "kpp": "78"})
        assert "В КПП девять цифр" in page
        assert not CompanyUnit.objects.exists()

    def test_it_is_moved_where_it_may_hang_only(self, agent: Client, bereg: Customer) -> None:
        for name in ("Север", "Юг"):
            send(agent, address("add-unit", bereg.pk), **{**self.unit, "name": name})
        north, south = (unit.customer_id for unit in relations.list_units(bereg.pk))
        shown = agent.get(address("change-unit", south)).context["form"]
        assert [pk for pk, _name in shown.fields["parent_id"].choices] == [bereg.pk, north]
        page = send(agent, address("change-unit", south), parent_id=north, kind="department")
        assert "Подразделение изменено." in page
        send(agent, address("change-unit", north), parent_id=south, kind="branch")
        assert [unit.depth for unit in relations.list_units(bereg.pk)] == [1, 2]

    def test_its_account_stands_under_the_companys_contract(
        self, agent: Client, bereg: Customer
    ) -> None:
        contract = operations.sign_contract(
            customer=bereg, legal_entity=people.ladoga(), signed_on=people.TODAY, **WHO
        )
        send(agent, address("add-unit", bereg.pk), **self.unit)
        unit_id = CompanyUnit.objects.get().customer_id
        terms = {"kind": "postpaid", "credit_limit": "1000", "cycle_day": "1"}
        page = send(agent, address("open-unit-account", unit_id), contract=contract.pk, **terms)
        account = Account.objects.get()
        assert (account.customer_id, account.contract_id) == (unit_id, contract.pk)
        assert "Лицевой счёт открыт." in page

    def test_contracts_of_others_are_not_offered(self, agent: Client, bereg: Customer) -> None:
        send(agent, address("add-unit", bereg.pk), **self.unit)
        other = people.open_account_for("Иванов", "Пётр").contract
        to = address("open-unit-account", CompanyUnit.objects.get().customer_id)
        send(agent, to, contract=other.pk, kind="postpaid", credit_limit="0", cycle_day="1")
        assert Account.objects.count() == Contract.objects.count() == 1

    def test_it_is_taken_out(self, agent: Client, bereg: Customer) -> None:
        send(agent, address("add-unit", bereg.pk), **self.unit)
        unit_id = CompanyUnit.objects.get().customer_id
        page = send(agent, address("remove-unit", unit_id))
        assert "больше не подразделение" in page
        assert not CompanyUnit.objects.exists()
        assert agent.get(address("remove-unit", unit_id)).status_code == 404


class TestHousehold:
    @pytest.fixture
    def home(self, agent: Client, alice: Customer) -> Customer:
        send(agent, address("household", alice.pk), name="Семья Смирновых")
        return Customer.objects.get(kind="household")

    def test_it_is_made_from_the_owners_card(
        self, agent: Client, alice: Customer, home: Customer
    ) -> None:
        assert "владелец" in text_of(agent, address("card", home.pk))
        card = text_of(agent, address("card", alice.pk))
        assert "Семья Смирновых" in card
        assert "Создать домохозяйство" not in card

    @pytest.mark.parametrize("typed", ["+7 921 555-02-22", "сергеев", "Сергеев Павел"])
    def test_people_are_found_as_agents_look_for_them(
        self, agent: Client, home: Customer, typed: str
    ) -> None:
        pavel = people.open_account(people.person("Сергеев", "Павел", phone="79215550222"))
        page = send(agent, address("add-person", home.pk), person=typed, role="payer")
        assert "теперь в домохозяйстве" in page
        assert HouseholdMember.objects.get(role="payer").person_id == pavel.customer_id

    def test_of_several_one_is_chosen(self, agent: Client, home: Customer) -> None:
        found = [people.open_account_for("Сергеев", name) for name in ("Павел", "Пётр")]
        to = address("add-person", home.pk)
        page = send(agent, to, person="сергеев", role="child")
        assert "Кто из них" in page
        assert HouseholdMember.objects.count() == 1
        person_id = found[1].customer_id
        send(agent, to, person="сергеев", role="child", person_id=person_id)
        assert HouseholdMember.objects.get(role="child").person_id == person_id

    def test_nobody_found_is_told(self, agent: Client, home: Customer) -> None:
        page = send(agent, address("add-person", home.pk), person="Ктонетов", role="user")
        assert "частное лицо не найдено" in page

    def test_roles_are_changed_and_people_let_go(self, agent: Client, home: Customer) -> None:
        pavel = people.open_account_for("Сергеев", "Павел").customer_id
        send(agent, address("add-person", home.pk), person="сергеев", role="user")
        page = send(agent, address("change-role", home.pk, pavel), role="owner")
        assert "Роль изменена." in page
        owner = HouseholdMember.objects.get(left_at__isnull=True, role="owner")
        assert owner.person_id == pavel
        page = send(agent, address("remove-person", home.pk, pavel))
        assert "Владелец выходит последним" in page
        assert agent.get(address("remove-person", home.pk, 404)).status_code == 404


class TestDocuments:
    passport = {
        "kind": "passport",
        "number": "40 19 № 123456",
        "issued_on": "2020-03-01",
        "department": "780-001",
        "issued_by": "ГУ МВД",
        "address": "Невский, 1",
    }

    @pytest.fixture(autouse=True)
    def keys(self, settings: object) -> None:
        settings.RETEL_DOCUMENT_KEYS = ["k" * 40]  # type: ignore[attr-defined]

    def test_it_is_kept_and_the_card_shows_its_tail(self, agent: Client, alice: Customer) -> None:
        page = send(agent, address("add-document", alice.pk), **self.passport)
        assert "Документ сохранён в зашифрованном виде." in page
        assert "…456" in page
        assert "123456" not in page

    def test_agents_keep_and_do_not_look(self, agent: Client, alice: Customer) -> None:
        send(agent, address("add-document", alice.pk), **self.passport)
        document = IdentityDocument.objects.get()
        assert agent.get(address("show-document", document.pk)).status_code == 403

    def test_who_looks_says_why_and_is_written_down(
        self, agent: Client, as_role: StaffClient, alice: Customer
    ) -> None:
        send(agent, address("add-document", alice.pk), **self.passport)
        boss = as_role("administrator")
        to = address("show-document", IdentityDocument.objects.get().pk)
        assert "4019123456" not in text_of(boss, to)
        assert "4019123456" not in send(boss, to, reason="")
        page = send(boss, to, reason="запрос суда")
        assert "4019123456" in page
        assert "780-001" in page
        seen = BusinessEvent.objects.get(kind="document.seen")
        assert seen.data["reason"] == "запрос суда"
        assert "Документ просмотрен" in text_of(agent, address("card", alice.pk))

    def test_a_wrong_number_is_told(self, agent: Client, alice: Customer) -> None:
        page = send(agent, address("add-document", alice.pk), **{**self.passport, "number": "1"})
        assert "У этого документа номер выглядит иначе" in page

    def test_the_same_with_another_customer_is_told(self, agent: Client, alice: Customer) -> None:
        send(agent, address("add-document", alice.pk), **self.passport)
        twin = people.person("Смирнова", "Анна")
        page = send(agent, address("add-document", twin.pk), **self.passport)
        assert "Такой же документ есть у: Смирнова Алиса" in page

    def test_it_is_wiped(self, agent: Client, alice: Customer) -> None:
        send(agent, address("add-document", alice.pk), **self.passport)
        document = IdentityDocument.objects.get()
        page = send(agent, address("remove-document", document.pk), reason="по заявлению")
        assert "без возможности восстановления" in page
        assert (
            "…456"
            not in text_of(agent, address("card", alice.pk))
            .replace("Документ удалён", "")
            .split('id="timeline"', maxsplit=1)[0]
        )
        assert agent.get(address("remove-document", document.pk)).status_code == 404

    def test_companies_have_none(self, agent: Client, bereg: Customer) -> None:
        assert agent.get(address("add-document", bereg.pk)).status_code == 404
