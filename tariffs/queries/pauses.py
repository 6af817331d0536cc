"""
The rules of pauses as values.
"""

from tariffs.domain.pauses import Rule
from tariffs.models import PauseRule


def list_pause_rules() -> list[Rule]:
    """Return the rules of pauses; `tariffs.domain.pauses.find_rule` finds a service's own."""
    return [
        Rule(
            plan_id=row.plan_id,
            service=row.service,
            is_allowed=row.is_allowed,
            min_days=row.min_days,
            max_days=row.max_days,
            days_a_year=row.days_a_year,
            gap_days=row.gap_days,
            ahead_days=row.ahead_days,
            needs_no_debt=row.needs_no_debt,
            free_days=row.free_days,
            fee=row.fee,
            fee_period=row.fee_period,
            keeps_packages=row.keeps_packages,
        )
        for row in PauseRule.objects.order_by("id")
    ]
