"""
Sending: claim orders, tell the network outside any transaction, note what it answered.

A worker may be killed anywhere. An order claimed and never answered for is sent again: it says the
whole state wished, under the same idempotency key.
"""

import os
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.db import IntegrityError, connection, transaction

from provisioning.domain.answers import Answer, Order, Outcome
from provisioning.domain.retries import ABANDONED_AFTER, FIRST_PAUSE, next_try
from provisioning.gateways import Transport, open_transport
from provisioning.models import Gateway

#: Small enough to be through before its orders count as abandoned, however slow the network.
BATCH: Final = 100
THREADS: Final = 8
#: A gateway that can't be reached so many times in one batch is left alone until its next try.
GIVE_UP_AFTER: Final = 8

SUPERSEDE: Final = """
    UPDATE provisioning_networkorder o SET state = 'superseded'
     WHERE (o.state = 'queued' OR (o.state = 'sending' AND o.claimed_at < %s))
       AND EXISTS (SELECT 1 FROM provisioning_networkorder n
                    WHERE n.account_id = o.account_id AND n.subscription_id = o.subscription_id
                      AND n.id > o.id)
"""

# Only the newest order of a service, and only while no other of it is on the wire. Two claimers at
# once are told apart by networkorder_one_sending.
CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT o.id FROM provisioning_networkorder o
         WHERE ((o.state = 'queued' AND o.next_try_at <= %(due)s)
                OR (o.state = 'sending' AND o.claimed_at < %(abandoned)s))
           AND o.gateway_id <> ALL(%(resting)s)
           AND NOT EXISTS (SELECT 1 FROM provisioning_networkorder n
                            WHERE n.account_id = o.account_id
                              AND n.subscription_id = o.subscription_id
                              AND (n.id > o.id OR (n.state = 'sending' AND n.id <> o.id)))
         ORDER BY o.next_try_at, o.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE provisioning_networkorder o
       SET state = 'sending', claimed_at = %(now)s, attempts = o.attempts + 1
      FROM due WHERE o.id = due.id
    RETURNING o.id, o.account_id, o.subscription_id, o.action, o.desired, o.gateway_id, o.attempts
