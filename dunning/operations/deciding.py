"""
Access decided and applied: gather in columns, decide in pure functions, write set-based.

The decision is made on money seen without holding up postings. The interval is written first,
guarded by that money (decision A3); an account whose money moved meanwhile is decided again, and
one whose money moves afterwards leaves a crossing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from billing_project.kernel.events import ACCESS
from billing_project.kernel.operations import record_events, take_inbox
from dunning import queries
from dunning.domain.planning import Funds, Planner, Verdict, Watch
from dunning.operations.floors import set_floors
from dunning.queries.limits import list_wrong_floors
from provisioning import operations as provisioning_operations

#: Accounts decided in one transaction: their balances are held for some milliseconds only.
CHUNK: Final = 1_000
#: An account whose money moves between look and write is looked at again.
ROUNDS: Final = 10

APPLY: Final = """
    WITH verdict AS MATERIALIZED (
        SELECT * FROM unnest(%(subscription_ids)s::bigint[], %(account_ids)s::bigint[],
            %(old)s::text[], %(new)s::text[], %(speeds)s::int[], %(desired)s::text[],
            %(rule_ids)s::bigint[], %(available)s::numeric[], %(reasons)s::text[])
            AS v (subscription_id, account_id, old, new, speed_kbps, desired, rule_id, available,
                  reason)
    ), written AS (
        INSERT INTO dunning_serviceaccess
            (subscription_id, account_id, level, speed_kbps, desired, rule_id, rules_mark, since)
        SELECT subscription_id, account_id, new, speed_kbps, desired::jsonb, rule_id, %(mark)s,
               %(now)s
          FROM verdict ORDER BY subscription_id
        ON CONFLICT (subscription_id) DO UPDATE
           SET level = EXCLUDED.level, speed_kbps = EXCLUDED.speed_kbps,
               desired = EXCLUDED.desired, rule_id = EXCLUDED.rule_id,
               rules_mark = EXCLUDED.rules_mark,
               since = CASE WHEN dunning_serviceaccess.level = EXCLUDED.level
                            THEN dunning_serviceaccess.since ELSE EXCLUDED.since END
        RETURNING subscription_id
    ), facts AS (
        INSERT INTO dunning_accesschange
            (account_id, subscription_id, old, new, rule_id, available, reason, changed_at, actor)
        SELECT v.account_id, v.subscription_id, v.old, v.new, v.rule_id, v.available,
               v.reason::jsonb, %(now)s, %(actor)s
          FROM verdict v JOIN written w USING (subscription_id)
         WHERE v.old <> v.new ORDER BY v.account_id, v.subscription_id
    )
    SELECT count(*) FROM written
"""

ORDERS: Final = """
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[]::jsonb[])
"""
EVENTS: Final = """
    SELECT account_id, customer_id, subscription_id, %s::timestamptz, data::jsonb
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
        AS e (account_id, customer_id, subscription_id, data)
"""


class UnableToSettle(Exception):
    """The money of an account moved each time it was looked at; its crossing stays for the next run."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a run did: accounts decided, services whose level changed, and which way."""

    accounts: int = 0
    changed: int = 0
    restricted: int = 0
    restored: int = 0

    def __add__(self, other: "Decided") -> "Decided":
        return Decided(
            self.accounts + other.accounts,
            self.changed + other.changed,
            self.restricted + other.restricted,
            self.restored + other.restored,
        )


Advance = Callable[[int, int], None]


def decide_accounts(
    *,
    account_ids: Iterable[int],
    now: datetime,
    actor: str = "system:access",
    advance: Advance | None = None,
) -> Decided:
    """
    Decide the services of the accounts anew and apply what changed; one transaction per thousand.

    Changed levels get an AccessChange, an event, and a network order with the whole desired state.
    `advance` is told (accounts done, of how many).
    """
    ids = sorted(set(account_ids))
    planner = Planner(queries.list_rules())
    total = Decided()
    for chunk in _chunks(ids):
        with transaction.atomic():
            total += _decide_chunk(chunk, planner=planner, now=now, actor=actor)
        if advance is not None:
            advance(total.accounts, len(ids))
    return total


def drain_crossings(*, now: datetime, limit: int = CHUNK, actor: str = "system:access") -> Decided:
    """
    Decide every account that a crossing or an event asks for, until none waits.

    Each portion of `limit` is taken and decided in one transaction: killed anywhere, what was not
    committed waits for the next run. Runs side by side take different rows.
    """
    total = Decided()
    while True:
        with transaction.atomic():
            ids = set(accounts_operations.take_crossings(limit=limit))
            # Together one chunk: two in one transaction would lock accounts after balances.
            room = limit - len(ids)
            if room:
                ids.update(event.account_id for event in take_inbox(consumer=ACCESS, limit=room))
            if not ids:
                return total
            total += decide_accounts(account_ids=ids, now=now, actor=actor)


def audit_all(
    *,
    account_from: int,
    account_to: int,
    now: datetime,
    actor: str = "system:audit",
    advance: Advance | None = None,
) -> Decided:
    """
    Look at every account in [account_from, account_to) and decide those that need it.

    These are accounts whose money lies outside their interval or that have none, and services whose
    access does not fit their state, plan or the rules in use. What was drained before leaves nothing.

    A floor that a cap of disputes was changed under is mended first.
    """
    mended = mend_floors(account_from=account_from, account_to=account_to, now=now, actor=actor)
    planner = Planner(queries.list_rules())
    ids = set(accounts_queries.list_unwatched(account_from=account_from, account_to=account_to))
    ids.update(
        queries.list_astray(
            account_from=account_from, account_to=account_to, rules_mark=planner.mark, now=now
        )
    )
    return mended + decide_accounts(account_ids=ids, now=now, actor=actor, advance=advance)


