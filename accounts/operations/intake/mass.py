"""
Notices by the hundred thousand, set-based: registries and bank statements, and what was left over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from accounts.domain.notices import Claim, Payer, Reason, State, Verdict, judge
from accounts.models.intake import PaymentNotice
from accounts.operations.intake.receiving import SETTLE, day_of
from accounts.operations.payments import take_payments
from accounts.queries.intake import claims_of, find_payers
from billing_project.kernel import queue
from billing_project.kernel.operations import change_state, refresh_statistics
from billing_project.kernel.sql import Params, bind

#: Notices settled in one transaction: a payment at the desk waits no longer than this takes.
PORTION: Final = 10_000
#: So many rows written are worth an analysis of the tables.
MANY: Final = 5_000

_SOURCE: Final = """
    WITH source AS MATERIALIZED (
        SELECT s.gateway::varchar AS gateway, s.external_id::varchar AS external_id,
               s.amount::numeric(14, 2) AS amount, s.currency::varchar AS currency,
               left(s.account_hint, 120)::varchar AS account_hint, s.account_by, s.account_key,
               s.paid_at, s.business_date, left(s.comment, 200) AS comment, s.raw
          FROM ({source}) AS s (gateway, external_id, amount, currency, account_hint, account_by,
               account_key, paid_at, business_date, comment, raw)
    )
"""
STORE_MANY: Final = (
    _SOURCE
    + """
    , written AS (
        INSERT INTO accounts_paymentnotice (gateway, external_id, what, amount, currency,
            account_hint, account_by, account_key, paid_at, business_date, comment, raw,
            keeps_doubtful, refused_as, state, reason, note, received_at, actor, settled_by,
            on_behalf_of)
        SELECT DISTINCT ON (gateway, external_id) gateway, external_id, 'payment', amount, currency,
               account_hint, account_by, account_key, paid_at, business_date, comment, raw,
               true, '', 'received', '', '', %(now)s, %(actor)s, '', ''
          FROM source ORDER BY gateway, external_id
        ON CONFLICT (gateway, external_id, what) DO NOTHING
        RETURNING id
    )
    SELECT (SELECT count(*) FROM source), (SELECT count(*) FROM written)
"""
)
# A second statement: it sees what the first one wrote, so a source that contradicts itself too.
NOTE_CONFLICTS: Final = (
    _SOURCE
    + """
    , differing AS MATERIALIZED (
        SELECT n.id, s.* FROM source s JOIN accounts_paymentnotice n
            ON n.gateway = s.gateway AND n.external_id = s.external_id AND n.what = 'payment'
         WHERE (n.amount, n.currency, n.account_hint) <> (s.amount, s.currency, s.account_hint)
    ), noted AS (
        INSERT INTO accounts_noticeconflict (notice_id, amount, currency, account_hint, raw,
            received_at, actor, seen_by, note)
        SELECT id, amount, currency, account_hint, raw, %(now)s, %(actor)s, '', ''
          FROM differing ORDER BY id
        ON CONFLICT (notice_id, amount, currency, account_hint) DO NOTHING
    )
    SELECT count(*) FROM differing
"""
)
# Those that another worker settles at this moment are left to it.
TAKE_PORTION: Final = """
    SELECT id FROM accounts_paymentnotice
     WHERE state = 'received' AND what = 'payment' AND id > %s AND received_at <= %s
     ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
TO_CREDIT: Final = """
    SELECT t.account_id, n.amount, n.gateway, n.external_id, n.paid_at, n.business_date, n.comment
      FROM unnest(%s::bigint[], %s::bigint[]) AS t (id, account_id)
      JOIN accounts_paymentnotice n ON n.id = t.id
"""
# Whoever credited it: what counts is the payment's registry.
CREDITED: Final = """
    UPDATE accounts_paymentnotice n
       SET account_id = t.account_id, payment_id = r.payment_id, settled_at = %s, settled_by = %s
      FROM unnest(%s::bigint[], %s::bigint[]) AS t (id, account_id), accounts_paymentreference r
     WHERE n.id = t.id AND r.gateway = n.gateway AND r.external_id = n.external_id
       AND r.account_id = t.account_id AND r.amount = n.amount
    RETURNING n.id
"""
DECIDED: Final = """
    UPDATE accounts_paymentnotice n
       SET account_id = t.account_id, reason = t.reason, settled_at = %s, settled_by = %s
      FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS t (id, account_id, reason)
     WHERE n.id = t.id
"""


@dataclass(frozen=True, slots=True)
class ReceivedMany:
    """
    What became of many notices: `lines` in all, of them `new`, `repeated`, and `differing` from
    what came under their id before; of the new ones so many `credited`, `unassigned`, `refused`.
    """

    lines: int = 0
    new: int = 0
    repeated: int = 0
    differing: int = 0
    credited: int = 0
    unassigned: int = 0
    refused: int = 0


