"""
What the product says beside what the plain books say: to the kopeck, line by line.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models.ledger import AccountBalance
from billing_project.invariants import broken_promises
from invoicing.models import Bill, BillLine, ConsolidatedBill
from tariffs.domain.deck import UsageKind
from tariffs.models import Zone
from tests.scenarios import plain_bills
from tests.scenarios.lived_services import Customers
from tests.scenarios.plain_fees import DAY
from tests.scenarios.plain_services import (
    ZERO,
)


def compare(life: Customers) -> None:
    compare_balances(life)
    compare_bills(life)
    compare_papers(life)


def compare_balances(life: Customers) -> None:
    told = {
        row.account_id: (row.money, row.bonus, row.held, row.floor)
        for row in AccountBalance.objects.filter(
            account_id__in=[one.pk for one in life.rows.values()]
        )
    }
    for key, row in life.rows.items():
        plain = life.books.accounts[key]
        expected = (plain.money, plain.bonus, ZERO, plain.floor)
        assert told[row.pk] == expected, f"{key} on {life.today}: {told[row.pk]}, not {expected}"


def compare_bills(life: Customers) -> None:
    """Those that are new since the last look."""
    plain = sum(len(one.bills) for one in life.books.accounts.values())
    assert Bill.objects.count() == plain, f"bills on {life.today}"
    if plain == life.compared:
        return
    life.compared = plain
    zones = dict(Zone.objects.values_list("id", "code"))
    keys = {row.pk: key for key, row in life.services.items()}
    for name, row in life.rows.items():
        bills = list(Bill.objects.filter(account=row).order_by("pk"))
        for one, bill in zip(life.books.accounts[name].bills, bills, strict=True):
            if bill.issued_on >= life.today:
                _compare_lines(one, bill, keys=keys, zones=zones)


def _compare_lines(
    one: plain_bills.Bill,
    bill: Bill,
    *,
    keys: dict[int, str],
    zones: dict[int, str],
) -> None:
    told = list(bill.lines.order_by("position"))
    one.lines = in_order(one.lines, told, keys=keys, zones=zones)
    if one.replaces is None:
        plain_bills.tax_of(one.lines)
    where = f"{one.account}, bill of {one.first}"
    lines = [(line.net, line.tax, line.gross) for line in told]
    assert lines == [(x.gross - x.tax, x.tax, x.gross) for x in one.lines], where
    days = (bill.period_start, bill.period_end, bill.issued_on)
    sums = (bill.opening, bill.net, bill.tax, bill.gross)
    rest = (bill.payments, bill.adjustments, bill.closing)
    assert (*days, *sums, *rest) == one.figures, where


def compare_papers(life: Customers) -> None:
    papers = list(ConsolidatedBill.objects.order_by("pk"))
    assert len(papers) == len(life.books.papers), f"papers on {life.today}"
    told = [_paper(paper) for paper in papers if paper.issued_on >= life.today]
    new = [paper for paper in life.books.papers if paper.parts[-1].issued >= life.today]
    names = {key: row.customer.name for key, row in life.rows.items()}
    plain = [
        (
            (names[one.payer], *one.figures[1:]),
            {
                (names[part.account], life.books.accounts[part.account].cost_centre)
                for part in one.parts
            },
        )
        for one in new
    ]
    assert sorted(told, key=str) == sorted(plain, key=str)


def prove(life: Customers) -> None:
    """The ledger by kinds, its two sides, every promise of the house."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, sum(amount) FROM accounts_ledgerentry WHERE fund = 1 GROUP BY kind"
        )
        moved = {Kind(kind).name: amount for kind, amount in cursor.fetchall() if amount}
    assert moved == life.books.trial()
    # What the contra accounts gained, the personal ones have lost.
    sides = accounts_queries.trial_sides(first=date(2025, 1, 1), last=life.today + DAY)
    held = sum((one.money + one.bonus for one in life.books.accounts.values()), ZERO)
    assert sum((side.turnover for side in sides), ZERO) + held == 0
    assert broken_promises() == []


def compare_note(made: Any, taxes: Iterable[Decimal]) -> None:
    """The tax of each of its lines."""
    assert list(made.lines.order_by("position").values_list("tax", flat=True)) == list(taxes)


def _paper(paper: ConsolidatedBill) -> tuple[object, set[tuple[str, str]]]:
    sums = (paper.opening, paper.net, paper.tax, paper.gross)
    rest = (paper.payments, paper.adjustments, paper.closing)
    parts = {
        (part.customer.name, part.cost_centre) for part in paper.parts.select_related("customer")
    }
    days = (paper.customer.name, paper.period_start, paper.period_end)
    return (*days, *sums, *rest), parts


def in_order(
    plain: list[plain_bills.Line],
    told: list[BillLine],
    *,
    keys: dict[int, str],
    zones: dict[int, str],
) -> list[plain_bills.Line]:
    """Return the plain lines in the order of the bill's; they have to be the same ones."""
    left = list(plain)
    found = []
    for line in told:
        key = (line.kind, keys.get(line.subscription_id or 0, ""), about(line, zones))
        same = [
            one
            for one in left
            if (one.kind, one.service, one.about) == key
            and one.percent == line.tax_percent
            and (one.kind != "usage" or one.count == line.count)
            and one.amount == (line.gross if one.included else line.net)
        ]
        assert same, f"{key}, {line.tax_percent} %, {line.gross} is not among {left}"
        left.remove(same[0])
        found.append(same[0])
    assert not left, f"not on the bill: {left}"
    return found


def about(line: BillLine, zones: dict[int, str]) -> str:
    """What a line says that it is about, in the words of the plain books."""
    told = line.explanation
    if line.kind == "usage":
        kind = UsageKind(told["usage_kind"] - Kind.USAGE_VOICE + 1).code
        return f"{kind} {zones.get(told['zone_id'], '')}"
    if line.kind != "fee":
        return ""
    if told["fee_period"] == "once":
        return str(told["plan"])
    return " ".join(
        [told.get("what", "plan"), told["plan"], told["period_start"], told["period_end"]]
    )
