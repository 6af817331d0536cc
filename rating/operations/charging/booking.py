"""
Ended sessions into the ledger: priced rows, counters, postings, and their holds let go of, at once.

One transaction per portion, alone: what is available is the same before and after, to the kopeck,
and a run killed anywhere has done nothing of the portion.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts_operations
from billing_project.kernel.operations import change_state, ensure_months
from rating.domain.counters import Meter
from rating.domain.twin import AllowanceLeft, Use, price_one
from rating.models import ChargingSession, UsageBatch
from rating.operations.batches import EVERYTHING, SOURCE_LOCK
from rating.operations.charging.ending import expire_sessions
from rating.operations.charging.writing import BOOKING_LOCK
from rating.operations.files import ACTOR
from rating.operations.order import note_span
from rating.operations.posting import post_batch
from rating.operations.writing import COUNTED
from rating.queries import charging as reading
from rating.queries.charging import Reference
from rating.queries.charging_records import Recorded, find_recorded
from tariffs.domain.deck import UsageKind

#: Sessions booked in one transaction.
AT_ONCE: Final = 20_000
EXPIRED_AT_ONCE: Final = 1_000
FORGOTTEN_AT_ONCE: Final = 50_000
#: How long a booked session is kept: so long a repeat gets its answer.
KEPT_FOR: Final = timedelta(days=40)
#: What one statement each writes, in the order of locks: units, counters, rows.
_SQL: Final = Path(__file__).parents[2] / "sql"
LET_GO: Final = (_SQL / "booking_units.sql").read_text()
COUNT: Final = (_SQL / "booking_counters.sql").read_text()
ROWS: Final = (_SQL / "booking_rows.sql").read_text()
COVERS: Final = (_SQL / "booking_covers.sql").read_text()
CLOSE: Final = """
    UPDATE rating_chargingsession s
       SET booked_at = %(now)s, held = 0, batch_id = b.batch_id,
           ending = CASE WHEN b.batch_id IS NULL THEN 'by_record' ELSE s.ending END,
           reason = coalesce(b.reason, s.reason)
      FROM unnest(%(ids)s::bigint[], %(batches)s::bigint[], %(reasons)s::text[])
           AS b (id, batch_id, reason)
     WHERE s.id = b.id AND s.booked_at IS NULL
"""
TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock(%s, %s)"

#: A counter: owner's account, owner, allowance, period.
Key = tuple[int, int, int, int]


class UnableToBook(Exception):
    """The sessions changed while they were booked; nothing was written."""


@dataclass(frozen=True, slots=True)
class Booked:
    """How many sessions were booked, and how many their switch's records had charged already."""

    sessions: int = 0
    by_record: int = 0

    @property
    def total(self) -> int:
        """Sessions that are done with."""
        return self.sessions + self.by_record


def settle(*, business_date: date, now: datetime) -> Booked:
    """
    Give up sessions that were not heard of, and book all that have ended; safe to run at any time.

    Forgets sessions booked so long ago that no repeat of their requests can come.
    """
    reference, _clients = reading.MEMORY.get(now)
    while expire_sessions(reference=reference, now=now, limit=EXPIRED_AT_ONCE) == EXPIRED_AT_ONCE:
        continue
    total = Booked()
    while True:
        booked = book_sessions(business_date=business_date, reference=reference, now=now)
        total = Booked(total.sessions + booked.sessions, total.by_record + booked.by_record)
        if booked.total < AT_ONCE:
            break
    forget_sessions(now=now)
    return total


