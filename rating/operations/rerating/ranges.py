"""
The ranges of accounts of a re-rating: previewed, or applied, each in one transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from billing_project.kernel.operations import change_state
from rating import queries
from rating.domain.rerating import Selection
from rating.models import RerateLine, RerateRun, UsageBatch
from rating.operations import writing
from rating.operations.batches import EVERYTHING, SOURCE_LOCK
from rating.operations.order import note_span
from rating.operations.rerating import undoing
from rating.operations.rerating.looking import AccountChange, Look, look_at
from rating.operations.rerating.pricing import Outcome
from rating.operations.rerating.writing import write_outcome
from rating.queries import rerate_runs
from tariffs.domain.deck import UsageKind

#: Accounts worked on in one transaction.
AT_ONCE: Final = 1_000
CENTS: Final = Decimal("0.01")
State = RerateRun.State


class UnableToRerate(Exception):
    """Nothing is selected, the run is not in the state for it, or usage is being priced."""


@dataclass(slots=True)
class Shelf:
    """The catalogue, read once for all ranges that one call works on."""

    catalogue: queries.Catalogue | None = None

    def take(self, run: RerateRun) -> queries.Catalogue:
        if self.catalogue is None:
            # A window may begin with the month of its first record, or with a week before it.
            first = Selection.from_json(run.selection).first.replace(day=1) - timedelta(days=7)
            self.catalogue = queries.load_catalogue(on_or_after=first)
        return self.catalogue


@transaction.atomic
def do_range(run_id: int, shelf: Shelf, *, now: datetime) -> RerateRun:
    """Do the next range of accounts in the state the run is in, or end that state."""
    run = RerateRun.objects.select_for_update(no_key=True, of=("self",)).get(pk=run_id)
    if run.state == State.DRAFT:
        _preview_range(run, shelf, now=now)
    elif run.state == State.APPROVED:
        _apply_range(run, shelf, now=now)
    return RerateRun.objects.get(pk=run_id)


def _preview_range(run: RerateRun, shelf: Shelf, *, now: datetime) -> None:
    accounts = _next_accounts(run)
    if not accounts:
        RerateRun.objects.filter(pk=run.pk).update(previewed_at=now, accounts=run.done)
        change_state(model=RerateRun, ids=[run.pk], to=State.PREVIEWED, at=now, actor=run.asked_by)
        return
    known = set(
        RerateLine.objects.filter(run=run, account_id__in=accounts).values_list(
            "account_id", flat=True
        )
    )
    changes = _changes(run, shelf, [one for one in accounts if one not in known])
    RerateLine.objects.bulk_create(
        (_line(run, change) for change in changes.values() if change.changed or change.failed),
        ignore_conflicts=True,
    )
    _advance(run, accounts)


def _next_accounts(run: RerateRun) -> list[int]:
    if run.undoes is not None and run.undoes.batch_id:
        rows = rerate_runs.accounts_written_by(run.undoes.batch_id, after=run.cursor, limit=AT_ONCE)
        return [account for account, _written, _in_force in rows]
    selection = Selection.from_json(run.selection)
    return rerate_runs.selected_accounts(selection, after=run.cursor, limit=AT_ONCE)


def _advance(run: RerateRun, accounts: list[int]) -> None:
    done = run.done + len(accounts)
    RerateRun.objects.filter(pk=run.pk).update(
        cursor=accounts[-1], done=done, accounts=max(run.accounts, done)
    )


def _changes(run: RerateRun, shelf: Shelf, accounts: list[int]) -> dict[int, AccountChange]:
    if run.undoes is not None:
        return undoing.look_back(run.undoes.batch_id or 0, accounts)
    return _look(run, shelf, accounts).changes if accounts else {}


def _look(run: RerateRun, shelf: Shelf, accounts: list[int]) -> Look:
    selection = Selection.from_json(run.selection)
    return look_at(selection, accounts, catalogue=shelf.take(run))


def _line(run: RerateRun, change: AccountChange) -> RerateLine:
    old, new = change.old * CENTS, change.new * CENTS
    return RerateLine(
        run=run,
        account_id=change.account_id,
        records=change.records,
        changed=change.changed,
        failed=change.failed,
        old_amount=old,
        new_amount=new,
        difference=new - old,
        seen=change.seen,
    )


def _apply_range(run: RerateRun, shelf: Shelf, *, now: datetime) -> None:
    lines = RerateLine.objects.filter(run=run, account_id__gt=run.cursor).order_by("account_id")
    part = list(lines.select_for_update(no_key=True, of=("self",))[:AT_ONCE])
    if not part:
        _finish(run, now=now)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, EVERYTHING])
        if not cursor.fetchone()[0]:
            raise UnableToRerate(_("Usage is being priced just now: it goes on afterwards."))
    writing.lock_open_batch(run.batch_id or 0)
    waiting = [line for line in part if line.outcome == RerateLine.Outcome.PREVIEWED]
    applied, stale = _apply(run, shelf, waiting)
    for to, ids in ((RerateLine.Outcome.APPLIED, applied), (RerateLine.Outcome.STALE, stale)):
        RerateLine.objects.filter(run=run, account_id__in=ids).update(outcome=to)
    RerateRun.objects.filter(pk=run.pk).update(
        cursor=part[-1].account_id, done=F("done") + len(part)
    )


def _apply(run: RerateRun, shelf: Shelf, lines: list[RerateLine]) -> tuple[set[int], set[int]]:
    """Write what is as it was seen; return the accounts that were written, and those that weren't."""
    wanted = {line.account_id: line for line in lines}
    if not wanted:
        return set(), set()
    if run.undoes is not None:
        return _put_back(run, wanted)
    look = _look(run, shelf, sorted(wanted))
    stale = look.linked(_moved(run, wanted, look.changes))
    applied = look.linked(set(wanted)) - stale
    outcome: Outcome | None = look.outcome
    if stale:
        # Priced again without them: their counters must stay as well.
        rest = sorted(set(wanted) - stale)
        outcome = _look(run, shelf, rest).outcome if rest else None
    if outcome is not None:
        write_outcome(outcome, batch_id=run.batch_id or 0, catalogue=shelf.take(run))
    return applied, stale


