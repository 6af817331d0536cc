"""Questions that many tests ask."""

from collections.abc import Iterable

from billing_project.kernel.invariants import Invariant, find_violations


def broken_promises(promises: Iterable[Invariant]) -> list[str]:
    """Return the names of the invariants that don't hold, in their order."""
    return [promise.name for promise in promises if find_violations(promise)]
