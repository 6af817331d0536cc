"""
Tickets: opened, answered, closed; the least that money needs to be argued about.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel.operations import change_state, record_event
from crm.models import Ticket, TicketMessage

STAFF = "staff:"


class UnableToTicket(Exception):
    """A ticket has a subject and a text; `field` of a form."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def open_ticket(
    *, customer_id: int, subject: str, text: str, request_id: str, now: datetime, actor: str
) -> Ticket:
    """Open a ticket with its first message; a form sent twice opens one."""
    if not subject.strip():
        raise UnableToTicket(_("Say in a few words what it is about."), field="subject")
    if not text.strip():
        raise UnableToTicket(_("The message is empty."), field="text")
    ticket, is_new = Ticket.objects.get_or_create(
        request_id=request_id,
        defaults={
            "customer_id": customer_id,
            "subject": subject.strip()[:160],
            "opened_at": now,
            "moved_at": now,
            "actor": actor,
        },
    )
    if is_new:
        TicketMessage.objects.create(ticket=ticket, text=text.strip(), written_at=now, actor=actor)
        _tell("opened", ticket, text, now=now, actor=actor)
    return ticket


@transaction.atomic
def write(
    *, ticket_id: int, text: str, now: datetime, actor: str, is_internal: bool = False
) -> TicketMessage:
    """
    Add a message: staff's answers it and is told to the customer, the customer's opens it again.
    """
    if not text.strip():
        raise UnableToTicket(_("The message is empty."), field="text")
    ticket = Ticket.objects.get(pk=ticket_id)
    message: TicketMessage = TicketMessage.objects.create(
        ticket=ticket, text=text.strip(), is_internal=is_internal, written_at=now, actor=actor
    )
    if is_internal:
        return message
    is_answer = actor.startswith(STAFF)
    _move(ticket, Ticket.State.ANSWERED if is_answer else Ticket.State.OPEN, now=now, actor=actor)
    if is_answer:
        _tell("answered", ticket, text, now=now, actor=actor)
    return message


@transaction.atomic
def close(*, ticket_id: int, now: datetime, actor: str) -> Ticket:
    """Close a ticket; a message of the customer's opens it again."""
    ticket = Ticket.objects.get(pk=ticket_id)
    if _move(ticket, Ticket.State.CLOSED, now=now, actor=actor):
        _tell("closed", ticket, "", now=now, actor=actor)
    return Ticket.objects.get(pk=ticket_id)


def assign(*, ticket_id: int, to: str) -> None:
    """Say who of the staff looks after it; '' is nobody."""
    Ticket.objects.filter(pk=ticket_id).update(assignee=to)


def _move(ticket: Ticket, to: str, *, now: datetime, actor: str) -> bool:
    moved = change_state(model=Ticket, ids=[ticket.pk], to=to, at=now, actor=actor)
    if moved:
        Ticket.objects.filter(pk=ticket.pk).update(moved_at=now)
    return bool(moved)


def _tell(what: str, ticket: Ticket, text: str, *, now: datetime, actor: str) -> None:
    record_event(
        kind=f"ticket.{what}",
        customer_id=ticket.customer_id,
        happened_at=now,
        actor=actor,
        data={
            "ticket_id": ticket.pk,
            "number": str(ticket.pk),
            "about": ticket.subject,
            "reason": text.strip()[:500],
        },
    )
