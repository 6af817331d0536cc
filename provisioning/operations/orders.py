"""
Network orders are rows first: written in the transaction that decided, sent after commit.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg2.extras import Json

from billing_project.kernel import queue
from billing_project.kernel.operations import change_state
from billing_project.kernel.sql import Params, bind
from provisioning.models import Gateway, NetworkOrder

NUDGE: Final = "network.send"

# The gateway that names the service goes before the one for everything. Orders not yet sent are
# superseded here only to spare the queue: sending looks at the newest order of a service anyway.
ORDER_MANY: Final = """
    WITH source (account_id, subscription_id, service, action, desired) AS MATERIALIZED (
        {source}
    ), routed AS MATERIALIZED (
        SELECT s.*, (
                SELECT g.id FROM provisioning_gateway g
                 WHERE g.is_active AND (g.services ? s.service OR g.services = '[]'::jsonb)
                 ORDER BY g.services = '[]'::jsonb, g.id LIMIT 1) AS gateway_id
          FROM source s
    ), waiting AS MATERIALIZED (
        SELECT o.id FROM provisioning_networkorder o JOIN routed r USING (subscription_id)
         WHERE o.state = 'queued' ORDER BY o.id FOR NO KEY UPDATE OF o
    ), superseded AS (
        UPDATE provisioning_networkorder o SET state = 'superseded' FROM waiting w
         WHERE o.id = w.id AND o.state = 'queued'
    ), ordered AS (
        INSERT INTO provisioning_networkorder
            (account_id, subscription_id, gateway_id, action, desired, state, ordered_at,
             next_try_at, attempts, error)
        SELECT account_id, subscription_id, gateway_id, action, desired, 'queued', %s, %s, 0, ''
          FROM routed WHERE gateway_id IS NOT NULL ORDER BY subscription_id
        RETURNING id
    )
    SELECT (SELECT count(*) FROM ordered),
           (SELECT min(service) FROM routed WHERE gateway_id IS NULL)
"""


class UnableToOrder(Exception):
    """No gateway in use serves the service."""


def order(
    *,
    account_id: int,
    subscription_id: int,
    service: str,
    action: str,
    desired: Mapping[str, Any],
    now: datetime,
) -> None:
    """Order one state for one service; see `order_many`."""
    order_many(
        source_sql="SELECT %s::bigint, %s::bigint, %s::text, %s::text, %s::jsonb",
        params=[account_id, subscription_id, service, action, Json(dict(desired))],
        now=now,
    )


def order_many(*, source_sql: str, now: datetime, params: Params = None) -> int:
    """
    Order states for many services in one statement; return how many.

    The select gives (account_id, subscription_id, service, action, desired jsonb), a service at
    most once. `desired` is the whole state wished. Older orders not yet sent are superseded.
    Raises UnableToOrder, and orders nothing, if a service has no gateway.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        statement = ORDER_MANY.format(source=bind(cursor, source_sql, params))
        cursor.execute(statement, [now, now])
        count, orphan = cursor.fetchone()
        if orphan is not None:
            message = _("No gateway to the network serves “%(service)s”: put one in use first.")
            raise UnableToOrder(message % {"service": orphan})
    if count:
        queue.nudge(NUDGE)
    return int(count)


@transaction.atomic
def retry_failed(*, order_ids: Iterable[int], now: datetime, actor: str) -> list[int]:
    """
    Put failed orders into the queue anew; return those that were failed.

    One that has a newer order for its service is superseded when its turn comes.
    """
    moved = change_state(
        model=NetworkOrder, ids=order_ids, to=NetworkOrder.State.QUEUED, at=now, actor=actor
    )
    NetworkOrder.objects.filter(pk__in=moved).update(attempts=0, next_try_at=now, error="")
    if moved:
        queue.nudge(NUDGE)
    return moved


def ensure_reference_data() -> None:
    """Write the gateway of an installation without a network, once; idempotent."""
    if not Gateway.objects.exists():
        Gateway.objects.get_or_create(code="log", defaults={"kind": Gateway.Kind.LOG})
