"""What provisioning does: note what the network should do, tell it, hear it confirmed."""

from provisioning.operations.orders import (
    UnableToOrder,
    ensure_reference_data,
    order,
    order_many,
    retry_failed,
)
from provisioning.operations.sending import SentOrders, send_waiting

__all__ = [
    "SentOrders",
    "UnableToOrder",
    "ensure_reference_data",
    "order",
    "order_many",
    "retry_failed",
    "send_waiting",
]
