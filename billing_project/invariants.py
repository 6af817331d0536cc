"""
All promises that are queries, of every app in the order of the house.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from accounts import queries as accounts_queries
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.invariants import Invariant, find_violations
from dunning import queries as dunning_queries
from invoicing import queries as invoicing_queries
from notifications import queries as notifications_queries
from provisioning import queries as provisioning_queries
from rating import queries as rating_queries
from tariffs import queries as tariffs_queries

MODULES: Final[tuple[ModuleType, ...]] = (
    kernel_queries,
    tariffs_queries,
    accounts_queries,
    provisioning_queries,
    rating_queries,
    invoicing_queries,
    dunning_queries,
    notifications_queries,
)


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """An invariant that returned rows, with the first of them."""

    app: str
    invariant: Invariant
    rows: list[tuple[Any, ...]]


def list_invariants() -> list[tuple[str, Invariant]]:
    """Return (app, invariant) of the whole house."""
    return [
        (module.__name__.split(".")[-2], invariant)
        for module in MODULES
        for invariant in module.invariants()
    ]


def broken_promises() -> list[BrokenPromise]:
    """Ask every invariant; return those that don't hold."""
    broken = []
    for app, invariant in list_invariants():
        rows = find_violations(invariant)
        if rows:
            broken.append(BrokenPromise(app=app, invariant=invariant, rows=rows))
    return broken
