"""
The rules an installation starts with; the operator edits them, and the next audit applies them.
"""

from decimal import Decimal
from typing import Final

from billing_project.kernel import queue
from dunning.models import AccessRule, PromiseRule

AUDIT: Final = "access.audit"

#: (position, service, available below, or equal, effect). The first that matches wins.
DEFAULT_RULES: Final = (
    (10, "", Decimal("-300.00"), False, AccessRule.Effect.SUSPEND),
    (20, "mobile", Decimal("0.00"), True, AccessRule.Effect.BAR_LONG_DISTANCE),
    (30, "fixed", Decimal("0.00"), True, AccessRule.Effect.BAR_LONG_DISTANCE),
    (40, "internet", Decimal("0.00"), False, AccessRule.Effect.SLOW),
)


def ensure_reference_data() -> None:
    """Write the default rules where there are none; idempotent, never changes what is there."""
    if not AccessRule.objects.exists():
        rules = [
            AccessRule(
                position=position, service=service, below=below, or_equal=or_equal, effect=effect
            )
            for position, service, below, or_equal, effect in DEFAULT_RULES
        ]
        AccessRule.objects.bulk_create(rules, ignore_conflicts=True)
    if not PromiseRule.objects.exists():
        PromiseRule.objects.create()


def apply_new_rules() -> None:
    """After the rules were edited: have everybody decided anew soon; the night does it in any case."""
    queue.nudge(AUDIT)
