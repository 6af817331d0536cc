"""
The queue of disputes, and one dispute with all that was said in it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import get_language

from billing_project.kernel.models import Approval
from crm.queries import staff
from invoicing.models import Dispute, DisputeMessage
from invoicing.queries import disputes


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute in the queue."""

    dispute: Dispute
    title: str
    assignee: str
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message with the name of who wrote it."""

    message: DisputeMessage
    by: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue with what is open in all."""

    rows: tuple[DisputeRow, ...]
    next: int | None
    open: int
    overdue: int
    money: Decimal


@dataclass(frozen=True, slots=True)
class DisputePage:
    """Everything about a dispute."""

    row: DisputeRow
    said: tuple[Said, ...]
    raised_by: str
    closed_by: str
    approval: Approval | None


def get_queue(*, state: str, assignee: str, is_overdue: bool, on: date, after: int = 0) -> Queue:
    """Return a page of the queue; «is_overdue» shows only what should be answered by now."""
    rows = disputes.queue(
        state=state, assignee=assignee, overdue_on=on if is_overdue else None, after=after
    )
    count, overdue, money = disputes.count_open(on=on)
    return Queue(
        rows=tuple(_rows(rows, on=on)),
        next=rows[-1].pk if len(rows) == disputes.PAGE else None,
        open=count,
        overdue=overdue,
        money=money,
    )


def list_of_customer(account_ids: list[int], *, on: date) -> list[DisputeRow]:
    """Return the open disputes of a customer's accounts."""
    found = disputes.list_of_accounts(account_ids) if account_ids else []
    return _rows([each for each in found if each.state == Dispute.State.OPEN], on=on)


def find_page(dispute_id: int, *, on: date) -> DisputePage | None:
    """Return a dispute with its messages, or None."""
    try:
        dispute = disputes.get_dispute(dispute_id)
    except Dispute.DoesNotExist:
        return None
    messages = list(dispute.messages.order_by("pk"))
    actors = {message.actor for message in messages} | {dispute.actor, dispute.closed_by}
    names = staff.names_of(actors)
    # A subscriber is shown by the customer's name, not by a log-in.
    customer = dispute.account.customer.name
    names |= {actor: customer for actor in actors if actor.startswith("subscriber:")}
    return DisputePage(
        row=_rows([dispute], on=on)[0],
        said=tuple(Said(message, names.get(message.actor, message.actor)) for message in messages),
        raised_by=names.get(dispute.actor, dispute.actor),
        closed_by=names.get(dispute.closed_by, dispute.closed_by),
        approval=disputes.find_waiting_approval(dispute),
    )


def _rows(found: list[Dispute], *, on: date) -> list[DisputeRow]:
    names = staff.names_of({each.assignee for each in found if each.assignee})
    is_english = (get_language() or "ru").startswith("en")
    return [
        DisputeRow(
            dispute=each,
            title=each.title_en if is_english else each.title_ru,
            assignee=names.get(each.assignee, each.assignee),
            is_overdue=each.state == Dispute.State.OPEN and each.due_on < on,
        )
        for each in found
    ]
