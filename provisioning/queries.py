"""What provisioning can tell: what the network knows, what waits, what went wrong."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef

from billing_project.kernel.invariants import Invariant
from provisioning.models import NetworkOrder, NetworkState


def find_network_state(subscription_id: int) -> NetworkState | None:
    """Find what the network last confirmed for the service."""
    return NetworkState.objects.filter(pk=subscription_id).first()


def list_orders(*, subscription_id: int, limit: int = 50) -> list[NetworkOrder]:
    """List the orders of a service, newest first."""
    orders = NetworkOrder.objects.filter(subscription_id=subscription_id)
    return list(orders.select_related("gateway").order_by("-pk")[:limit])


def list_failed(*, limit: int = 100) -> list[NetworkOrder]:
    """List the work for people: failed orders with no newer order for their service."""
    newer = NetworkOrder.objects.filter(
        account_id=OuterRef("account_id"),
        subscription_id=OuterRef("subscription_id"),
        pk__gt=OuterRef("pk"),
    )
    failed = NetworkOrder.objects.filter(~Exists(newer), state=NetworkOrder.State.FAILED)
    return list(failed.select_related("gateway").order_by("-pk")[:limit])


CONFIRMED_IS_KNOWN: Final = Invariant(
    name="the network's state is its latest confirmed order",
    sql="""
        SELECT o.account_id, o.subscription_id, o.id AS order_id, s.order_id AS state_of
          FROM (SELECT DISTINCT ON (subscription_id) * FROM provisioning_networkorder
                 WHERE state = 'confirmed' ORDER BY subscription_id, id DESC) o
          LEFT JOIN provisioning_networkstate s ON s.subscription_id = o.subscription_id
         WHERE s.order_id IS DISTINCT FROM o.id OR s.confirmed IS DISTINCT FROM o.desired
    """,
    why="What we believe the network does for the service is not what it confirmed last.",
)
NEWER_ORDER_WAITS: Final = Invariant(
    name="no order was sent after a newer one of its service",
    sql="""
        SELECT o.account_id, o.subscription_id, o.id, n.id AS newer
          FROM provisioning_networkorder o JOIN provisioning_networkorder n
            ON n.account_id = o.account_id AND n.subscription_id = o.subscription_id
           AND n.id > o.id AND n.state = 'confirmed'
         WHERE o.state IN ('sending', 'confirmed') AND o.claimed_at > n.confirmed_at
    """,
    why="An older state was put over a newer one in the network.",
)

NEWEST: Final = """
    SELECT o.id, o.account_id, o.subscription_id, o.action, o.error
      FROM provisioning_networkorder o
     WHERE NOT EXISTS (SELECT 1 FROM provisioning_networkorder n
                        WHERE n.account_id = o.account_id
                          AND n.subscription_id = o.subscription_id AND n.id > o.id)
"""
FAILED: Final = Invariant(
    name="network orders that failed",
    sql=f"{NEWEST} AND o.state = 'failed'",
    why="The network refused the order or could not be reached; somebody has to look.",
)
#: An order unconfirmed for so long is an alarm: the network does something else than we think.
OVERDUE: Final = timedelta(minutes=15)


def invariants() -> list[Invariant]:
    """Return the promises of provisioning."""
    return [CONFIRMED_IS_KNOWN, NEWER_ORDER_WAITS]


def alarms(*, now: datetime) -> list[Invariant]:
    """Return what needs a person though no promise is broken."""
    before = (now - OVERDUE).isoformat()
    overdue = Invariant(
        name="network orders not confirmed in time",
        sql=f"{NEWEST} AND o.state IN ('queued', 'sending') AND o.ordered_at < '{before}'",
        why="Workers are down, or the gateway does not answer.",
    )
    return [FAILED, overdue]
