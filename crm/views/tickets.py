"""
Tickets: the list, one ticket, opened from the card.
"""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.forms.corrections import MessageForm
from crm.forms.tickets import TicketForm
from crm.models import Ticket
from crm.operations import tickets as operations
from crm.queries import card as card_queries
from crm.queries import tickets as queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number


@require_GET
@door("work_tickets")
def ticket_list(request: HttpRequest) -> HttpResponse:
    """What customers want looked after."""
    me = staff_of(request).actor
    state, whose = request.GET.get("state", "todo"), request.GET.get("whose", "")
    rows = queries.list_tickets(
        state="" if state == "all" else state,
        assignee={"mine": me, "nobody": "-"}.get(whose, ""),
        after=number(request, "after") or 0,
    )
    context = {
        "rows": rows,
        "state": state,
        "whose": whose,
        "states": Ticket.State.choices,
        "next": rows[-1].ticket.pk if len(rows) == queries.PAGE else None,
    }
    return page(request, "crm/tickets.html", context)


@require_http_methods(["GET", "POST"])
@door("work_tickets")
def open_ticket(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Open a ticket of the customer's."""
    customer = card_queries.find_customer(customer_id)
    if customer is None:
        raise Http404
    form = TicketForm(request.POST or None, initial={"request_id": secrets.token_hex(16)})
    made: list[Ticket] = []

    def act() -> str:
        ticket = operations.open_ticket(
            customer_id=customer_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        made.append(ticket)
        return _("Ticket %(number)s is open.") % {"number": ticket.pk}

    refusals = (operations.UnableToTicket,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:ticket", made[0].pk)
    title = _("Ticket: %(name)s") % {"name": customer.name}
    back = reverse("crm:card", args=[customer_id])
    return show_form(request, form, title=title, back=back, send=_("Open"))


@require_http_methods(["GET", "POST"])
@door("work_tickets")
def ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """One ticket; on POST a message is written."""
    found = queries.find_ticket(ticket_id)
    if found is None:
        raise Http404
    me = staff_of(request).actor
    form = MessageForm(request.POST or None)

    def act() -> str:
        operations.write(ticket_id=ticket_id, now=timezone.now(), actor=me, **form.cleaned_data)
        return _("The message is written.")

    refusals = (operations.UnableToTicket,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:ticket", ticket_id)
    return page(request, "crm/ticket.html", {"found": found, "form": form, "me": me})


@require_POST
@door("work_tickets")
def close(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Close it."""
    if queries.find_ticket(ticket_id) is None:
        raise Http404
    operations.close(ticket_id=ticket_id, now=timezone.now(), actor=staff_of(request).actor)
    return go(request, "crm:ticket", ticket_id)


@require_POST
@door("work_tickets")
def take(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Take it upon oneself, or give it back."""
    found = queries.find_ticket(ticket_id)
    if found is None:
        raise Http404
    me = staff_of(request).actor
    operations.assign(ticket_id=ticket_id, to="" if found.row.ticket.assignee == me else me)
    return go(request, "crm:ticket", ticket_id)
