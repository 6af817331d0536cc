"""
A bill run as people do it: drafts without numbers, compared with last month; approved, issued.

Drafts are decided by the same code as bills. Issuing decides them once more under the accounts'
locks: a draft that is not what would be billed now is left, and stands in the next run. Everything
goes chunk by chunk and may be killed anywhere: the next try goes on.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from billing_project.kernel import queue
from billing_project.kernel.money import ZERO
from billing_project.kernel.operations import change_state
from invoicing.domain.bill_runs import find_flags
from invoicing.models import BillingPolicy, BillRun, DraftBill
from invoicing.operations import bills, parking
from invoicing.operations.parking import Document
from invoicing.queries import bill_runs as queries
from invoicing.queries import billing
from invoicing.queries.billing import DueCycle, TaxTable
from rating import queries as rating_queries

#: Tasks that draft and issue.
DRAFT_TASK: Final = "bills.draft"
ISSUE_TASK: Final = "bills.issue"
LAST_ACCOUNT: Final = 2**62

COLUMNS: Final = (
    *("run_id", "account_id", "period_start", "period_end", "currency", "opening", "gross", "tax"),
    *("payments", "adjustments", "closing", "former_gross", "lines", "flags", "state"),
)
NOTE_BILLS: Final = """
    UPDATE invoicing_draftbill d SET bill_id = b.bill_id
      FROM unnest(%s::bigint[], %s::bigint[]) AS b (account_id, bill_id)
     WHERE d.run_id = %s AND d.account_id = b.account_id
