"""Consolidated bills: which bills are joined for whom, their sums, their numbers, once."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import operations as accounts
from accounts.models import Account, Customer, LegalEntity
from accounts.operations import companies
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent
from invoicing import operations, queries
from invoicing.models import Bill, ConsolidatedBill, ConsolidatedPart
from invoicing.queries import consolidated
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    make_account,
    make_entity,
    make_version,
    pay,
    post,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
SINCE = at(JANUARY, 8)


def consolidate(on: date) -> int:
    return operations.consolidate_bills(business_date=on, now=at(on, 23), actor=ACTOR)


def broken() -> set[str]:
    return {one.name for one in queries.invariants() if find_violations(one)}


class Company:
    """ООО «Берег» with an account of its own, and units with one each."""

    def __init__(self) -> None:
        self.account = make_account(company=True)
        self.root = self.account.customer

    def unit(
        self,
        name: str,
        *,
        parent: Customer | None = None,
        entity: LegalEntity | None = None,
        **terms: object,
    ) -> Account:
        """A unit with an account under a contract of the company."""
        customer = companies.add_unit(
            parent_id=(parent or self.root).pk,
            name=name,
            kind="branch",
            now=SINCE,
            actor=ACTOR,
            **terms,
        )
        contract = accounts.sign_contract(
            customer=self.root,
            legal_entity=entity or make_entity(),
            signed_on=JANUARY,
            now=SINCE,
            actor=ACTOR,
        )
        return accounts.open_account(
            contract=contract,
            customer=customer,
            kind="postpaid",
            on=JANUARY,
            now=SINCE,
            actor=ACTOR,
        )


@pytest.fixture
def bereg(db: None) -> Company:
    return Company()


def month(fees: dict[Account, str]) -> None:
    """A month of recurring fees, billed on 1 February."""
    for account, fee in fees.items():
        connect(account, make_version(fee))
    charge(JANUARY)
    assert bill(FEBRUARY) == len(fees)


def papers() -> list[tuple[str, str, Decimal, int]]:
    return [
        (paper.customer.name, paper.number_text, paper.gross, paper.parts.count())
        for paper in ConsolidatedBill.objects.order_by("number")
    ]


def test_units_stand_on_one_bill_of_the_company(bereg: Company) -> None:
    north = bereg.unit("Север", cost_centre="ЦЗ-10")
    south = bereg.unit("Юг", cost_centre="ЦЗ-20")
    month({bereg.account: "100.00", north: "300.00", south: "200.50"})
    pay(north, "50.00", on=date(2026, 1, 20))
    assert consolidate(FEBRUARY) == 1
    paper = ConsolidatedBill.objects.get()
    assert papers() == [("ООО «Берег»", "СВ-2026-000001", Decimal("600.50"), 3)]
    bills = Bill.objects.all()
    assert paper.closing == sum(each.closing for each in bills)
    assert (paper.period_start, paper.period_end) == (JANUARY, FEBRUARY)
    assert (paper.issued_on, paper.due_on) == (FEBRUARY, date(2026, 2, 21))
    centres = ConsolidatedPart.objects.values_list("account_id", "cost_centre")
    assert dict(centres) == {bereg.account.pk: "", north.pk: "ЦЗ-10", south.pk: "ЦЗ-20"}
    assert broken() == set()


def test_a_second_night_makes_nothing(bereg: Company) -> None:
    month({bereg.account: "100.00", bereg.unit("Север"): "300.00"})
    assert [consolidate(FEBRUARY), consolidate(FEBRUARY), consolidate(date(2026, 2, 2))] == [
        1,
        0,
        0,
    ]
    told = BusinessEvent.objects.get(kind="bill.consolidated")
    assert (told.customer_id, told.data["gross"]) == (bereg.root.pk, "400.00")


def test_who_is_billed_apart_gets_none_with_the_others(bereg: Company) -> None:
    north = bereg.unit("Север")
    alone = bereg.unit("Юг", is_billed_apart=True)
    month({bereg.account: "1.00", north: "20.00", alone: "300.00"})
    assert consolidate(FEBRUARY) == 1
    assert papers() == [("ООО «Берег»", "СВ-2026-000001", Decimal("21.00"), 2)]


def test_a_unit_billed_apart_pays_for_what_is_beneath_it(bereg: Company) -> None:
    north = bereg.unit("Север", is_billed_apart=True)
    desk = bereg.unit("Отдел", parent=north.customer)
    group = bereg.unit("Группа", parent=desk.customer)
    month({bereg.account: "1.00", north: "20.00", desk: "300.00", group: "4000.00"})
    assert consolidate(FEBRUARY) == 1
    assert papers() == [("Север", "СВ-2026-000001", Decimal("4320.00"), 3)]


def test_companies_without_units_and_people_get_none(bereg: Company) -> None:
    month({bereg.account: "100.00", make_account(): "300.00"})
    assert consolidate(FEBRUARY) == 0
    assert not ConsolidatedBill.objects.exists()


def test_legal_entities_are_kept_apart_each_with_its_numbers(bereg: Company) -> None:
    other = make_entity("7801000019")
    month(
        {
            bereg.account: "100.00",
            bereg.unit("Север"): "20.00",
            bereg.unit("Юг", entity=other): "3.00",
        }
    )
    assert consolidate(FEBRUARY) == 2
    found = ConsolidatedBill.objects.order_by("gross").values_list("number", "gross")
    assert list(found) == [(1, Decimal("3.00")), (1, Decimal("120.00"))]
    assert broken() == set()


def test_a_late_bill_of_the_cycle_stands_on_another_paper(bereg: Company) -> None:
    north = bereg.unit("Север")
    month({bereg.account: "100.00"})
    assert consolidate(FEBRUARY) == 1
    post(north, "-20.00", on=date(2026, 1, 20))
    assert bill(date(2026, 2, 2)) == 1
    assert consolidate(date(2026, 2, 2)) == 1
    assert [paper[1:2] + paper[3:] for paper in papers()] == [
        ("СВ-2026-000001", 1),
        ("СВ-2026-000002", 1),
    ]
    assert broken() == set()


def test_bills_of_long_ago_are_left_alone_when_a_tree_is_made(bereg: Company) -> None:
    month({bereg.account: "100.00"})
    bereg.unit("Север")
    assert consolidate(date(2026, 2, 12)) == 0
    assert consolidate(date(2026, 2, 10)) == 1


def test_numbers_run_on_month_after_month(bereg: Company) -> None:
    north = bereg.unit("Север")
    month({bereg.account: "100.00", north: "300.00"})
    assert consolidate(FEBRUARY) == 1
    charge(FEBRUARY)
    assert bill(MARCH) == 2
    assert consolidate(MARCH) == 1
    first, second = ConsolidatedBill.objects.order_by("number")
    assert second.opening == first.closing
    assert broken() == set()


@pytest.mark.parametrize(
    ("statement", "promise"),
    [
        (
            "UPDATE invoicing_consolidatedbill SET gross = gross + 1, net = net + 1",
            "invoicing: a consolidated bill is the sum of its bills",
        ),
        (
            "DELETE FROM invoicing_consolidatedpart",
            "invoicing: a consolidated bill is the sum of its bills",
        ),
        (
            "UPDATE invoicing_numberseries SET last = 2 WHERE document = 'consolidated'",
            "invoicing: consolidated bills are numbered without holes",
        ),
    ],
)
def test_a_planted_fault_is_found(bereg: Company, statement: str, promise: str) -> None:
    month({bereg.account: "100.00", bereg.unit("Север"): "300.00"})
    consolidate(FEBRUARY)
    assert broken() == set()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("consolidatedbill", "consolidatedpart"):
            cursor.execute(f"ALTER TABLE invoicing_{table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert broken() == {promise}


@pytest.mark.parametrize("table", ["consolidatedbill", "consolidatedpart"])
def test_papers_are_never_changed(bereg: Company, table: str) -> None:
    month({bereg.account: "100.00", bereg.unit("Север"): "300.00"})
    consolidate(FEBRUARY)
    for statement in (f"UPDATE invoicing_{table} SET id = id", f"DELETE FROM invoicing_{table}"):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", ("Сводный счёт СВ-2026-000001", "Без центра затрат", "По центрам затрат")),
        ("en", ("Consolidated bill СВ-2026-000001", "Without a cost centre", "By cost centre")),
    ],
)
def test_the_paper_tells_units_by_cost_centre(
    bereg: Company, language: str, words: tuple[str, str, str]
) -> None:
    month({bereg.account: "100.00", bereg.unit("Север", cost_centre="ЦЗ-10"): "300.00"})
    consolidate(FEBRUARY)
    paper = consolidated.consolidated_paper(ConsolidatedBill.objects.get(), language=language)
    assert words[0] in paper["title"]
    assert paper["words"]["parts"] == words[2]
    assert [centre["title"] for centre in paper["centres"]] == ["ЦЗ-10", words[1]]
    assert paper["centres"][0]["parts"][0][0] == "Север"
    pdf = consolidated.render_consolidated_pdf(ConsolidatedBill.objects.get().pk, language)
    assert pdf.startswith(b"%PDF-")


def test_moments_are_arguments(bereg: Company) -> None:
    month({bereg.account: "100.00", bereg.unit("Север"): "300.00"})
    consolidate(FEBRUARY)
    told = BusinessEvent.objects.get(kind="bill.consolidated")
    assert told.happened_at == at(FEBRUARY, 23)
    assert isinstance(told.happened_at, datetime)
