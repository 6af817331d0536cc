"""
Packages as values: what they include, and which plans they fit.
"""

from dataclasses import dataclass

from tariffs.domain.deck import Allowance


@dataclass(frozen=True, slots=True)
class PackagePricing:
    """What a package version brings to the offer that prices a service: its allowances."""

    package_version_id: int
    allowances: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """What a package version can be added to: services by code, plans by id; none named = any."""

    services: frozenset[str] = frozenset()
    plan_ids: frozenset[int] = frozenset()

    def holds(self, *, service: str, plan_id: int) -> bool:
        """
        Whether the package can be held on a plan of a service.

        >>> Fit(frozenset({"mobile"})).holds(service="fixed", plan_id=1)
        False
        """
        if self.services and service not in self.services:
            return False
        return not self.plan_ids or plan_id in self.plan_ids