def _moved(
    run: RerateRun, wanted: dict[int, RerateLine], changes: dict[int, AccountChange]
) -> set[int]:
    """
    Return the accounts of which the rows, or what comes out, are not what was seen.

    Of those who share allowances, one without a line had no change to be seen.
    """
    others = set(changes) - set(wanted)
    known = {
        line.account_id: line for line in RerateLine.objects.filter(run=run, account_id__in=others)
    } | wanted
    moved = {one for one in others - set(known) if changes[one].changed or changes[one].failed}
    for account, line in known.items():
        change = changes.get(account)
        if change is None or (change.seen, change.new * CENTS) != (line.seen, line.new_amount):
            moved.add(account)
    return moved


def _put_back(run: RerateRun, wanted: dict[int, RerateLine]) -> tuple[set[int], set[int]]:
    undone = run.undoes.batch_id or 0 if run.undoes else 0
    changes = undoing.look_back(undone, sorted(wanted))
    failed = {account for account, change in changes.items() if change.failed}
    stale = _moved(run, wanted, changes) | failed
    applied = set(wanted) - stale
    if applied:
        overdrawn = undoing.put_back(
            undone, sorted(applied), batch_id=run.batch_id or 0, zone=settings.TIME_ZONE
        )
        applied, stale = applied - overdrawn, stale | overdrawn
    return applied, stale


def _finish(run: RerateRun, *, now: datetime) -> None:
    """Close the run and its batch; posting follows, and is caught up by the night if it doesn't."""
    batch = writing.lock_open_batch(run.batch_id or 0)
    batch.summary = _summary(batch.pk)
    batch.save(update_fields=["summary"])
    note_span(batch.pk)
    actor = run.approved_by
    change_state(model=UsageBatch, ids=[batch.pk], to=UsageBatch.State.PRICED, at=now, actor=actor)
    RerateRun.objects.filter(pk=run.pk).update(applied_at=now)
    change_state(model=RerateRun, ids=[run.pk], to=State.APPLIED, at=now, actor=actor)


def _summary(batch_id: int) -> dict[str, Any]:
    """Return the report of a batch that only priced again."""
    totals = queries.totals_of(batch_id)
    counts = ("files", "records", "priced", "duplicates", "not_charged", "suspended")
    return {
        **dict.fromkeys(counts, 0),
        "suspense": {},
        "amounts": {UsageKind(total.kind).code: str(total.amount) for total in totals},
        "refused": {},
    }
