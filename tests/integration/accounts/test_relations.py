"""Units of companies and people of households: what can be, what can't, who sees whose account."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import operations
from accounts.domain.households import Right
from accounts.models import Account, CompanyUnit, Customer, HouseholdMember
from accounts.operations import companies, households
from accounts.operations.companies import UnableToChangeUnit
from accounts.operations.households import UnableToChangeHousehold
from accounts.queries import relations
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent
from tests import people

pytestmark = pytest.mark.django_db
WHO = {"now": people.NOON, "actor": people.CLERK}


@pytest.fixture
def bereg(db: None) -> Customer:
    return operations.create_company(name="ООО «Берег»", inn="7801234564", **WHO)


def add(parent: Customer, name: str, kind: str = "branch", **terms: object) -> Customer:
    return companies.add_unit(parent_id=parent.pk, name=name, kind=kind, **WHO, **terms)


def change(unit: Customer, parent: Customer, **terms: object) -> CompanyUnit:
    asked = {"kind": "department", "cost_centre": "", "is_billed_apart": False, **terms}
    return companies.change_unit(customer_id=unit.pk, parent_id=parent.pk, **asked, **WHO)


def tree(customer: Customer) -> list[tuple[int, str]]:
    return [(unit.depth, unit.name) for unit in relations.list_units(customer.pk)]


def rights_of(customer: Customer) -> dict[int, Right]:
    return {seen.id: seen.right for seen in relations.list_seen_accounts(customer.pk)}


def broken() -> set[str]:
    return {one.name for one in relations.invariants() if find_violations(one)}


class TestCompany:
    def test_units_hang_in_their_order(self, bereg: Customer) -> None:
        north = add(bereg, "Северный филиал", kpp="780101001", cost_centre="ЦЗ-10")
        add(bereg, "Южный филиал")
        desk = add(north, "Бухгалтерия", "department")
        add(north, "Склад", "department", is_billed_apart=True)
        assert tree(bereg) == [
            (1, "Северный филиал"),
            (2, "Бухгалтерия"),
            (2, "Склад"),
            (1, "Южный филиал"),
        ]
        assert tree(north) == [(1, "Бухгалтерия"), (1, "Склад")]
        assert relations.list_above(desk.pk) == [north.pk, bereg.pk]
        assert (north.inn, north.kpp) == ("7801234564", "780101001")
        assert [unit.is_billed_apart for unit in relations.list_units(north.pk)] == [False, True]
        assert broken() == set()

    def test_namesakes_keep_their_children_apart(self, bereg: Customer) -> None:
        first, second = add(bereg, "Филиал"), add(bereg, "Филиал")
        add(first, "А"), add(second, "Б")
        assert tree(bereg) == [(1, "Филиал"), (2, "А"), (1, "Филиал"), (2, "Б")]

    def test_a_unit_moves_with_what_is_beneath_it(self, bereg: Customer) -> None:
        north, south = add(bereg, "Север"), add(bereg, "Юг")
        desk = add(north, "Отдел", "department")
        add(desk, "Группа", "department")
        change(desk, south, cost_centre="ЦЗ-7", is_billed_apart=True)
        assert tree(bereg) == [(1, "Север"), (1, "Юг"), (2, "Отдел"), (3, "Группа")]
        moved = CompanyUnit.objects.get(customer=desk)
        assert (moved.cost_centre, moved.is_billed_apart) == ("ЦЗ-7", True)
        event = BusinessEvent.objects.get(kind="unit.changed")
        assert event.data["before"]["parent"] == north.pk

    def test_a_unit_is_never_beneath_itself(self, bereg: Customer) -> None:
        north = add(bereg, "Север")
        desk = add(north, "Отдел", "department")
        for parent in (north, desk):
            with pytest.raises(UnableToChangeUnit):
                change(north, parent)
        assert tree(bereg) == [(1, "Север"), (2, "Отдел")]

    def test_a_unit_stays_in_its_company(self, bereg: Customer) -> None:
        other = operations.create_company(name="ООО «Мыс»", inn="7830002293", **WHO)
        unit, foreign = add(bereg, "Север"), add(other, "Запад")
        for parent in (other, foreign):
            with pytest.raises(UnableToChangeUnit):
                change(unit, parent)
        assert (tree(bereg), tree(other)) == ([(1, "Север")], [(1, "Запад")])

    def test_the_tree_is_five_levels_deep_at_most(self, bereg: Customer) -> None:
        at, chain = bereg, []
        for level in range(companies.DEEPEST):
            at = add(at, f"Уровень {level + 1}")
            chain.append(at)
        with pytest.raises(UnableToChangeUnit):
            add(at, "Шестой")
        branch = add(bereg, "Ветвь")
        add(branch, "Лист")
        with pytest.raises(UnableToChangeUnit):
            change(branch, chain[3])
        change(branch, chain[2])

    def test_persons_have_no_branches(self, db: None) -> None:
        with pytest.raises(UnableToChangeUnit):
            add(people.person("Смирнова", "Алиса"), "Филиал")
        assert not CompanyUnit.objects.exists()

    def test_a_unit_leaves_once_nothing_is_left_in_it(self, bereg: Customer) -> None:
        north = add(bereg, "Север")
        desk = add(north, "Отдел", "department")
        with pytest.raises(UnableToChangeUnit):
            companies.remove_unit(customer_id=north.pk, **WHO)
        companies.remove_unit(customer_id=desk.pk, **WHO)
        account = open_for(bereg, north)
        with pytest.raises(UnableToChangeUnit):
            companies.remove_unit(customer_id=north.pk, **WHO)
        Account.objects.filter(pk=account.pk).update(closed_on=people.TODAY)
        companies.remove_unit(customer_id=north.pk, **WHO)
        assert tree(bereg) == []
        assert Customer.objects.filter(pk=north.pk).exists()

    def test_an_account_of_a_unit_stands_under_the_companys_contract(self, bereg: Customer) -> None:
        north = add(bereg, "Север")
        account = open_for(bereg, north)
        pay(account, "120.00")
        assert (account.customer_id, account.contract.customer_id) == (north.pk, bereg.pk)
        [unit] = relations.list_units(bereg.pk)
        assert (unit.accounts, unit.money) == (1, Decimal("120.00"))

    def test_nobody_else_gets_an_account_under_it(self, bereg: Customer) -> None:
        stranger = people.person("Смирнова", "Алиса")
        with pytest.raises(operations.UnableToOpenAccount):
            open_for(bereg, stranger)
        assert not Account.objects.exists()

    def test_the_company_looks_at_its_units_and_they_at_their_own(self, bereg: Customer) -> None:
        north = add(bereg, "Север")
        desk = add(north, "Отдел", "department")
        accounts = [open_for(bereg, each) for each in (bereg, north, desk)]
        ids = [account.pk for account in accounts]
        assert rights_of(bereg) == dict.fromkeys(ids, Right.MANAGE)
        assert rights_of(north) == dict.fromkeys(ids[1:], Right.MANAGE)
        assert rights_of(desk) == {ids[2]: Right.MANAGE}

    def test_own_accounts_come_first_and_open_ones_before_closed(self, bereg: Customer) -> None:
        north = add(bereg, "Север")
        of_unit = open_for(bereg, north)
        closed, own = open_for(bereg, bereg), open_for(bereg, bereg)
        Account.objects.filter(pk=closed.pk).update(closed_on=people.TODAY)
        found = relations.list_seen_accounts(bereg.pk)
        assert [each.id for each in found] == [own.pk, closed.pk, of_unit.pk]
        assert [each.is_closed for each in found] == [False, True, False]
        assert found[2].holder == "Север"

    def test_planted_faults_are_found(self, bereg: Customer) -> None:
        north, south = add(bereg, "Север"), add(bereg, "Юг")
        assert broken() == set()
        CompanyUnit.objects.filter(customer=north).update(parent=south)
        CompanyUnit.objects.filter(customer=south).update(parent=north)
        assert broken() == {"every unit hangs beneath its company"}
        CompanyUnit.objects.update(parent=bereg)
        Customer.objects.filter(pk=bereg.pk).update(kind="household")
        assert broken() == {"only companies have units, only households have members"}


class TestHousehold:
    @pytest.fixture
    def family(self, db: None) -> dict[str, Customer]:
        names = {"anna": "Анна", "boris": "Борис", "vera": "Вера", "gleb": "Глеб"}
        return {key: people.person("Смирнов", name) for key, name in names.items()}

    @pytest.fixture
    def home(self, family: dict[str, Customer]) -> Customer:
        return households.create_household(
            owner_id=family["anna"].pk, name="Семья Смирновых", **WHO
        )

    def join(self, home: Customer, person: Customer, role: str) -> HouseholdMember:
        return households.add_person(household_id=home.pk, person_id=person.pk, role=role, **WHO)

    def roles(self, home: Customer) -> dict[str, str]:
        return {each.person.first_name: each.role for each in relations.list_members(home.pk)}

    def test_it_begins_with_its_owner(self, home: Customer) -> None:
        assert self.roles(home) == {"Анна": "owner"}
        assert (home.kind, home.name) == ("household", "Семья Смирновых")
        told = BusinessEvent.objects.filter(kind="household.joined")
        assert {event.customer_id for event in told} == {
            home.pk,
            relations.list_members(home.pk)[0].person_id,
        }

    def test_one_owner_one_payer(self, home: Customer, family: dict[str, Customer]) -> None:
        self.join(home, family["boris"], "payer")
        for role in ("payer", "owner"):
            with pytest.raises(UnableToChangeHousehold):
                self.join(home, family["vera"], role)
        assert self.roles(home) == {"Анна": "owner", "Борис": "payer"}

    def test_nobody_is_in_two_households(self, home: Customer, family: dict[str, Customer]) -> None:
        other = households.create_household(owner_id=family["vera"].pk, name="Вторая", **WHO)
        self.join(home, family["boris"], "user")
        with pytest.raises(UnableToChangeHousehold, match="Семья Смирновых"):
            self.join(other, family["boris"], "user")
        households.remove_person(household_id=home.pk, person_id=family["boris"].pk, **WHO)
        self.join(other, family["boris"], "user")
        assert self.roles(other) == {"Вера": "owner", "Борис": "user"}

    def test_a_new_owner_takes_over(self, home: Customer, family: dict[str, Customer]) -> None:
        self.join(home, family["boris"], "user")
        asked = {"household_id": home.pk, **WHO}
        with pytest.raises(UnableToChangeHousehold):
            households.change_role(person_id=family["anna"].pk, role="user", **asked)
        households.change_role(person_id=family["boris"].pk, role="owner", **asked)
        assert self.roles(home) == {"Анна": "user", "Борис": "owner"}
        assert HouseholdMember.objects.filter(left_at=people.NOON).count() == 2

    def test_the_owner_goes_last(self, home: Customer, family: dict[str, Customer]) -> None:
        self.join(home, family["boris"], "user")
        asked = {"household_id": home.pk, **WHO}
        with pytest.raises(UnableToChangeHousehold):
            households.remove_person(person_id=family["anna"].pk, **asked)
        for name in ("boris", "anna"):
            households.remove_person(person_id=family[name].pk, **asked)
        assert self.roles(home) == {}

    def test_companies_are_no_family(self, home: Customer) -> None:
        company = operations.create_company(name="ООО «Берег»", inn="7801234564", **WHO)
        with pytest.raises(UnableToChangeHousehold):
            self.join(home, company, "user")

    def test_who_sees_whose_account(self, home: Customer, family: dict[str, Customer]) -> None:
        for name, role in (("boris", "payer"), ("vera", "user"), ("gleb", "child")):
            self.join(home, family[name], role)
        of = {name: people.open_account(person).pk for name, person in family.items()}
        of["home"] = people.open_account(home).pk

        def seen(name: str) -> dict[str, str]:
            rights = rights_of(family[name])
            return {key: str(rights[pk]) for key, pk in of.items() if pk in rights}

        assert seen("anna") == {"anna": "manage", "gleb": "manage", "home": "manage"}
        assert seen("boris") == {**dict.fromkeys(of, "pay"), "boris": "manage"}
        assert seen("vera") == {"vera": "manage"}
        assert seen("gleb") == {"gleb": "manage"}
        households.remove_person(household_id=home.pk, person_id=family["boris"].pk, **WHO)
        assert seen("boris") == {"boris": "manage"}
        assert seen("anna") == {"anna": "manage", "vera": "pay", "gleb": "manage", "home": "manage"}

    def test_the_database_itself_knows_one_household_a_person(
        self, home: Customer, family: dict[str, Customer]
    ) -> None:
        row = {"household": home, "person": family["anna"], "role": "user", "actor": "staff:1"}
        with pytest.raises(IntegrityError), transaction.atomic():
            HouseholdMember.objects.create(joined_at=people.NOON, **row)
        late = people.NOON + timedelta(days=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            HouseholdMember.objects.create(joined_at=late, left_at=people.NOON, **row)

    def test_a_planted_fault_is_found(self, home: Customer) -> None:
        assert broken() == set()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_customer SET kind = 'company' WHERE id = %s", [home.pk])
        assert broken() == {"only companies have units, only households have members"}


def open_for(company: Customer, owner: Customer) -> Account:
    """An account of a unit under a contract of its company."""
    contract = operations.sign_contract(
        customer=company, legal_entity=people.ladoga(), signed_on=people.TODAY, **WHO
    )
    return operations.open_account(
        contract=contract, customer=owner, kind="postpaid", on=people.TODAY, **WHO
    )


def pay(account: Account, amount: str) -> None:
    operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="bank",
        external_id="1",
        paid_at=people.NOON,
        business_date=people.TODAY,
        **WHO,
    )
