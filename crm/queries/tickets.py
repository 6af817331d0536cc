"""
Tickets: the list with filters, one ticket with what was said.
"""

from dataclasses import dataclass

from crm.models import Ticket, TicketMessage
from crm.queries import staff

PAGE = 50


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket in the list, with the name of who looks after it."""

    ticket: Ticket
    assignee: str


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket with its messages, each with the name of who wrote it."""

    row: TicketRow
    said: tuple[tuple[TicketMessage, str], ...]


def list_tickets(
    *, state: str = "", assignee: str = "", customer_id: int = 0, after: int = 0
) -> list[TicketRow]:
    """Return a page of tickets, the oldest first; `assignee` "-" is nobody, "todo" all not closed."""
    rows = Ticket.objects.select_related("customer").order_by("pk").filter(pk__gt=after)
    if state == "todo":
        rows = rows.exclude(state=Ticket.State.CLOSED)
    elif state:
        rows = rows.filter(state=state)
    if assignee:
        rows = rows.filter(assignee="" if assignee == "-" else assignee)
    if customer_id:
        rows = rows.filter(customer_id=customer_id)
    return _rows(list(rows[:PAGE]))


def find_ticket(ticket_id: int, *, customer_id: int = 0) -> TicketPage | None:
    """Return a ticket, or None; with `customer_id` only theirs, without what is internal."""
    rows = Ticket.objects.select_related("customer").filter(pk=ticket_id)
    if customer_id:
        rows = rows.filter(customer_id=customer_id)
    found = rows.first()
    if found is None:
        return None
    messages = found.messages.order_by("pk")
    if customer_id:
        messages = messages.filter(is_internal=False)
    said = list(messages)
    names = staff.names_of({message.actor for message in said})
    return TicketPage(
        row=_rows([found])[0],
        said=tuple((message, names.get(message.actor, message.actor)) for message in said),
    )


def _rows(found: list[Ticket]) -> list[TicketRow]:
    names = staff.names_of({each.assignee for each in found if each.assignee})
    return [TicketRow(each, names.get(each.assignee, each.assignee)) for each in found]
