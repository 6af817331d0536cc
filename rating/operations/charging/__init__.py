"""Online charging: sessions reserve money and units, end with their price, and are booked."""

from rating.operations.charging.asking import Answer, Ask
from rating.operations.charging.booking import (
    Booked,
    UnableToBook,
    book_sessions,
    forget_sessions,
    settle,
)
from rating.operations.charging.clients import UnableToAddClient, add_client, renew_token
from rating.operations.charging.ending import (
    UnableToClose,
    cancel,
    close_session,
    expire_sessions,
    terminate,
    update,
)
from rating.operations.charging.starting import authorise, charge_event, reserve

__all__ = [
    "Answer",
    "Ask",
    "Booked",
    "UnableToAddClient",
    "UnableToBook",
    "UnableToClose",
    "add_client",
    "authorise",
    "book_sessions",
    "cancel",
    "charge_event",
    "close_session",
    "expire_sessions",
    "forget_sessions",
    "renew_token",
    "reserve",
    "settle",
    "terminate",
    "update",
]
