"""What the kernel does: months of partitions, events, state changes, approvals."""

from billing_project.kernel.operations.months import ensure_months

__all__ = ["ensure_months"]
