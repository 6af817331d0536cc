"""
One statement per request: the session's row, the units and the money reserved for it.

The functions are rating/sql/charging.sql; they lock session, units, balance in this order.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

import orjson

from rating.domain.online import Grant, Tariff, change_of_units
from rating.domain.twin import Priced
from rating.models import ChargingSession
from rating.operations.charging.asking import Answer, Ask, Case
from rating.queries.charging import Client, Reference
from rating.queries.charging_looks import Seen, ask_once

BEGIN: Final = f"SELECT rating_charging_begin({', '.join(['%s'] * 30)})"
GO_ON: Final = f"SELECT rating_charging_go_on({', '.join(['%s'] * 27)})"
#: Advisory lock: alone while ended sessions are booked, shared by who corrects an ended one.
BOOKING_LOCK: Final = 7_306_004
#: What the functions answer.
DONE: Final = "ok"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended, and what it cost."""

    at: datetime
    ending: ChargingSession.Ending
    billed: int = 0
    band_id: int = 0
    amount: Decimal = Decimal("0.00")
    is_overrun: bool = False
    bookable_at: datetime | None = None
    # Set at once where nothing was used: there is nothing to book.
    booked_at: datetime | None = None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written of a session: its length, what it holds, and what it was told."""

    used: int
    granted: int
    held: Decimal
    units: list[list[int]]
    sequence: int
    fingerprint: int
    answer: Answer
    now: datetime
    expires_at: datetime
    started_at: int
    ended: Ended | None = None
    sizes: dict[int, int] = field(default_factory=dict)


def begin(writing: Writing, case: Case, ask: Ask, *, client: Client, record_key: int) -> str:
    """Write a new session; return `ok`, `known`, `units` or `money` (nothing is written then)."""
    seen, ended = case.seen, writing.ended
    changes = change_of_units([], writing.units, granted=writing.sizes)
    return ask_once(
        BEGIN,
        [
            *(case.is_limited, _json(changes), client.id, ask.session, seen.account_id),
            *(seen.subscription_id, int(ask.kind), client.source_id, record_key),
            *(ask.subscriber[:40], int(case.number or 0), writing.started_at),
            *(case.plan_version_id, case.tariff.prices.deck.version_id, case.tariff.zone_id),
            *(writing.used, writing.granted, str(writing.held), _json(writing.units)),
            *(writing.sequence, writing.fingerprint, writing.answer.text),
            *(writing.now.isoformat(), writing.expires_at.isoformat()),
            *((ended.at, ended.ending.value, ended.billed) if ended else (None, "", 0)),
            *((ended.band_id, ended.amount, ended.bookable_at) if ended else (0, 0, None)),
        ],
    )


def go_on(writing: Writing, seen: Seen, *, is_limited: bool) -> str:
    """
    Write what became of a session as it was seen; return `ok`, `moved`, `units` or `money`.

    A session that has ended (and is not booked) may be ended anew, with a later report.
    """
    ended = writing.ended
    changes = change_of_units(seen.units, writing.units, granted=writing.sizes)
    values = (
        (ended.at, ended.ending.value, ended.by[:60], ended.reason[:200], ended.billed)
        if ended
        else (None, "", "", "", 0)
    )
    more = (
        (ended.band_id, ended.amount, ended.is_overrun, ended.bookable_at, ended.booked_at)
        if ended
        else (0, 0, False, None, None)
    )
    return ask_once(
        GO_ON,
        [
            *(seen.id, seen.sequence, seen.used, is_limited, _json(changes)),
            *(writing.started_at, writing.used, writing.granted, str(writing.held)),
            *(_json(writing.units), writing.sequence, writing.fingerprint),
            *(writing.answer.text, writing.now.isoformat(), writing.expires_at.isoformat()),
            *values,
            *more,
            *(seen.ending is not None, BOOKING_LOCK),
        ],
    )


def sizes_of(tariff: Tariff) -> dict[int, int]:
    """Return the size of each allowance's period, for counters that have no row yet."""
    return {item.allowance.allowance_id: item.allowance.amount for item in tariff.allowances}


def price_of(
    tariff: Tariff, priced: Priced, reference: Reference
) -> tuple[int, int, Decimal, list[list[int]]]:
    """Return billed units, tariff time, amount and units taken of a priced session."""
    band = reference.bands.get((tariff.prices.deck.version_id, priced.band_code), 0)
    return priced.billed_units, band, priced.amount, tariff.units_of(priced)


def granted_values(grant: Grant, *, used: int, validity: int) -> dict[str, object]:
    """Return what a client is told of a grant: units from now on, and how long they hold."""
    return {
        "granted": grant.length - used,
        "total": grant.length,
        "held": str(grant.priced.amount),
        "validity": validity,
        "is_final": grant.is_final,
        **({"final_reason": grant.code.value} if grant.is_final and grant.code else {}),
    }


def started(ask: Ask, now: datetime) -> int:
    """Return the moment a session began: as the client says, else now."""
    return int(now.timestamp()) if ask.started_at is None else ask.started_at


def _json(rows: list[list[int]] | None) -> str | None:
    return None if rows is None else orjson.dumps(rows).decode()
