"""
Bills of closed cycles: gathered in a few statements for thousands of accounts, decided in plain
Python (domain.documents), written in a few statements.

A chunk of accounts commits as a whole: lines, numbers, what was billed, tax that prices didn't
include, events. Killed anywhere, the next run makes exactly the bills that are missing.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any, Final

import orjson
from django.db import connection, transaction

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from billing_project.kernel.memory import uncollected
from billing_project.kernel.money import ZERO
from billing_project.kernel.operations import record_events
from billing_project.kernel.sql import id_array
from invoicing.domain.charges import (
    BY_ZONE,
    PAYMENTS,
    UNTAXED,
    Tax,
    charge_of_entry,
    charge_of_late_fees,
    charge_of_rest,
    charge_of_usage,
)
from invoicing.domain.documents import Charge, Line, build_lines, total_of
from invoicing.operations import parking
from invoicing.operations.parking import Document
from invoicing.queries import billing
from invoicing.queries.billing import DueCycle, Entry, TaxTable

#: Accounts per transaction: their number series is locked while they are written.
ACCOUNTS_AT_ONCE: Final = 5_000
#: Days from the bill to the day it should be paid.
DUE_DAYS: Final = 20
NO_TAX: Final = Tax(ZERO)

LOCK: Final = """
    SELECT id FROM accounts_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""

# Numbers are taken from the series in the statement that writes the bills: a rollback gives them
# back, so there are no holes; the series' row stays locked until the commit.
WRITE_BILLS: Final = """
    WITH fresh AS (
        SELECT * FROM unnest(%(account_id)s::bigint[], %(legal_entity_id)s::bigint[],
                %(currency)s::text[], %(period_start)s::date[], %(period_end)s::date[],
                %(opening)s::numeric[], %(net)s::numeric[], %(tax)s::numeric[],
                %(gross)s::numeric[], %(payments)s::numeric[], %(adjustments)s::numeric[])
               AS f (account_id, legal_entity_id, currency, period_start, period_end, opening,
                     net, tax, gross, payments, adjustments)
    ), wanted AS (
        SELECT legal_entity_id, count(*) AS bills FROM fresh GROUP BY legal_entity_id
    ), series AS (
        INSERT INTO invoicing_numberseries AS s (legal_entity_id, document, year, prefix, last)
        SELECT legal_entity_id, 'bill', %(year)s, '', bills FROM wanted ORDER BY legal_entity_id
        ON CONFLICT (legal_entity_id, document, year) DO UPDATE SET last = s.last + excluded.last
        RETURNING s.legal_entity_id, s.prefix, s.last
    ), numbered AS (
        SELECT f.*, s.prefix, s.last - w.bills
               + row_number() OVER (PARTITION BY f.legal_entity_id ORDER BY f.account_id) AS number
          FROM fresh f
          JOIN wanted w ON w.legal_entity_id = f.legal_entity_id
          JOIN series s ON s.legal_entity_id = f.legal_entity_id
    ), bills AS (
        INSERT INTO invoicing_bill (account_id, legal_entity_id, number, year, number_text,
            period_start, period_end, issued_on, due_on, currency, opening, net, tax, gross,
            payments, adjustments, closing)
        SELECT account_id, legal_entity_id, number, %(year)s,
               prefix || %(year)s || '-' || lpad(number::text, 7, '0'), period_start, period_end,
               %(issued_on)s, %(due_on)s, currency, opening, net, tax, gross, payments,
               adjustments, opening + gross - payments - adjustments
          FROM numbered ORDER BY legal_entity_id, number
        RETURNING id, account_id, legal_entity_id, number
    ), registered AS (
        INSERT INTO invoicing_billnumber
            (legal_entity_id, document, year, number, account_id, bill_id)
        SELECT legal_entity_id, 'bill', %(year)s, number, account_id, id FROM bills ORDER BY id
    )
    SELECT account_id, id FROM bills
"""

LINE_COLUMNS: Final = (
    *("bill_id", "account_id", "position", "kind", "subscription_id", "title_ru", "title_en"),
    *("quantity", "count", "unit", "tax_percent", "net", "tax", "gross", "explanation"),
)

WRITE_BILLED: Final = """
    INSERT INTO invoicing_billedentry (account_id, entry_id, bill_id)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
"""

