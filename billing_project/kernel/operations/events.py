"""
Business events and their inboxes (decision A4): no watermarks, one inbox row per consumer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _
from psycopg2.extras import Json

from billing_project.kernel import queue
from billing_project.kernel.events import NUDGES, consumers_of
from billing_project.kernel.models import BusinessEvent
from billing_project.kernel.sql import Params, bind

INBOX: Final = """
    , inbox AS (
        INSERT INTO kernel_eventinbox (consumer, event_id, account_id, happened_at)
        SELECT consumer, e.id, e.account_id, e.happened_at
          FROM event e CROSS JOIN unnest(%s::text[]) AS consumer
         ORDER BY e.id
    )
"""

RECORD_ONE: Final = f"""
    WITH event AS (
        INSERT INTO kernel_businessevent
            (kind, account_id, customer_id, subscription_id, happened_at, actor, on_behalf_of, data)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        RETURNING id, account_id, happened_at
    ){INBOX}
    SELECT id FROM event
"""

RECORD_MANY: Final = """
    WITH event AS (
        INSERT INTO kernel_businessevent
            (kind, account_id, customer_id, subscription_id, happened_at, actor, on_behalf_of, data)
        SELECT %s, coalesce(s.account_id, 0), s.customer_id, s.subscription_id, s.happened_at,
               %s, '', s.data
          FROM ({source}) AS s (account_id, customer_id, subscription_id, happened_at, data)
         ORDER BY s.account_id
        RETURNING id, account_id, happened_at
    ){inbox}
    SELECT count(*) FROM event
"""

TAKE: Final = """
    WITH due AS MATERIALIZED (
        SELECT id, event_id, account_id, happened_at FROM kernel_eventinbox
         WHERE consumer = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), taken AS (
        DELETE FROM kernel_eventinbox i USING due WHERE i.id = due.id
        RETURNING i.event_id, i.account_id, i.happened_at
    )
    SELECT e.* FROM taken t
      JOIN kernel_businessevent e
        ON e.account_id = t.account_id AND e.happened_at = t.happened_at AND e.id = t.event_id
     ORDER BY e.id
"""


class UnableToTakeInbox(Exception):
    """The inbox was asked for outside the transaction that does the work."""


def record_event(
    *,
    kind: str,
    happened_at: datetime,
    actor: str,
    account_id: int | None = None,
    customer_id: int | None = None,
    subscription_id: int | None = None,
    on_behalf_of: str = "",
    data: Mapping[str, Any] | None = None,
) -> int:
    """
    Write one event with an inbox row per consumer, and nudge them; return the event's id.

    `data` holds plain values only (money as a string). An unknown kind raises UnknownEventKind.
    """
    consumers = consumers_of(kind)
    row: list[Any] = [kind, account_id or 0, customer_id, subscription_id]
    row += [happened_at, actor, on_behalf_of, Json(dict(data or {}))]
    with connection.cursor() as cursor:
        cursor.execute(RECORD_ONE, [*row, list(consumers)])
        event_id: int = cursor.fetchone()[0]
    _nudge(consumers)
    return event_id


def record_events(*, kind: str, source_sql: str, actor: str, params: Params = None) -> int:
    """
    Write an event per row of the select; return how many.

    The select gives, in this order, (account_id, customer_id, subscription_id, happened_at,
    data jsonb). For mass steps, and only for kinds somebody reads.
    """
    consumers = consumers_of(kind)
    with connection.cursor() as cursor:
        statement = RECORD_MANY.format(source=bind(cursor, source_sql, params), inbox=INBOX)
        cursor.execute(statement, [kind, actor, list(consumers)])
        count: int = cursor.fetchone()[0]
    if count:
        _nudge(consumers)
    return count


def take_inbox(*, consumer: str, limit: int) -> list[BusinessEvent]:
    """
    Take up to `limit` waiting events, oldest first, inside the caller's transaction.

    Events another reader holds are skipped. If the transaction fails they wait again.
    """
    if not connection.in_atomic_block:
        raise UnableToTakeInbox(_("Take the inbox inside the transaction that does the work."))
    return list(BusinessEvent.objects.raw(TAKE, [consumer, limit]))


def _nudge(consumers: tuple[str, ...]) -> None:
    for consumer in consumers:
        queue.nudge(NUDGES[consumer])
