"""
Free units over time: grants that begin, are filled up again, are withdrawn or end, and their use.

Usage beyond all grants is overage, and the next balance that appears pays it first. What changes at
an instant comes before usage at the same instant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from billing_project.kernel.money import ZERO

FILLED: Final = 0
ENDED: Final = 1
USED: Final = 2


@dataclass(frozen=True, slots=True)
class UnitGrant:
    """
    So many units from `effective` up to `expires` or `voided`, by priority (lower first).

    `opening` is its balance when the count begins; every `reset_every` from `reset_from` on it is
    full again.
    """

    code: str
    units: Decimal
    effective: datetime
    priority: int = 0
    expires: datetime | None = None
    voided: datetime | None = None
    opening: Decimal = ZERO
    reset_every: timedelta | None = None
    reset_from: datetime | None = None

    @property
    def ends(self) -> datetime | None:
        """The first moment it is not there any more; None = it stays."""
        if self.expires is None or self.voided is None:
            return self.expires or self.voided
        return min(self.expires, self.voided)

    def is_there(self, at: datetime) -> bool:
        """Whether it can be used at a moment."""
        return self.effective <= at and (self.ends is None or at < self.ends)

    @property
    def order(self) -> tuple[int, bool, datetime, datetime, str]:
        """Used by priority, then what ends first, what began first, and its code."""
        return (
            self.priority,
            self.ends is None,
            self.ends or self.effective,
            self.effective,
            self.code,
        )


@dataclass(frozen=True, slots=True)
class Happening:
    """A grant filled up or ended, or units used."""

    at: datetime
    what: int
    grant: UnitGrant | None = None
    units: Decimal = ZERO

    @property
    def order(self) -> tuple[datetime, int]:
        """Changes of grants before usage at the same instant."""
        return self.at, self.what


@dataclass(slots=True)
class Burnt:
    """Balances by grant, and the usage that nothing covered."""

    balances: dict[str, Decimal]
    overage: Decimal = ZERO

    def burn(self, order: Iterable[UnitGrant], units: Decimal, *, at: datetime) -> Decimal:
        """Take units from the grants that are there; return what none of them had."""
        for grant in order:
            if not units:
                break
            if grant.is_there(at):
                taken = min(self.balances[grant.code], units)
                self.balances[grant.code] -= taken
                units -= taken
        return units


def burn_down(
    grants: Sequence[UnitGrant],
    used: Iterable[tuple[datetime, Decimal]],
    *,
    since: datetime,
    until: datetime,
) -> Burnt:
    """Return what is left at `until` of grants and their opening balances at `since`."""
    burnt = Burnt({grant.code: grant.opening for grant in grants})
    order = sorted(grants, key=lambda grant: grant.order)
    usage = [Happening(at, USED, units=units) for at, units in used if since <= at < until]
    for one in sorted([*_changes(grants, since, until), *usage], key=lambda one: one.order):
        if one.grant is None:
            burnt.overage += burnt.burn(order, one.units, at=one.at)
        elif one.what == ENDED:
            burnt.balances[one.grant.code] = ZERO
        elif one.grant.is_there(one.at):
            burnt.balances[one.grant.code] = one.grant.units
            burnt.overage = burnt.burn(order, burnt.overage, at=one.at)
    return burnt


def _changes(grants: Iterable[UnitGrant], since: datetime, until: datetime) -> Iterator[Happening]:
    for grant in grants:
        if since < grant.effective <= until:
            yield Happening(grant.effective, FILLED, grant)
        for at in _resets(grant, until):
            if at > since and at > grant.effective:
                yield Happening(at, FILLED, grant)
        if grant.ends is not None and grant.ends <= until:
            yield Happening(max(grant.ends, since), ENDED, grant)


def _resets(grant: UnitGrant, until: datetime) -> Iterator[datetime]:
    at = grant.reset_from
    while grant.reset_every and at is not None and at <= until:
        yield at
        at += grant.reset_every
