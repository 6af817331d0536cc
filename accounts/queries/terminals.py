"""
Terminals and their registries, as people and doors look at them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models.terminals import Terminal, TerminalRegistry, TerminalRegistryLine


def find_terminal(code: str) -> Terminal | None:
    """Find a terminal by its code."""
    return Terminal.objects.filter(code=code).first()


def list_terminals() -> "QuerySet[Terminal]":
    """List the terminals by name."""
    return Terminal.objects.order_by("name", "pk")


def list_registries(*, terminal_id: int | None = None, limit: int = 60) -> list[TerminalRegistry]:
    """List registries without their files, the newest day first."""
    rows = TerminalRegistry.objects.defer("data").select_related("terminal")
    if terminal_id is not None:
        rows = rows.filter(terminal_id=terminal_id)
    return list(rows.order_by("-business_date", "-pk")[:limit])


def count_outcomes(registry_id: int) -> dict[str, tuple[int, Decimal]]:
    """Return, by outcome, how many lines of a registry have it and their sum."""
    rows = TerminalRegistryLine.objects.filter(registry_id=registry_id).values("outcome")
    counted = rows.annotate(lines=Count("pk"), total=Sum("amount")).order_by("outcome")
    return {row["outcome"]: (row["lines"], row["total"]) for row in counted}


def list_registry_lines(
    registry_id: int, *, outcome: str, after: int = 0, limit: int = 100
) -> "QuerySet[TerminalRegistryLine]":
    """List lines of a registry with one outcome, in their order, after the id `after`."""
    rows = TerminalRegistryLine.objects.select_related("notice__account")
    rows = rows.filter(registry_id=registry_id, outcome=outcome, pk__gt=after)
    return rows.order_by("pk")[:limit]


def get_terminal(terminal_id: int) -> Terminal | None:
    """Return a terminal, or None."""
    return Terminal.objects.filter(pk=terminal_id).first()


def get_registry(registry_id: int) -> TerminalRegistry | None:
    """Return a registry without its file, or None."""
    rows = TerminalRegistry.objects.defer("data").select_related("terminal")
    return rows.filter(pk=registry_id).first()


@dataclass(frozen=True, slots=True)
class CountedRegistry:
    """A registry with its lines: all, those that are equal, those that are not."""

    registry: TerminalRegistry
    lines: int
    total: Decimal
    unequal: int


def count_registries(registries: Sequence[TerminalRegistry]) -> list[CountedRegistry]:
    """Return registries with the counts of their lines."""
    rows = (
        TerminalRegistryLine.objects.filter(registry__in=[one.pk for one in registries])
        .values("registry_id")
        .annotate(
            lines=Count("pk", filter=Q(place__gt=0)),
            total=Sum("amount", filter=Q(place__gt=0)),
            unequal=Count("pk", filter=~Q(outcome=TerminalRegistryLine.Outcome.MATCHED)),
        )
    )
    counted: dict[int, Mapping[str, Any]] = {row["registry_id"]: row for row in rows}
    return [_counted(one, counted.get(one.pk, {})) for one in registries]


def _counted(registry: TerminalRegistry, row: Mapping[str, Any]) -> CountedRegistry:
    """An empty registry has no row."""
    return CountedRegistry(
        registry=registry,
        lines=row.get("lines", 0),
        total=row.get("total") or Decimal(0),
        unequal=row.get("unequal", 0),
    )
