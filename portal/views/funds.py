"""
Where the money went: the statement, what is held, bonuses; money moved between own accounts.
"""

import secrets
from datetime import date, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations
from invoicing.queries import statements
from portal.forms import BonusUseForm, StatementForm, TransferForm
from portal.queries import funds as queries
from portal.views.door import Visitor, for_subscribers, show

#: A statement covers no more: it is set while somebody waits.
MOST_DAYS = timedelta(days=366 * 3)


@require_GET
@for_subscribers
def statement(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show a period day by day, this month unless asked otherwise."""
    form, first, last = _period(request)
    page = queries.get_funds(visitor.account, first=first, last=last, on=timezone.localdate())
    targets = queries.list_targets(visitor.account)
    return show(request, visitor, "statement.html", page=page, form=form, targets=targets)


@require_GET
@for_subscribers
def statement_csv(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Every entry of the period as CSV."""
    _form, first, last = _period(request)
    return StreamingHttpResponse(  # type: ignore[return-value]
        statements.statement_csv(account_id=visitor.account.id, first=first, last=last),
        content_type="text/csv; charset=utf-8",
        headers=_attached(visitor, first=first, last=last, form="csv"),
    )


@require_GET
@for_subscribers
def statement_pdf(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The period by day as PDF."""
    _form, first, last = _period(request)
    pdf = statements.render_statement_pdf(
        account_id=visitor.account.id, first=first, last=last, language=(get_language() or "ru")[:2]
    )
    headers = _attached(visitor, first=first, last=last, form="pdf")
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


@require_http_methods(["GET", "POST"])
@for_subscribers
def use_bonus(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Pay charges with bonuses."""
    now = timezone.now()
    today = timezone.localdate(now)
    page = queries.get_funds(visitor.account, first=today, last=today, on=today)
    initial = {"request_id": secrets.token_hex(16), "amount": page.usable}
    form = BonusUseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            operations.use_bonus(
                account_id=visitor.account.id,
                amount=form.cleaned_data["amount"],
                request_id=form.cleaned_data["request_id"],
                business_date=today,
                now=now,
                actor=visitor.user.actor,
            )
        except operations.UnableToCorrect as refusal:
            form.add_error("amount", str(refusal))
        else:
            messages.success(request, _("Done: the bonus has paid a part of your charges."))
            return redirect("portal:statement")
    return show(request, visitor, "use_bonus.html", page=page, form=form)


@require_http_methods(["GET", "POST"])
@for_subscribers
def transfer(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Move money to another account of one's own."""
    targets = queries.list_targets(visitor.account)
    if not targets:
        raise Http404
    now = timezone.now()
    initial = {"request_id": secrets.token_hex(16)}
    form = TransferForm(request.POST or None, initial=initial, targets=targets)
    if request.method == "POST" and form.is_valid():
        try:
            operations.transfer(
                from_account_id=visitor.account.id,
                to_account_id=int(form.cleaned_data["to_account"]),
                amount=form.cleaned_data["amount"],
                request_id=form.cleaned_data["request_id"],
                business_date=timezone.localdate(now),
                now=now,
                actor=visitor.user.actor,
            )
        except (operations.UnableToTransfer, operations.UnableToPost) as refusal:
            form.add_error("amount", str(refusal))
        else:
            messages.success(request, _("Done: the money is on the other account."))
            return redirect("portal:statement")
    movable = queries.movable(visitor.account)
    return show(request, visitor, "transfer.html", form=form, movable=movable)


def _period(request: HttpRequest) -> tuple[StatementForm, date, date]:
    today = timezone.localdate()
    initial = {"first": today.replace(day=1), "last": today}
    form = StatementForm(request.GET if "first" in request.GET else None, initial=initial)
    found = form.cleaned_data if form.is_bound and form.is_valid() else initial
    last = max(found["first"], found["last"])
    return form, max(found["first"], last - MOST_DAYS), last


def _attached(visitor: Visitor, *, first: date, last: date, form: str) -> dict[str, str]:
    name = f"statement-{visitor.account.number}-{first}-{last}.{form}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