"""

# `attempts` is the token of a claim: who was declared abandoned notes nothing any more.
NOTE: Final = """
    WITH answer AS (
        SELECT * FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::timestamptz[], %s::text[],
                             %s::int[])
            AS a (id, token, state, next_try_at, error, attempts)
    ), noted AS (
        UPDATE provisioning_networkorder o
           SET state = a.state, next_try_at = a.next_try_at, error = a.error,
               attempts = a.attempts,
               confirmed_at = CASE WHEN a.state = 'confirmed' THEN %s::timestamptz END
          FROM answer a
         WHERE o.id = a.id AND o.state = 'sending' AND o.attempts = a.token
        RETURNING o.id, o.account_id, o.subscription_id, o.state, o.desired, o.confirmed_at
    ), known AS (
        INSERT INTO provisioning_networkstate
            (subscription_id, account_id, confirmed, order_id, confirmed_at)
        SELECT subscription_id, account_id, desired, id, confirmed_at
          FROM noted WHERE state = 'confirmed' ORDER BY subscription_id
        ON CONFLICT (subscription_id) DO UPDATE
           SET confirmed = EXCLUDED.confirmed, order_id = EXCLUDED.order_id,
               confirmed_at = EXCLUDED.confirmed_at
         WHERE provisioning_networkstate.order_id < EXCLUDED.order_id
    )
    SELECT state, count(*) FROM noted GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class SentOrders:
    """How many orders were confirmed, put off for another try, given up."""

    confirmed: int = 0
    later: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Orders handled."""
        return self.confirmed + self.later + self.failed


@dataclass(frozen=True, slots=True)
class Claim:
    """An order claimed by this worker for its `attempts`-th try."""

    order: Order
    gateway_id: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Note:
    """What to write down about a claim."""

    claim: Claim
    state: str
    attempts: int
    next_try_at: datetime | None = None
    error: str = ""


def send_waiting(*, now: datetime, limit: int = 1_000) -> SentOrders:
    """
    Send up to about `limit` orders that are due; run by many workers at once without harm.

    Must not be called inside a transaction: the network may take its time. Returns what happened;
    when `total` reaches `limit`, call again with a fresh `now`.
    """
    resting: set[int] = set()
    sum_of = SentOrders()
    moment, began = now, time.monotonic()
    _supersede(now=now)
    with _open_transports() as transports:
        while sum_of.total < limit:
            claims = _claim(now=moment, due=now, limit=min(BATCH, limit), resting=resting)
            if not claims:
                break
            notes = _send_batch(claims, transports=transports, now=moment, resting=resting)
            sum_of = _add(sum_of, _note(notes, now=moment))
            # A batch may take long: what is claimed next must not count as abandoned at once.
            moment = now + timedelta(seconds=time.monotonic() - began)
    return sum_of


def _supersede(*, now: datetime) -> None:
    """Take older orders out of the queue; the claim would pass them by in any case."""
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, [now - ABANDONED_AFTER])


def _claim(
    *, now: datetime, limit: int, resting: Iterable[int], due: datetime | None = None
) -> list[Claim]:
    """Claim orders at a moment; `due` (by default the same) says which are due."""
    abandoned = now - ABANDONED_AFTER
    values: dict[str, Any] = {
        "now": now,
        "due": due or now,
        "abandoned": abandoned,
        "resting": list(resting),
        "limit": limit,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            return [_to_claim(row) for row in cursor.fetchall()]
    except IntegrityError:
        # Another worker has just put an order of the same service on the wire.
        return []


def _to_claim(row: Sequence[Any]) -> Claim:
    order_id, account_id, subscription_id, action, desired, gateway_id, attempts = row
    # Raw cursors give jsonb as text: Django turns psycopg2's own reading off.
    order = Order(order_id, account_id, subscription_id, action, orjson.loads(desired))
    return Claim(order, gateway_id, attempts)


def _send_batch(
    claims: list[Claim], *, transports: dict[int, Transport], now: datetime, resting: set[int]
) -> list[Note]:
    """Send the orders in threads; those of a gateway that proves unreachable go back untried."""
    misses: dict[int, int] = {}

    def try_one(claim: Claim) -> Answer | None:
        # A gateway set up a moment ago has no transport here yet; the next call opens one.
        transport = transports.get(claim.gateway_id)
        if transport is None or misses.get(claim.gateway_id, 0) >= GIVE_UP_AFTER:
            return None
        answer = transport.send(claim.order, timestamp=int(now.timestamp()))
        if answer.outcome is Outcome.UNREACHABLE:
            misses[claim.gateway_id] = misses.get(claim.gateway_id, 0) + 1
        return answer

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        answers = list(pool.map(try_one, claims))
    resting.update(gateway for gateway, count in misses.items() if count >= GIVE_UP_AFTER)
    return [
        decide_note(claim, answer, now=now) for claim, answer in zip(claims, answers, strict=True)
    ]


def decide_note(claim: Claim, answer: Answer | None, *, now: datetime) -> Note:
    """Return what to write down; no answer = it was not tried, so the try does not count."""
    if answer is None:
        later = now + FIRST_PAUSE + timedelta(milliseconds=_jitter())
        return Note(claim, "queued", claim.attempts - 1, later, "the gateway can't be reached")
    if answer.outcome is Outcome.CONFIRMED:
        return Note(claim, "confirmed", claim.attempts)
    retry_at = next_try(attempts=claim.attempts, now=now, jitter=_jitter())
    if answer.outcome is Outcome.REFUSED or retry_at is None:
        return Note(claim, "failed", claim.attempts, None, answer.error)
    return Note(claim, "queued", claim.attempts, retry_at, answer.error)


def _note(notes: list[Note], *, now: datetime) -> SentOrders:
    columns: list[Any] = [
        [note.claim.order.id for note in notes],
        [note.claim.attempts for note in notes],
        [note.state for note in notes],
        [note.next_try_at for note in notes],
        [note.error[:250] for note in notes],
        [note.attempts for note in notes],
    ]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [*columns, now])
        counts = dict(cursor.fetchall())
    return SentOrders(
        confirmed=counts.get("confirmed", 0),
        later=counts.get("queued", 0),
        failed=counts.get("failed", 0),
    )


@contextmanager
def _open_transports() -> Iterator[dict[int, Transport]]:
    """Open a transport per gateway; an order keeps its gateway even when that is out of use."""
    transports = {
        gateway.pk: open_transport(
            gateway.kind, url=gateway.url, secret=os.environ.get(gateway.secret_variable, "")
        )
        for gateway in Gateway.objects.order_by("pk")
    }
    try:
        yield transports
    finally:
        for transport in transports.values():
            transport.close()


def _add(one: SentOrders, other: SentOrders) -> SentOrders:
    return SentOrders(
        one.confirmed + other.confirmed, one.later + other.later, one.failed + other.failed
    )


def _jitter() -> int:
    return random.randrange(1000)  # noqa: S311 - spreads load, guards nothing