def forget_sessions(*, now: datetime) -> int:
    """Delete sessions booked before `KEPT_FOR`; their priced rows stay."""
    old = ChargingSession.objects.filter(booked_at__lt=now - KEPT_FOR)
    # By ids, some at once: a short transaction each.
    ids = list(old.order_by("booked_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    deleted, _rows = ChargingSession.objects.filter(pk__in=ids).delete()
    return deleted


def book_sessions(
    *, business_date: date, reference: Reference, now: datetime, limit: int = AT_ONCE
) -> Booked:
    """
    Book sessions that have ended, oldest first; call again while the answer's total is `limit`.

    Waits for nobody: while files are being priced it books nothing, a later run will.
    """
    with transaction.atomic():
        if not _hold_usage():
            return Booked()
        sessions = reading.list_bookable(now=now, limit=limit)
        recorded = find_recorded(sessions)
        # A record that is priced but not posted will take the money: it stays held until then.
        awaited = {pk for pk, record in recorded.items() if not record.is_posted}
        sessions = [session for session in sessions if session.pk not in awaited]
        if not sessions:
            return Booked()
        known: dict[int, str | None] = {
            pk: _told_of(record) for pk, record in recorded.items() if pk not in awaited
        }
        known |= dict.fromkeys(_told_twice(sessions, known))
        new = [session for session in sessions if session.pk not in known]
        _let_go(sessions)
        repriced = _fit(new, reference)
        accounts_operations.release_holds(
            rows=[(session.account_id, session.held) for session in sessions]
        )
        batch_id = _write(new, business_date=business_date, reference=reference, now=now)
        _close(sessions, known, batch_id=batch_id, now=now)
        _save_prices(repriced)
        return Booked(len(new), len(known))


def _told_of(record: Recorded) -> str | None:
    """Return what is to be told of a session that its record charged to somebody else."""
    if record.other_account is None:
        return None
    told = _("The switch's record is charged to account %(account)s.")
    return (told % {"account": record.other_account})[:200]


def _told_twice(sessions: Sequence[ChargingSession], known: Container[int]) -> list[int]:
    """
    Return the sessions whose record is that of another: of them the longest is charged.

    A client that lost its memory may begin a call anew under another session id.
    """
    longest: dict[tuple[int, int], ChargingSession] = {}
    for session in sorted(sessions, key=lambda one: (one.pk not in known, -one.used, one.pk)):
        longest.setdefault((session.source_id, session.record_key), session)
    kept = {session.pk for session in longest.values()}
    return [session.pk for session in sessions if session.pk not in kept]


def _hold_usage() -> bool:
    """Keep out files, and corrections of ended sessions, until the transaction ends; or say no."""
    with connection.cursor() as cursor:
        for source_id in (EVERYTHING, *reading.list_client_sources()):
            cursor.execute(TRY_LOCK, [SOURCE_LOCK, source_id])
            if not cursor.fetchone()[0]:
                return False
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BOOKING_LOCK])
    return True


def _let_go(sessions: Sequence[ChargingSession]) -> None:
    """Give back the units that the sessions reserved; locks their holds in order."""
    units: dict[Key, int] = defaultdict(int)
    for session in sessions:
        for *key, taken in session.units:
            units[_key(key)] += taken
    if units:
        columns = [list(column) for column in zip(*units, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(LET_GO, [*columns, list(units.values())])


def _fit(sessions: Sequence[ChargingSession], reference: Reference) -> list[ChargingSession]:
    """
    Price anew those whose reserved units a file's records used up meanwhile; return them.

    Files don't ask what is reserved: their records are the truth.
    """
    wanted: dict[Key, int] = defaultdict(int)
    for session in sessions:
        for *key, taken in session.units:
            wanted[_key(key)] += taken
    free = reading.free_units(list(wanted), reference)
    short = {key for key, units in wanted.items() if units > free[key]}
    repriced = []
    for session in sessions:
        keys = [_key(key) for *key, _taken in session.units]
        if short.intersection(keys):
            _price_again(session, {key: free[key] for key in keys}, reference)
            repriced.append(session)
        for *key, taken in session.units:
            free[_key(key)] -= taken
    return repriced


def _price_again(session: ChargingSession, free: dict[Key, int], reference: Reference) -> None:
    """Set the session's price with no more units than are free."""
    lefts = [
        AllowanceLeft(reference.allowances[key[2]], max(units, 0)) for key, units in free.items()
    ]
    priced = price_one(
        Use(int(session.started_at.timestamp()), UsageKind(session.kind), session.used),
        prices=reference.prices[session.deck_version_id],
        zone_id=session.zone_id,
        allowances=lefts,
    )
    keys = list(free)
    session.units = [[*keys[place], units] for place, units in priced.taken]
    session.amount, session.billed = priced.amount, priced.billed_units


def _save_prices(sessions: Sequence[ChargingSession]) -> None:
    ChargingSession.objects.bulk_update(sessions, ["units", "amount", "billed"])


def _write(
    sessions: Sequence[ChargingSession],
    *,
    business_date: date,
    reference: Reference,
    now: datetime,
) -> int | None:
    """Write a batch of the sessions and post it; return its id, None without sessions."""
    if not sessions:
        return None
    _make_months(session.started_at for session in sessions)
    batch = UsageBatch.objects.create(business_date=business_date, opened_at=now)
    _count(sessions, reference)
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [batch.pk, *_columns(sessions)])
        cursor.execute(COVERS, _cover_columns(sessions, batch.pk))
    _count_members(sessions)
    starts = [int(session.started_at.timestamp()) for session in sessions]
    note_span(batch.pk, (min(starts), max(starts)))
    batch.summary = _summary(sessions)
    batch.save(update_fields=["summary"])
    change_state(model=UsageBatch, ids=[batch.pk], to=UsageBatch.State.PRICED, at=now, actor=ACTOR)
    post_batch(batch_id=batch.pk, now=now)
    return int(batch.pk)


def _count(sessions: Sequence[ChargingSession], reference: Reference) -> None:
    """Add what the sessions took to the counters of allowances."""
    units: dict[Key, int] = defaultdict(int)
    for session in sessions:
        for *key, taken in session.units:
            units[_key(key)] += taken
    if not units:
        return
    columns = [list(column) for column in zip(*units, strict=True)]
    sizes = [reference.allowances[key[2]].amount for key in units]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [*columns, sizes, list(units.values())])


