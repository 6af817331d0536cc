"""
One look at a session and who pays, as online charging takes it: one statement, one text.
"""

from collections.abc import Sequence
from decimal import Decimal
from threading import local
from typing import Any, Final, NamedTuple

import orjson
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from tariffs.domain.deck import UsageKind

LOOK: Final = "SELECT rating_charging_look(%s, %s, %s, to_timestamp(%s), %s)"
#: A counter's row: its allowance and period, units granted (null without usage), used, reserved.
CounterRow = tuple[int, int, int | None, int, int]


class Seen(NamedTuple):
    """
    What `rating_charging_look` says; see rating/sql/charging.sql.

    Down to `amount` of the session, to `own_decks` of who pays, then of the group it is a member of.
    """

    id: int | None
    kind: int
    started_at: int
    subscriber: str
    other_number: int
    session_plan_version_id: int
    deck_version_id: int
    zone_id: int
    used: int
    granted: int
    session_held: Decimal
    units: list[list[int]]
    sequence: int
    fingerprint: int
    answer: str
    ending: str | None
    is_booked: bool
    amount: Decimal
    account_id: int | None
    subscription_id: int | None
    account_kind: str
    state: str
    level: str | None
    plan_version_id: int | None
    money: Decimal
    held: Decimal
    floor: Decimal
    counters: list[CounterRow] | None
    packages: list[int] | None
    has_guard: bool
    own_decks: list[tuple[str, int]] | None
    group_owner_id: int | None
    group_account_id: int | None
    group_plan_version_id: int | None
    group_packages: list[int] | None
    caps: list[int | None] | None
    shared_counters: list[CounterRow] | None
    taken_of_shared: list[tuple[int, int, int]] | None

    @property
    def available(self) -> Decimal:
        """What may still be spent, beside what this session holds."""
        return self.money + self.floor - self.held

    def counter(self, owner_id: int, allowance_id: int, period: int) -> tuple[int | None, int, int]:
        """Return what is granted (None: nothing was used of it), used and reserved of a counter."""
        rows = self.counters if owner_id == self.subscription_id else self.shared_counters
        granted: int | None = None
        used = reserved = 0
        # What was used and what is reserved are rows of their own.
        for number, when, *(more, taken, kept) in rows or ():
            if (number, when) == (allowance_id, period):
                granted = more if granted is None else granted
                used, reserved = used + taken, reserved + kept
        return granted, used, reserved

    def own_deck(self, kind: UsageKind) -> int | None:
        """The deck that prices the company's usage in place of the plan's, if it has one."""
        return next((deck for code, deck in self.own_decks or () if code == kind.code), None)

    def member_has(self, allowance_id: int, period: int) -> int:
        """What the member took, or holds, of a shared allowance beside this session."""
        rows = self.taken_of_shared or ()
        return sum(
            units for number, when, units in rows if (number, when) == (allowance_id, period)
        )


#: The parts of an answer where there is no session, nobody who pays, no group.
_NOTHING: Final[tuple[list[Any], ...]] = ([None] * 18, [None] * 13, [None] * 7)


class _Kept(local):
    """The cursor that a thread keeps, and the connection it is of."""

    raw: Any = None
    cursor: Any = None


_KEPT: Final = _Kept()


def ask_once(statement: str, values: Sequence[Any]) -> str:
    """
    Return the one text that a statement answers.

    On a cursor kept with the connection: that of the framework costs as much as a price. Errors are
    the framework's. Who watches statements (tests, debugging) gets them the usual way.
    """
    database = connections[DEFAULT_DB_ALIAS]
    raw = database.connection
    if raw is None or database.execute_wrappers or database.queries_logged:
        with database.cursor() as cursor:
            cursor.execute(statement, values)
            return str(cursor.fetchone()[0])
    if _KEPT.raw is not raw:
        _KEPT.raw, _KEPT.cursor = raw, raw.cursor()
    with database.wrap_database_errors:
        _KEPT.cursor.execute(statement, values)
        return str(_KEPT.cursor.fetchone()[0])


def look(*, client_id: int, session: str | None, key: int | None, at: int) -> Seen:
    """
    Read a session, if the client has it, and who pays: by the session, else by subscriber key.

    `at` is the moment (epoch seconds) at which numbers, plans and periods count; of a known session
    it is its start.
    """
    parts = orjson.loads(ask_once(LOOK, [client_id, session, key, at, settings.TIME_ZONE]))
    known, payer, group = (part or none for part, none in zip(parts, _NOTHING, strict=True))
    if known[0] is not None:
        known[10], known[17] = Decimal(known[10]), Decimal(known[17])
    if payer[0] is not None:
        payer[6:9] = map(Decimal, payer[6:9])
    return Seen(*known, *payer, *group)
