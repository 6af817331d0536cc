"""
What of accounts needs a person though no promise is broken: add a part's own alarms here.
"""

from datetime import datetime

from accounts.queries import intake
from accounts.queries.closing import closing_alarms
from billing_project.kernel.invariants import Invariant


def alarms(*, now: datetime) -> list[Invariant]:
    """Return the alarms of accounts: each selects what waits for a person."""
    return [*intake.alarms(now=now), *closing_alarms()]