@transaction.atomic
def mend_floors(*, account_from: int, account_to: int, now: datetime, actor: str) -> Decided:
    """Write floors anew where a cap of disputes changed under them, and decide those accounts."""
    wrong = list_wrong_floors(account_from=account_from, account_to=account_to)
    set_floors(queries.lock_accounts(wrong))
    return decide_accounts(account_ids=wrong, now=now, actor=actor)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _decide_chunk(
    account_ids: Sequence[int], *, planner: Planner, now: datetime, actor: str
) -> Decided:
    pending = queries.lock_accounts(account_ids)
    decided = Decided()
    # The first round locks every balance of the chunk in order, guard or not: a further round waits
    # for nobody, so it can't deadlock with a posting.
    for _round in range(ROUNDS):
        verdicts, watches = _plan(pending, planner=planner, now=now)
        settled = _set_watch(watches)
        ready = [verdict for verdict in verdicts if verdict.row.account_id in settled]
        decided += _apply(ready, now=now, actor=actor)
        decided += Decided(accounts=len(settled))
        pending = [watch.account_id for watch in watches if watch.account_id not in settled]
        if not pending:
            return decided
    raise UnableToSettle(_("The money of the account moves too fast to decide its access."))


def _plan(
    account_ids: Sequence[int], *, planner: Planner, now: datetime
) -> tuple[list[Verdict], list[Watch]]:
    funds = [Funds(*row) for row in accounts_queries.money_columns(account_ids=account_ids)]
    services = queries.list_service_rows(account_ids=account_ids, now=now)
    return planner.plan(services, funds=funds)


def _set_watch(watches: list[Watch]) -> set[int]:
    rows = [(watch.account_id, watch.seen, watch.low, watch.high) for watch in watches]
    return accounts_operations.set_watch(rows=rows)


def _apply(verdicts: list[Verdict], *, now: datetime, actor: str) -> Decided:
    worth = [verdict for verdict in verdicts if verdict.is_worth_writing]
    if not worth:
        return Decided()
    with connection.cursor() as cursor:
        cursor.execute(APPLY, {**_columns(worth), "now": now, "actor": actor})
    _order([verdict for verdict in worth if verdict.is_order], now=now)
    restricted = _announce(worth, kind="access.restricted", now=now, actor=actor)
    restored = _announce(worth, kind="access.restored", now=now, actor=actor)
    changed = sum(verdict.is_new_level for verdict in worth)
    return Decided(changed=changed, restricted=restricted, restored=restored)


def _columns(verdicts: list[Verdict]) -> dict[str, Any]:
    rules = [verdict.decision.rule for verdict in verdicts]
    return {
        "subscription_ids": [verdict.row.subscription_id for verdict in verdicts],
        "account_ids": [verdict.row.account_id for verdict in verdicts],
        "old": [verdict.row.level for verdict in verdicts],
        "new": [verdict.decision.level for verdict in verdicts],
        "speeds": [verdict.desired["speed_kbps"] for verdict in verdicts],
        "desired": [_dump(verdict.desired) for verdict in verdicts],
        "rule_ids": [rule.id if rule else None for rule in rules],
        "available": [verdict.funds.available for verdict in verdicts],
        "reasons": [_dump(build_reason(verdict)) for verdict in verdicts],
        "mark": verdicts[0].rules_mark,
    }


def build_reason(verdict: Verdict) -> dict[str, Any]:
    """Return why, as plain values: what an AccessChange keeps and a person can be told."""
    rule = verdict.decision.rule
    return {
        "codes": list(verdict.decision.reasons),
        "money": str(verdict.funds.money),
        "floor": str(verdict.funds.floor),
        "below": str(rule.below) if rule else None,
        "to_open": str(verdict.to_open),
    }


def _order(verdicts: list[Verdict], *, now: datetime) -> None:
    if not verdicts:
        return
    columns = [
        [verdict.row.account_id for verdict in verdicts],
        [verdict.row.subscription_id for verdict in verdicts],
        [verdict.row.service for verdict in verdicts],
        [verdict.action for verdict in verdicts],
        [_dump(verdict.desired) for verdict in verdicts],
    ]
    provisioning_operations.order_many(source_sql=ORDERS, params=columns, now=now)


def _announce(verdicts: list[Verdict], *, kind: str, now: datetime, actor: str) -> int:
    told = [verdict for verdict in verdicts if verdict.event_kind == kind]
    if not told:
        return 0
    columns = [
        [verdict.row.account_id for verdict in told],
        [verdict.row.customer_id for verdict in told],
        [verdict.row.subscription_id for verdict in told],
        [_dump(build_event(verdict)) for verdict in told],
    ]
    return record_events(kind=kind, source_sql=EVENTS, params=[now, *columns], actor=actor)


def build_event(verdict: Verdict) -> dict[str, Any]:
    """Return the plain values of access.restricted and access.restored; money as text."""
    identifiers = verdict.desired["identifiers"]
    return {
        "service": verdict.row.service,
        "identifier": identifiers[0] if identifiers else "",
        "old": verdict.row.level,
        "level": verdict.decision.level,
        "speed_kbps": verdict.desired["speed_kbps"],
        "balance": str(verdict.funds.money),
        "available": str(verdict.funds.available),
        "to_open": str(verdict.to_open),
    }


def _dump(values: dict[str, Any]) -> str:
    return orjson.dumps(values).decode()