# Tax on prices without tax reaches the ledger with the bill, on the last day of its cycle.
TAX_POSTINGS: Final = """
    SELECT b.account_id, b.id, -added.tax, b.period_end - 1, NULL::bigint,
           jsonb_build_object('bill', b.number_text)
      FROM unnest(%(bill_ids)s::bigint[], %(taxes)s::numeric[]) AS added (bill_id, tax)
      JOIN invoicing_bill b ON b.id = added.bill_id
"""
BILL_TAX: Final = f"""
    INSERT INTO invoicing_billedentry (account_id, entry_id, bill_id)
    SELECT e.account_id, e.id, b.id
      FROM invoicing_bill b
      JOIN accounts_ledgerentry e
        ON e.account_id = b.account_id AND e.business_date = b.period_end - 1
       AND e.kind = {int(Kind.TAX)} AND e.ref = b.id
     WHERE b.id = ANY(%s)
"""

EVENTS: Final = """
    SELECT b.account_id, a.customer_id, NULL::bigint, %(now)s::timestamptz,
           jsonb_build_object('bill_id', b.id, 'number', b.number_text,
               'period_start', b.period_start, 'period_end', b.period_end, 'gross', b.gross::text,
               'closing', b.closing::text, 'currency', b.currency, 'due_on', b.due_on)
      FROM invoicing_bill b JOIN accounts_account a ON a.id = b.account_id
     WHERE b.id = ANY(%(bill_ids)s)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the day bills bear, how long there is to pay, when and by whom they are issued."""

    issued_on: date
    due_days: int
    now: datetime
    actor: str


def issue_bills(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
    due_days: int = DUE_DAYS,
) -> int:
    """
    Issue the bills of all cycles closed by the business day, for accounts of a half-open range.

    A cycle is closed when it ended on the day or before; cycles of missed nights get their bills
    one after another. Returns how many were issued; a second run issues none.
    """
    run = Run(issued_on=business_date, due_days=due_days, now=now, actor=actor)
    taxes = TaxTable()
    issued = 0
    while True:
        # Each walk over the range bills one cycle an account; the last one finds nothing to do.
        count = _walk(run, taxes, accounts_range=(account_from, account_to))
        if not count:
            return issued
        issued += count


def _walk(run: Run, taxes: TaxTable, *, accounts_range: tuple[int, int]) -> int:
    account_from, account_to = accounts_range
    # Asked for once: to find the first thousands costs as much as to find all.
    closed = billing.list_closed_accounts(
        business_date=run.issued_on, account_from=account_from, account_to=account_to
    )
    issued = 0
    for first in range(0, len(closed), ACCOUNTS_AT_ONCE):
        with uncollected():
            issued += _issue_chunk(run, closed[first : first + ACCOUNTS_AT_ONCE], taxes=taxes)
    return issued


@transaction.atomic
def _issue_chunk(run: Run, account_ids: Sequence[int], *, taxes: TaxTable) -> int:
    lock_accounts(account_ids)
    # Looked at only now that nobody else can bill these accounts.
    cycles = billing.list_due_cycles(account_ids, business_date=run.issued_on)
    if not cycles:
        return 0
    documents = parking.park_doubtful(decide(cycles, taxes), now=run.now, actor=run.actor)
    return len(write(documents, run)) if documents else 0


def write(documents: Sequence[Document], run: Run) -> dict[int, int]:
    """
    Write the documents as bills: numbers, lines, what was billed, added tax, events.

    Their accounts are locked by the caller's transaction. Returns account -> bill.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITE_BILLS, _bill_columns(documents, run))
        bill_ids: dict[int, int] = dict(cursor.fetchall())
    _write_lines(documents, bill_ids)
    _write_billed(documents, bill_ids)
    _post_added_tax(documents, bill_ids, run=run)
    record_events(
        kind="bill.issued",
        source_sql=EVENTS,
        params={"bill_ids": list(bill_ids.values()), "now": run.now},
        actor=run.actor,
    )
    return bill_ids


def lock_accounts(account_ids: Sequence[int]) -> None:
    """Lock accounts in their order: nobody else bills them until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(account_ids)])


def decide(cycles: Sequence[DueCycle], taxes: TaxTable) -> list[Document]:
    """Return the bills of the cycles as they would be now; nothing is written."""
    entries: dict[int, list[Entry]] = defaultdict(list)
    for entry in billing.list_unbilled_entries(cycles):
        entries[entry.account_id].append(entry)
    usage = billing.sum_usage(
        (one for some in entries.values() for one in some if one.row.kind in BY_ZONE),
        taxes=taxes,
    )
    documents = []
    for cycle in cycles:
        mine = entries[cycle.account_id]
        by_zone = [charge_of_usage(one) for one in usage.get(cycle.account_id, ())]
        lines = build_lines([*_charges(mine, taxes), *by_zone, *_rests(mine, by_zone, taxes=taxes)])
        payments = sum((one.row.amount for one in mine if one.row.kind in PAYMENTS), ZERO)
        ids = [one.row.entry_id for one in mine]
        documents.append(Document(cycle, lines, total_of(lines), payments, ids))
    return documents


