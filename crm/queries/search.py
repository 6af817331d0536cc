"""
What the search box shows: what was found, with its money and what its services may do.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from accounts import queries as accounts_queries
from accounts.models import Subscription
from accounts.queries import Found

#: From the worst: what a line tells about an account is its worst service.
_WORST_FIRST: Final = (
    "suspended",
    "slow",
    "bar_long_distance",
    "paused",
    "ordered",
    "open",
    "active",
    "terminated",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the results. `state`: the worst level of its services, "" without services."""

    found: Found
    state: str


def search(text: str, *, limit: int = 20) -> list[Line]:
    """Return what was found, the best first: two queries."""
    found = accounts_queries.find_accounts(text, limit=limit)
    states = _worst_states([line.account_id for line in found if line.account_id])
    return [Line(line, states.get(line.account_id or 0, "")) for line in found]


def _worst_states(account_ids: list[int]) -> dict[int, str]:
    if not account_ids:
        return {}
    levels: dict[int, set[str]] = defaultdict(set)
    rows = Subscription.objects.filter(account_id__in=account_ids)
    for account_id, state, level in rows.values_list("account_id", "state", "access__level"):
        levels[account_id].add("terminated" if state == "terminated" else level or state)
    return {account_id: min(found, key=_rank) for account_id, found in levels.items()}


def _rank(level: str) -> int:
    return _WORST_FIRST.index(level) if level in _WORST_FIRST else len(_WORST_FIRST)
