"""
Reference data for the rating core as numpy columns, by binary COPY: no work per row in Python.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
from django.db import connection

Ints = np.ndarray[Any, np.dtype[np.int64]]

#: An end that is open: no moment is later.
FOREVER: Final = 2**62
#: What stands before the first and after the last row of PostgreSQL's binary COPY.
_HEADER: Final = 19
_TRAILER: Final = 2

IDENTIFIERS: Final = f"""
    SELECT key, subscription_id, account_id,
           extract(epoch FROM active_from)::bigint,
           coalesce(extract(epoch FROM active_to)::bigint, {FOREVER})
      FROM accounts_identifieruse
     WHERE active_to IS NULL OR active_to > active_from
     ORDER BY key, active_from
"""
PLANS: Final = f"""
    SELECT subscription_id, account_id, plan_version_id,
           extract(epoch FROM active_from)::bigint,
           coalesce(extract(epoch FROM active_to)::bigint, {FOREVER})
      FROM accounts_planassignment
     ORDER BY subscription_id, active_from
"""


@dataclass(frozen=True, slots=True, eq=False)
class IdentifierColumns:
    """
    Numbers and logins in use, sorted by (key, active_from).

    `key` is `domain.identifiers.subscriber_key`; times are epoch seconds, half-open; an open end is
    FOREVER.
    """

    key: Ints
    subscription_id: Ints
    account_id: Ints
    active_from: Ints
    active_to: Ints


@dataclass(frozen=True, slots=True, eq=False)
class PlanColumns:
    """Plan history of all services, sorted by (subscription_id, active_from); times as above."""

    subscription_id: Ints
    account_id: Ints
    plan_version_id: Ints
    active_from: Ints
    active_to: Ints


def identifier_columns() -> IdentifierColumns:
    """Return every use of every number and login, past ones too."""
    return IdentifierColumns(*fetch_bigints(IDENTIFIERS, 5))


def plan_history_columns() -> PlanColumns:
    """Return the plan history of every service."""
    return PlanColumns(*fetch_bigints(PLANS, 5))


def fetch_bigints(sql: str, count: int) -> list[Ints]:
    """
    Return the select's columns, each an int64 array.

    All columns must be bigint and not null: every row then has the same size on the wire.
    """
    buffer = BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT binary)", buffer)
    fields = [("fields", ">i2")]
    for place in range(count):
        fields += [(f"length{place}", ">i4"), (f"value{place}", ">i8")]
    row = np.dtype(fields)
    size = buffer.getbuffer().nbytes - _HEADER - _TRAILER
    rows = np.frombuffer(buffer.getvalue(), dtype=row, offset=_HEADER, count=size // row.itemsize)
    return [rows[f"value{place}"].astype(np.int64) for place in range(count)]