def receive_many(
    *, source_sql: str, now: datetime, actor: str, params: Params = None
) -> ReceivedMany:
    """
    Take in a payment's notice per row of the select, set-based; the same again changes nothing.

    The select gives, in this order, (gateway, external_id, amount, currency, account_hint,
    account_by, account_key, paid_at, business_date, comment, raw), as in `domain.notices.Incoming`
    (`key_of`); it is run twice and must give the same. All are stored and committed, then settled
    in portions: killed anywhere, run again. Rows whose id came with another amount or account are
    counted as differing and shown to people. Stands in no transaction of the caller's.
    """
    stored = _store_many(source_sql, params, {"now": now, "actor": actor})
    refresh_after(stored.new)
    settled = settle_waiting(now=now, actor=actor)
    return replace(
        stored, credited=settled.credited, unassigned=settled.unassigned, refused=settled.refused
    )


def refresh_after(rows: int) -> None:
    """
    Let the planner know of many rows just written, outside of any transaction.

    What reads them next would be planned for none: a registry of 20,000 lines took minutes.
    """
    if rows >= MANY:
        refresh_statistics()


@transaction.atomic(durable=True)
def _store_many(
    source_sql: str, params: Params, values: Mapping[str, datetime | str]
) -> ReceivedMany:
    with connection.cursor() as cursor:
        source = bind(cursor, source_sql, params)
        cursor.execute(STORE_MANY.format(source=source), values)
        lines, new = cursor.fetchone()
        cursor.execute(NOTE_CONFLICTS.format(source=source), values)
        [differing] = cursor.fetchone()
    if new:
        queue.nudge(SETTLE)
    return ReceivedMany(lines, new, lines - new - differing, differing)


def settle_waiting(*, now: datetime, actor: str) -> ReceivedMany:
    """
    Settle the payments' notices that were stored up to `now` and have no effect yet, in portions.

    Any number of workers may do so at once. Answers how many were credited, kept, refused.
    """
    total, last = ReceivedMany(), 0
    while True:
        done, last = _settle_portion(last, now, actor)
        total = replace(
            total,
            credited=total.credited + done.credited,
            unassigned=total.unassigned + done.unassigned,
            refused=total.refused + done.refused,
        )
        if not last:
            return total


@transaction.atomic
def _settle_portion(after: int, now: datetime, actor: str) -> tuple[ReceivedMany, int]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE_PORTION, [after, now, PORTION])
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return ReceivedMany(), 0
    payers = find_payers(ids)
    verdicts = _judge_all(claims_of(ids), payers, now)
    wanted = [pk for pk in ids if verdicts[pk].state == State.CREDITED]
    credited = _credit_all(wanted, payers, now=now, actor=actor)
    # The id is a payment of somebody else's, taken past the intake.
    for pk in set(wanted) - credited:
        verdicts[pk] = Verdict(State.REFUSED, Reason.OTHER_PAYMENT)
    rest = [pk for pk in ids if pk not in credited]
    _decide_all({pk: verdicts[pk] for pk in rest}, payers, now=now, actor=actor)
    kept = sum(verdicts[pk].state == State.UNASSIGNED for pk in rest)
    done = ReceivedMany(credited=len(credited), unassigned=kept, refused=len(rest) - kept)
    return done, ids[-1]


def _judge_all(
    claims: Mapping[int, Claim], payers: Mapping[int, Payer], now: datetime
) -> dict[int, Verdict]:
    today = day_of(now)
    return {pk: judge(claim, payers.get(pk), today=today) for pk, claim in claims.items()}


def _credit_all(
    ids: Sequence[int], payers: Mapping[int, Payer], *, now: datetime, actor: str
) -> set[int]:
    if not ids:
        return set()
    accounts = [payers[pk].account_id for pk in ids]
    take_payments(source_sql=TO_CREDIT, params=[list(ids), accounts], now=now, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(CREDITED, [now, actor, list(ids), accounts])
        credited = [row[0] for row in cursor.fetchall()]
    return set(_move(credited, State.CREDITED, now=now, actor=actor))


def _decide_all(
    verdicts: Mapping[int, Verdict], payers: Mapping[int, Payer], *, now: datetime, actor: str
) -> None:
    if not verdicts:
        return
    accounts = [payers[pk].account_id if pk in payers else None for pk in verdicts]
    reasons = [verdict.reason.value for verdict in verdicts.values()]
    with connection.cursor() as cursor:
        cursor.execute(DECIDED, [now, actor, list(verdicts), accounts, reasons])
    for state in (State.UNASSIGNED, State.REFUSED):
        ids = [pk for pk, verdict in verdicts.items() if verdict.state == state]
        _move(ids, state, now=now, actor=actor)


def _move(ids: Sequence[int], to: State, *, now: datetime, actor: str) -> list[int]:
    if not ids:
        return []
    return change_state(model=PaymentNotice, ids=ids, to=to.value, at=now, actor=actor)
