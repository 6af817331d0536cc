"""
Who used it, and on which plan, as of a moment: columns of the numbers in use and plan history.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from rating.domain.usage import Bools, Ints
from tariffs.domain.offers import OfferParts

#: So many keys are searched fast in any order.
CACHED: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """
    Half-open periods [start, end) of keys, in rows ordered by (key, start).

    `first[k]` is the first row of the k-th key and `first[k + 1]` the end of its rows.
    """

    keys: Ints
    first: Ints
    start: Ints
    end: Ints
    depth: int

    def rows_at(self, places: Ints, moments: Ints) -> tuple[Ints, Bools]:
        """
        Return the row in force for the keys at `places`, and whether there is one.

        A place out of range (-1) has none; its row is 0 then.
        """
        known = (places >= 0) & (self.first[places] < self.first[places + 1])
        row = np.where(known, self.first[places], 0)
        if not len(self.start):
            return row, known
        if self.depth > 1:
            last = np.where(known, self.first[places + 1] - 1, 0)
            for _ in range(self.depth - 1):
                after = np.minimum(row + 1, last)
                row = np.where(self.start[after] <= moments, after, row)
        return row, known & (self.start[row] <= moments) & (moments < self.end[row])

    def places_of(self, keys: Ints) -> Ints:
        """Return the place of each key, -1 for the unknown."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        place = search_sorted(self.keys, keys)
        place[place == len(self.keys)] = 0
        place[self.keys[place] != keys] = -1
        return place


def search_sorted(known: Ints, wanted: Ints) -> Ints:
    """As `np.searchsorted`, in half its time where the known don't fit the processor's cache."""
    if len(known) < CACHED or len(wanted) < CACHED:
        return np.searchsorted(known, wanted)
    order = np.argsort(wanted)
    place = np.empty(len(wanted), np.int64)
    place[order] = np.searchsorted(known, wanted[order])
    return place


def build_history(*, keys: Ints, row_keys: Ints, start: Ints, end: Ints) -> tuple[History, Ints]:
    """
    Arrange periods by key; return the history and the order in which the rows were put.

    `keys` are all keys in ascending order, also those without rows.
    """
    order = np.lexsort((start, row_keys))
    ordered = row_keys[order]
    first = np.append(np.searchsorted(ordered, keys), len(ordered)).astype(np.int64)
    depth = int(np.diff(first).max(initial=0))
    return History(keys, first, start[order], end[order], depth), order


def padded(column: Ints) -> Ints:
    """Return the column with a 0 at its end, so that row 0 can be read even if it has no rows."""
    return np.append(column, 0).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class IdentifierColumns:
    """Numbers and logins in use; `key` is that of `accounts.domain.identifiers`, an open end is FOREVER."""

    key: Ints
    subscription_id: Ints
    account_id: Ints
    active_from: Ints
    active_to: Ints


@dataclass(frozen=True, slots=True, eq=False)
class PlanColumns:
    """Plan history of subscriptions; an open end is FOREVER."""

    subscription_id: Ints
    plan_version_id: Ints
    active_from: Ints
    active_to: Ints


@dataclass(frozen=True, slots=True, eq=False)
class GroupColumns:
    """
    Members of groups: who may use the shared allowances of `owner_subscription_id`, and when.

    The owner is no row of its own. `most` is how much of each shared allowance of the kind the
    member may take per period, in the allowance's units; -1 for no limit. One row per member,
    kind of usage and time; an open end is FOREVER.
    """

    member_subscription_id: Ints
    owner_subscription_id: Ints
    owner_account_id: Ints
    kind: Ints
    most: Ints
    active_from: Ints
    active_to: Ints

    def __len__(self) -> int:
        return len(self.kind)


def no_groups() -> GroupColumns:
    """Return no groups."""
    return GroupColumns(*(np.zeros(0, np.int64) for _ in range(7)))


#: Kinds of usage are below this, in the keys of groups.
_KIND_SLOTS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class CompiledGroups:
    """
    Membership as of a moment, by subscription · 8 + kind; columns over the rows of `members`.

    `owner_place` is the place of the owner's subscription in the plan history. `concerned` are all
    subscriptions that are or were a member or an owner.
    """

    members: History
    owner_id: Ints
    owner_account_id: Ints
    owner_place: Ints
    most: Ints
    concerned: Ints

    def rows_at(self, subscription_id: Ints, kind: Ints, moments: Ints) -> tuple[Ints, Bools]:
        """Return the row of each member's group, and whether there is one."""
        places = self.members.places_of(subscription_id * _KIND_SLOTS + kind)
        return self.members.rows_at(places, moments)


@dataclass(frozen=True, slots=True, eq=False)
class CompiledSubscribers:
    """
    Identifier → subscription → offer, each as of a moment; and who shares whose allowances.

    `identifier_place` is the place of the identifier's subscription in `plans`, `plan_version_id`
    what the history names: an offer, or the plan version that is one; `offers` are the former.
    """

    identifiers: History
    identifier_place: Ints
    subscription_id: Ints
    account_id: Ints
    plans: History
    plan_version_id: Ints
    groups: CompiledGroups
    offers: tuple[OfferParts, ...] = ()


def compile_subscribers(
    *, identifiers: IdentifierColumns, plans: PlanColumns, groups: GroupColumns | None = None
) -> CompiledSubscribers:
    """Arrange the rows, given in any order, for looking up columns of usage."""
    groups = groups or no_groups()
    subscriptions = np.unique(
        np.concatenate(
            [identifiers.subscription_id, plans.subscription_id, groups.owner_subscription_id]
        )
    )
    by_identifier, order = build_history(
        keys=np.unique(identifiers.key),
        row_keys=identifiers.key,
        start=identifiers.active_from,
        end=identifiers.active_to,
    )
    by_subscription, plan_order = build_history(
        keys=subscriptions,
        row_keys=plans.subscription_id,
        start=plans.active_from,
        end=plans.active_to,
    )
    subscription_id = identifiers.subscription_id[order]
    return CompiledSubscribers(
        identifiers=by_identifier,
        identifier_place=padded(np.searchsorted(subscriptions, subscription_id)),
        subscription_id=padded(subscription_id),
        account_id=padded(identifiers.account_id[order]),
        plans=by_subscription,
        plan_version_id=padded(plans.plan_version_id[plan_order]),
        groups=_compile_groups(groups, subscriptions),
    )


def _compile_groups(groups: GroupColumns, subscriptions: Ints) -> CompiledGroups:
    keys = groups.member_subscription_id * _KIND_SLOTS + groups.kind
    members, order = build_history(
        keys=np.unique(keys), row_keys=keys, start=groups.active_from, end=groups.active_to
    )
    owner_id = groups.owner_subscription_id[order]
    return CompiledGroups(
        members=members,
        owner_id=padded(owner_id),
        owner_account_id=padded(groups.owner_account_id[order]),
        owner_place=padded(np.searchsorted(subscriptions, owner_id)),
        most=padded(groups.most[order]),
        concerned=np.unique(np.append(owner_id, groups.member_subscription_id)),
    )
