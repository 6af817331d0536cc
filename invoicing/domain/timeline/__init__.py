"""
The fees of an account's services over time: what should be billed minus what was.

Events move the services (`Account.subscribe`, `change_plan`, `cancel`, `pause`, `resume`,
`set_cycle_day`, …); a `bill_run` looks at the whole of it and bills the difference, so that a run
may come late, twice, or after a change that was told afterwards, and the sum is the same.
"""

from invoicing.domain.timeline.account import Account, UnableToMove
from invoicing.domain.timeline.papers import Paper
from invoicing.domain.timeline.terms import Item, Plan, Terms

__all__ = ["Account", "Item", "Paper", "Plan", "Terms", "UnableToMove"]