"""


class UnableToRunBills(Exception):
    """There is a run already, or it is not in the state for this; the message says which."""


@dataclass(frozen=True, slots=True)
class Issued:
    """How many drafts became bills, changed since, or were parked now."""

    bills: int = 0
    left: int = 0
    parked: int = 0

    def __add__(self, other: "Issued") -> "Issued":
        return Issued(self.bills + other.bills, self.left + other.left, self.parked + other.parked)


def start_run(*, legal_entity_id: int, business_date: date, now: datetime, actor: str) -> BillRun:
    """
    Begin a run over the cycles of a legal entity that closed by the day; a task drafts it.

    Raises UnableToRunBills while another run of the legal entity is open.
    """
    policy = queries.policy_of(legal_entity_id)
    suspense = rating_queries.get_overview(today=business_date)
    try:
        with transaction.atomic():
            run: BillRun = BillRun.objects.create(
                legal_entity_id=legal_entity_id,
                business_date=business_date,
                percent=policy.percent,
                money=policy.money,
                suspense_records=suspense.records,
                suspense_worth=suspense.at_stake or ZERO,
                started_at=now,
                started_by=actor,
            )
            queue.nudge(DRAFT_TASK)
    except IntegrityError as rival:
        raise UnableToRunBills(_("A run of this legal entity is open: finish it first.")) from rival
    return run


def draft(
    *,
    run_id: int,
    now: datetime,
    actor: str = "system:bills",
    account_from: int = 0,
    account_to: int = LAST_ACCOUNT,
) -> int:
    """Draft the bills of a run for accounts of a half-open range; return how many were drafted."""
    run = BillRun.objects.get(pk=run_id)
    taxes = TaxTable()
    drafted = 0
    while account_ids := queries.list_accounts_to_draft(
        run, account_from=account_from, account_to=account_to, limit=bills.ACCOUNTS_AT_ONCE
    ):
        drafted += _draft_chunk(run, account_ids, taxes=taxes, at=(now, actor))
        account_from = account_ids[-1] + 1
    return drafted


def finish_drafting(*, run_id: int, now: datetime, actor: str = "system:bills") -> BillRun:
    """Say that everything is drafted; a run with nothing in it is cancelled."""
    is_empty = not DraftBill.objects.filter(run_id=run_id).exists()
    to = BillRun.State.CANCELLED if is_empty else BillRun.State.DRAFT
    change_state(model=BillRun, ids=[run_id], to=to, at=now, actor=actor)
    return BillRun.objects.get(pk=run_id)


def draft_all(*, now: datetime) -> int:
    """Draft every run that is being drafted, to its end; for the task. Returns how many runs."""
    run_ids = queries.list_unfinished(BillRun.State.DRAFTING)
    for run_id in run_ids:
        draft(run_id=run_id, now=now)
        finish_drafting(run_id=run_id, now=now)
    return len(run_ids)


@transaction.atomic
def approve_run(*, run_id: int, accepts_suspense: bool, now: datetime, actor: str) -> BillRun:
    """
    Let the drafts be issued; a task does it.

    While usage waits unpriced in suspense, `accepts_suspense` says that it may be billed later.
    """
    run = BillRun.objects.select_for_update(no_key=True).get(pk=run_id)
    suspense = rating_queries.get_overview(today=run.business_date)
    if suspense.records and not accepts_suspense:
        text = _("%(records)s records wait unpriced: say that they may be billed next month.")
        raise UnableToRunBills(text % {"records": suspense.records})
    if not change_state(
        model=BillRun, ids=[run_id], to=BillRun.State.APPROVED, at=now, actor=actor
    ):
        raise UnableToRunBills(_("This run isn't waiting to be decided."))
    BillRun.objects.filter(pk=run_id).update(
        decided_at=now,
        decided_by=actor,
        suspense_records=suspense.records,
        suspense_worth=suspense.at_stake or ZERO,
    )
    queue.nudge(ISSUE_TASK)
    return BillRun.objects.get(pk=run_id)


@transaction.atomic
def cancel_run(*, run_id: int, now: datetime, actor: str) -> BillRun:
    """Give up the drafts of a run; nothing was issued."""
    if not change_state(
        model=BillRun, ids=[run_id], to=BillRun.State.CANCELLED, at=now, actor=actor
    ):
        raise UnableToRunBills(_("This run isn't waiting to be decided."))
    BillRun.objects.filter(pk=run_id).update(decided_at=now, decided_by=actor)
    return BillRun.objects.get(pk=run_id)


def issue(
    *,
    run_id: int,
    issued_on: date,
    now: datetime,
    account_from: int = 0,
    account_to: int = LAST_ACCOUNT,
) -> Issued:
    """Issue the drafts of an approved run in a range of accounts; again: only what is missing."""
    run = BillRun.objects.get(pk=run_id)
    if run.state != BillRun.State.APPROVED:
        return Issued()
    work = bills.Run(issued_on, bills.DUE_DAYS, now, run.decided_by)
    taxes = TaxTable()
    issued = Issued()
    while account_ids := _next_drafts(run_id, account_from, account_to):
        issued += _issue_chunk(run, account_ids, taxes=taxes, work=work)
        account_from = account_ids[-1] + 1
    waiting = DraftBill.objects.filter(run_id=run_id, state=DraftBill.State.DRAFT, bill=None)
    if not waiting.exists():
        change_state(
            model=BillRun, ids=[run_id], to=BillRun.State.ISSUED, at=now, actor=run.decided_by
        )
    return issued


def issue_all(
    *, issued_on: date, now: datetime, account_from: int = 0, account_to: int = LAST_ACCOUNT
) -> Issued:
    """Issue every approved run in a range of accounts; for the task and the night."""
    issued = Issued()
    for run_id in queries.list_unfinished(BillRun.State.APPROVED):
        issued += issue(
            run_id=run_id,
            issued_on=issued_on,
            now=now,
            account_from=account_from,
            account_to=account_to,
        )
    return issued


def draft_at_night(
    *, business_date: date, now: datetime, actor: str, account_from: int, account_to: int
) -> int:
    """Draft the bills of legal entities that a person looks through; return how many."""
    drafted = 0
    for policy in queries.list_reviewed():
        run = queries.find_open_run(policy.legal_entity_id)
        if run is None and not _is_done(policy.legal_entity_id, business_date):
            run = _start_or_find(policy, business_date, now=now, actor=actor)
        if run is not None and run.state == BillRun.State.DRAFTING:
            drafted += draft(
                run_id=run.pk,
                now=now,
                actor=actor,
                account_from=account_from,
                account_to=account_to,
            )
    return drafted


def settle_at_night(*, now: datetime, actor: str) -> int:
    """
    Finish the night's drafts; where nothing is flagged, parked or in suspense, and the legal entity
    lets it, approve them. Returns how many runs were approved.
    """
    approved = 0
    for run_id in queries.list_unfinished(BillRun.State.DRAFTING):
        run = finish_drafting(run_id=run_id, now=now, actor=actor)
        policy = queries.policy_of(run.legal_entity_id)
        is_quiet = not queries.has_flags(run_id) and not run.suspense_records
        lets = policy.review == BillingPolicy.Review.FLAGGED
        if run.state == BillRun.State.DRAFT and is_quiet and lets:
            approve_run(run_id=run_id, accepts_suspense=False, now=now, actor=actor)
            approved += 1
    return approved


def set_policy(
    *,
    legal_entity_id: int,
    review: str,
    percent: Decimal,
    money: Decimal,
    own_cycle_change: bool = False,
) -> None:
    """
    Say how a legal entity's bills go out, from where on a change is unusual, and whether subscribers
    may change their cycle day.
    """
    BillingPolicy.objects.update_or_create(
        legal_entity_id=legal_entity_id,
        defaults={
            "review": review,
            "percent": percent,
            "money": money,
            "own_cycle_change": own_cycle_change,
        },
    )


def _is_done(legal_entity_id: int, business_date: date) -> bool:
    """Whether a run by that day was decided: a night that is repeated starts none again."""
    return BillRun.objects.filter(
        legal_entity_id=legal_entity_id, business_date=business_date
    ).exists()


def _start_or_find(
    policy: BillingPolicy, business_date: date, *, now: datetime, actor: str
) -> BillRun | None:
    try:
        return start_run(
            legal_entity_id=policy.legal_entity_id,
            business_date=business_date,
            now=now,
            actor=actor,
        )
    except UnableToRunBills:
        # Another piece of the night was first.
        return queries.find_open_run(policy.legal_entity_id)


@transaction.atomic
def _draft_chunk(
    run: BillRun, account_ids: Sequence[int], *, taxes: TaxTable, at: tuple[datetime, str]
) -> int:
    now, actor = at
    bills.lock_accounts(account_ids)
    # Another worker may have drafted some while this one waited for the locks.
    drafted = DraftBill.objects.filter(run=run, account_id__in=account_ids)
    missing = set(account_ids) - set(drafted.values_list("account_id", flat=True))
    cycles = billing.list_due_cycles(sorted(missing), business_date=run.business_date)
    documents = bills.decide(cycles, taxes) if cycles else []
    sound = parking.park_doubtful(documents, now=now, actor=actor)
    fine = {id(document) for document in sound}
    former = queries.former_gross([cycle.account_id for cycle in cycles])
    rows = [
        [
            *_draft_values(run, document, former=former.get(document.cycle.account_id)),
            "draft" if id(document) in fine else "parked",
        ]
        for document in documents
    ]
    _copy(rows)
    return len(rows)


def _draft_values(run: BillRun, document: Document, *, former: Decimal | None) -> list[Any]:
    cycle, totals = document.cycle, document.totals
    flags = find_flags(totals.gross, former=former, limits=queries.limits_of(run))
    return [
        *(run.pk, cycle.account_id, cycle.period_start, cycle.period_end, cycle.currency),
        *(cycle.opening, totals.gross, totals.tax, document.payments, totals.adjustments),
        *(closing_of(document), "" if former is None else former, len(document.lines)),
        ",".join(flags),
    ]


def closing_of(document: Document) -> Decimal:
    """Return what would be owed at the end."""
    totals = document.totals
    return document.cycle.opening + totals.gross - document.payments - totals.adjustments


def _copy(rows: Sequence[Sequence[Any]]) -> None:
    stream = StringIO()
    csv.writer(stream).writerows(rows)
    stream.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY invoicing_draftbill ({', '.join(COLUMNS)}) FROM STDIN"
            " WITH (FORMAT csv, FORCE_NOT_NULL (flags))",
            stream,
        )


def _next_drafts(run_id: int, account_from: int, account_to: int) -> list[int]:
    rows = DraftBill.objects.filter(
        run_id=run_id,
        state=DraftBill.State.DRAFT,
        bill=None,
        account_id__gte=account_from,
        account_id__lt=account_to,
    )
    found = rows.order_by("account_id").values_list("account_id", flat=True)
    return list(found[: bills.ACCOUNTS_AT_ONCE])


@transaction.atomic
def _issue_chunk(
    run: BillRun, account_ids: Sequence[int], *, taxes: TaxTable, work: bills.Run
) -> Issued:
    bills.lock_accounts(account_ids)
    drafts = {
        each.account_id: each
        for each in DraftBill.objects.filter(
            run=run, account_id__in=account_ids, state=DraftBill.State.DRAFT, bill=None
        )
    }
    cycles = billing.list_due_cycles(list(drafts), business_date=run.business_date)
    documents = bills.decide(cycles, taxes)
    sound = parking.park_doubtful(documents, now=work.now, actor=work.actor)
    same = [each for each in sound if _is_same(each, drafts[each.cycle.account_id])]
    bill_ids = bills.write(same, work) if same else {}
    with connection.cursor() as cursor:
        cursor.execute(NOTE_BILLS, [list(bill_ids), list(bill_ids.values()), run.pk])
    left = set(drafts) - set(bill_ids)
    parked = {each.cycle.account_id for each in documents} - {
        each.cycle.account_id for each in sound
    }
    _mark(run, parked, DraftBill.State.PARKED)
    _mark(run, left - parked, DraftBill.State.LEFT)
    return Issued(bills=len(bill_ids), left=len(left - parked), parked=len(parked))


def _mark(run: BillRun, account_ids: set[int], state: str) -> None:
    ids = DraftBill.objects.filter(run=run, account_id__in=account_ids).values_list("pk", flat=True)
    change_state(
        model=DraftBill,
        ids=list(ids),
        to=state,
        at=run.decided_at or run.started_at,
        actor=run.decided_by,
    )


def _is_same(document: Document, drafted: DraftBill) -> bool:
    cycle: DueCycle = document.cycle
    return (
        cycle.period_start,
        cycle.period_end,
        document.totals.gross,
        document.totals.tax,
        closing_of(document),
    ) == (
        drafted.period_start,
        drafted.period_end,
        drafted.gross,
        drafted.tax,
        drafted.closing,
    )
