"""
The credit of an account on one page: class and limit, promises, and how both came to be.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import CreditChange
from accounts.queries.credit import list_classes, list_credit_changes
from crm.queries.staff import names_of
from dunning import queries as dunning_queries
from dunning.models import PromisedPayment
from dunning.queries import PromiseAnswer
from dunning.queries.limits import Credit, get_credit


@dataclass(frozen=True, slots=True)
class ChangeOnPage:
    """A change of class or limit, with the names of both classes and of who made it."""

    change: CreditChange
    class_before: str
    class_after: str
    actor: str


@dataclass(frozen=True, slots=True)
class PromiseOnPage:
    """A promised payment, and who gave it."""

    promise: PromisedPayment
    actor: str


@dataclass(frozen=True, slots=True)
class CreditPage:
    """Everything the page shows."""

    credit: Credit
    answer: PromiseAnswer
    promises: tuple[PromiseOnPage, ...]
    changes: tuple[ChangeOnPage, ...]


def get_credit_page(account_id: int, *, now: datetime) -> CreditPage:
    """Return the page."""
    promises = dunning_queries.list_promises(account_id=account_id, limit=30)
    changes = list_credit_changes(account_id, limit=30)
    actors = {*(row.actor for row in promises), *(row.actor for row in changes)}
    people = names_of(actor for actor in actors if actor.startswith("staff:"))
    people |= {actor: _("subscriber") for actor in actors if actor.startswith("subscriber:")}
    classes = {each.code: each.name for each in list_classes()}
    return CreditPage(
        credit=get_credit(account_id),
        answer=dunning_queries.can_promise(account_id, now),
        promises=tuple(PromiseOnPage(row, people.get(row.actor, row.actor)) for row in promises),
        changes=tuple(
            ChangeOnPage(
                row,
                classes.get(row.class_before, row.class_before),
                classes.get(row.class_after, row.class_after),
                people.get(row.actor, row.actor),
            )
            for row in changes
        ),
    )