def _count_members(sessions: Sequence[ChargingSession]) -> None:
    """Add what members took of shared allowances to their running totals."""
    taken: dict[tuple[int, int, int, int], int] = defaultdict(int)
    for session in sessions:
        for _account, owner, allowance, period, units in session.units:
            if owner != session.subscription_id:
                taken[session.account_id, session.subscription_id, allowance, period] += units
    if taken:
        accounts, members, allowances, periods = map(list, zip(*taken, strict=True))
        meters = [int(Meter.MEMBER)] * len(taken)
        columns = [accounts, members, meters, allowances, periods, list(taken.values())]
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, columns)


def _columns(sessions: Sequence[ChargingSession]) -> list[list[Any]]:
    rows = [
        (
            *(one.account_id, one.started_at, one.record_key, one.subscription_id),
            *(one.other_number, one.used, one.billed, sum(row[-1] for row in one.units)),
            *(one.band_id, one.plan_version_id, one.deck_version_id),
            *(one.units[0][2] if one.units else 0, one.source_id, one.kind, one.zone_id),
            one.amount,
        )
        for one in sessions
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _cover_columns(sessions: Sequence[ChargingSession], batch_id: int) -> list[Any]:
    """Return the parts of sessions that their rows don't tell."""
    rows = [
        (
            *(one.account_id, one.started_at, one.record_key, one.source_id),
            *(one.subscription_id, owner, owner_account, allowance, period, units),
        )
        for one in sessions
        for owner_account, owner, allowance, period, units in one.units
        if len(one.units) > 1 or owner != one.subscription_id
    ]
    columns = zip(*rows, strict=True) if rows else [()] * 10
    return [batch_id, *(list(column) for column in columns)]


def _summary(sessions: Sequence[ChargingSession]) -> dict[str, Any]:
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for session in sessions:
        amounts[UsageKind(session.kind).code] += session.amount
    return {
        "files": 0,
        "records": len(sessions),
        "priced": len(sessions),
        "duplicates": 0,
        "not_charged": 0,
        "suspended": 0,
        "suspense": {},
        "amounts": {code: str(amount) for code, amount in sorted(amounts.items())},
        "refused": {},
    }


def _close(
    sessions: Sequence[ChargingSession],
    known: Mapping[int, str | None],
    *,
    batch_id: int | None,
    now: datetime,
) -> None:
    """Note that the sessions are done with; `known` are those charged otherwise, and what is told."""
    ids = [session.pk for session in sessions]
    batches = [None if pk in known else batch_id for pk in ids]
    with connection.cursor() as cursor:
        reasons = [known.get(pk) for pk in ids]
        cursor.execute(CLOSE, {"now": now, "ids": ids, "batches": batches, "reasons": reasons})
        if cursor.rowcount != len(ids):
            message = f"{len(ids) - cursor.rowcount} sessions changed"
            raise UnableToBook(message)


def _make_months(moments: Iterable[datetime]) -> None:
    zone = ZoneInfo(settings.TIME_ZONE)
    days = [moment.astimezone(zone).date() for moment in moments]
    ensure_months(first=min(days), last=max(days))


def _key(row: Sequence[int]) -> Key:
    account, owner, allowance, period = row
    return account, owner, allowance, period