def _charges(entries: Sequence[Entry], taxes: TaxTable) -> Iterable[Charge]:
    for entry in entries:
        tax = NO_TAX
        if entry.row.kind not in UNTAXED:
            told = entry.row.explanation
            tax = taxes.find(
                told.get("plan_version"),
                package_version_id=told.get("package_version"),
                on=entry.row.business_date,
            )
        charge = charge_of_entry(entry.row, tax=tax)
        if charge is not None:
            yield charge
    late = charge_of_late_fees(entry.row for entry in entries)
    if late is not None:
        yield late


def _rests(
    entries: Iterable[Entry], by_zone: Iterable[Charge], *, taxes: TaxTable
) -> Iterable[Charge]:
    """Yield what usage entries hold beyond the records behind them, so that totals are exact."""
    rest: dict[int, Decimal] = defaultdict(lambda: ZERO)
    days: dict[int, date] = {}
    for entry in entries:
        if entry.row.kind in BY_ZONE:
            rest[int(entry.row.kind)] -= entry.row.amount
            days[int(entry.row.kind)] = entry.row.business_date
    for charge in by_zone:
        rest[charge.explanation["usage_kind"]] -= charge.amount
    for kind, amount in sorted(rest.items()):
        if amount:
            yield charge_of_rest(Kind(kind), amount, tax=taxes.find(None, on=days[kind]))


def _bill_columns(documents: Sequence[Document], run: Run) -> dict[str, Any]:
    cycles = [document.cycle for document in documents]
    totals = [document.totals for document in documents]
    columns = ("account_id", "legal_entity_id", "currency", "period_start", "period_end")
    return {
        **{name: [getattr(cycle, name) for cycle in cycles] for name in (*columns, "opening")},
        **{
            name: [getattr(total, name) for total in totals]
            for name in ("net", "tax", "gross", "adjustments")
        },
        "payments": [document.payments for document in documents],
        "year": run.issued_on.year,
        "issued_on": run.issued_on,
        "due_on": run.issued_on + timedelta(days=run.due_days),
    }


def _write_lines(documents: Sequence[Document], bill_ids: Mapping[int, int]) -> None:
    rows = StringIO()
    writer = csv.writer(rows)
    for document in documents:
        account_id = document.cycle.account_id
        for line in document.lines:
            writer.writerow([bill_ids[account_id], account_id, *_line_values(line)])
    rows.seek(0)
    columns = ", ".join(f'"{column}"' for column in LINE_COLUMNS)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY invoicing_billline ({columns}) FROM STDIN"
            " WITH (FORMAT csv, FORCE_NOT_NULL (title_ru, title_en, unit))",
            rows,
        )


def _line_values(line: Line) -> list[Any]:
    charge = line.charge
    explanation = orjson.dumps(charge.explanation, default=str).decode()
    return [
        *(line.position, charge.kind, charge.subscription_id, charge.title_ru, charge.title_en),
        *(charge.quantity, charge.count, charge.unit, charge.tax_percent),
        *(line.net, line.tax, line.gross, explanation),
    ]


def _write_billed(documents: Sequence[Document], bill_ids: Mapping[int, int]) -> None:
    accounts_of: list[int] = []
    entry_ids: list[int] = []
    bills: list[int] = []
    for document in documents:
        account_id, count = document.cycle.account_id, len(document.entry_ids)
        accounts_of += [account_id] * count
        entry_ids += document.entry_ids
        bills += [bill_ids[account_id]] * count
    with connection.cursor() as cursor:
        cursor.execute(WRITE_BILLED, [id_array(ids) for ids in (accounts_of, entry_ids, bills)])


def _post_added_tax(
    documents: Sequence[Document], bill_ids: Mapping[int, int], *, run: Run
) -> None:
    added = {
        bill_ids[document.cycle.account_id]: document.totals.added_tax
        for document in documents
        if document.totals.added_tax
    }
    if not added:
        return
    accounts.post_many(
        source_sql=TAX_POSTINGS,
        params={"bill_ids": list(added), "taxes": list(added.values())},
        kind=Kind.TAX,
        now=run.now,
        actor=run.actor,
    )
    with connection.cursor() as cursor:
        cursor.execute(BILL_TAX, [list(added)])
