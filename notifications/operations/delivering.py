"""
Delivery: outside any transaction, each message claimed by a guarded update right before it goes.

Killed before the claim: it waits. Killed after: nobody knows whether it went out, so it becomes
`unknown` and is a person's decision; it is never sent again by itself.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import connection

from billing_project.kernel import queue
from billing_project.kernel.operations import change_state
from notifications import channels
from notifications.domain.delivery import (
    ABANDONED_AFTER,
    FIRST_PAUSE,
    LEASE,
    Fault,
    Letter,
    TransportError,
    next_try,
)
from notifications.models import Message

NUDGE: Final = "notifications.deliver"

ABANDON: Final = """
    UPDATE notifications_message SET state = 'unknown',
           error = 'the worker ended between sending and noting it'
     WHERE state = 'sending' AND claimed_at < %s
"""
# A lease keeps workers off each other's messages; what protects from sending twice is the claim.
LEASE_SOME: Final = """
    WITH due AS MATERIALIZED (
        SELECT id FROM notifications_message
         WHERE state = 'queued' AND next_try_at <= %s AND channel = ANY(%s)
         ORDER BY next_try_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE notifications_message m SET next_try_at = %s FROM due WHERE m.id = due.id
    RETURNING m.id, m.channel
"""
CLAIM: Final = """
    UPDATE notifications_message
       SET state = 'sending', claimed_at = %s, attempts = attempts + 1
     WHERE id = %s AND state = 'queued' AND next_try_at = %s
    RETURNING attempts, recipient, subject, body, language
"""
# `attempts` is the token of the claim; one already declared unknown is known again.
NOTE: Final = """
    UPDATE notifications_message
       SET state = %s, attempts = %s, next_try_at = %s, error = %s,
           sent_at = CASE WHEN %s = 'sent' THEN %s::timestamptz END
     WHERE id = %s AND state IN ('sending', 'unknown') AND attempts = %s
"""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many messages were sent, put off, given up, and ended in the unknown."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """Messages handled."""
        return self.sent + self.later + self.failed + self.unknown


@dataclass(frozen=True, slots=True)
class _Note:
    state: str
    attempts: int
    next_try_at: datetime | None = None
    error: str = ""
    is_channel_down: bool = False


def deliver(*, now: datetime, limit: int = 50) -> Delivered:
    """
    Deliver up to `limit` messages that are due; safe to run in several workers at once.

    Must not be called inside a transaction. When `total` reaches `limit`, call again with a fresh
    `now`. A channel that is down is left for the next run, and its messages lose no try.
    """
    with connection.cursor() as cursor:
        cursor.execute(ABANDON, [now - ABANDONED_AFTER])
        unknown = int(cursor.rowcount)
    delivered = Delivered(unknown=unknown)
    leased = _lease(now=now, limit=limit)
    for channel in sorted({channel for _id, channel in leased}):
        ids = [message_id for message_id, its_channel in leased if its_channel == channel]
        delivered = _deliver_channel(channel, ids, now=now, so_far=delivered)
    return delivered


def requeue(*, message_ids: Iterable[int], now: datetime, actor: str) -> list[int]:
    """Send failed or unknown messages again, on a person's word; return those that were."""
    moved = change_state(
        model=Message, ids=message_ids, to=Message.State.QUEUED, at=now, actor=actor
    )
    Message.objects.filter(pk__in=moved).update(next_try_at=now, error="")
    if moved:
        queue.nudge(NUDGE)
    return moved


def _lease(*, now: datetime, limit: int) -> list[tuple[int, str]]:
    carried = sorted(
        name for name in channels.list_ready() if not channels.TRANSPORTS[name].is_noop
    )
    with connection.cursor() as cursor:
        cursor.execute(LEASE_SOME, [now, carried, limit, now + LEASE])
        return sorted(cursor.fetchall())


def _deliver_channel(
    channel: str, ids: list[int], *, now: datetime, so_far: Delivered
) -> Delivered:
    transport = channels.TRANSPORTS[channel]()
    try:
        for message_id in ids:
            note = _deliver_one(transport, message_id, now=now)
            if note is not None:
                so_far = _count(so_far, note.state)
            if note is not None and note.is_channel_down:
                break
    finally:
        transport.close()
    return so_far


def _deliver_one(transport: channels.Transport, message_id: int, *, now: datetime) -> _Note | None:
    """Claim, send, note; None = somebody else has it."""
    claim = _claim(message_id, now=now)
    if claim is None:
        return None
    attempts, letter = claim
    try:
        transport.send(letter)
    except TransportError as error:
        note = decide_note(error, attempts=attempts, now=now)
    else:
        note = _Note("sent", attempts)
    _write_note(message_id, note, token=attempts, now=now)
    return note


def decide_note(error: TransportError, *, attempts: int, now: datetime) -> _Note:
    """Return what to write down about a try that failed."""
    retry_at = next_try(attempts=attempts, now=now, jitter=random.randrange(1000))  # noqa: S311
    text = str(error)[:250]
    if error.fault is Fault.CHANNEL_DOWN:
        # Not offered at all: the try does not count.
        return _Note("queued", attempts - 1, now + FIRST_PAUSE, text, is_channel_down=True)
    if error.fault is Fault.UNKNOWN:
        return _Note("unknown", attempts, None, text)
    if error.fault is Fault.PERMANENT or retry_at is None:
        return _Note("failed", attempts, None, text)
    return _Note("queued", attempts, retry_at, text)


def _claim(message_id: int, *, now: datetime) -> tuple[int, Letter] | None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [now, message_id, now + LEASE])
        row = cursor.fetchone()
    if row is None:
        return None
    attempts, *words = row
    return attempts, Letter(f"message-{message_id}", *words)


def _write_note(message_id: int, note: _Note, *, token: int, now: datetime) -> None:
    what: list[Any] = [note.state, note.attempts, note.next_try_at, note.error, note.state, now]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [*what, message_id, token])


def _count(delivered: Delivered, state: str) -> Delivered:
    names = {"sent": "sent", "queued": "later", "failed": "failed", "unknown": "unknown"}
    name = names[state]
    return replace(delivered, **{name: getattr(delivered, name) + 1})
