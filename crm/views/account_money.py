"""
The money of an account: its statement on screen, as CSV and PDF, what is held, bonuses.
"""

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.models import Account
from crm.forms.money import PeriodForm
from crm.queries import account_money as queries
from crm.queries import card as card_queries
from crm.views.doors import door, page
from invoicing.queries import statements

#: A statement on paper covers no more: it is set while somebody waits.
MOST_DAYS = 366 * 5


@require_GET
@door("see_customers")
def account_money(request: HttpRequest, account_id: int) -> HttpResponse:
    """The statement of a period, this month unless asked otherwise; holds; bonuses."""
    account = find_account(account_id)
    form, first, last = _period(request)
    context = {
        "account": account,
        "form": form,
        "money": queries.get_account_money(
            account, first=first, last=last, after=_key(request.GET.get("after", ""))
        ),
        "others": queries.other_accounts(account).exists(),
        "is_later_page": "after" in request.GET,
    }
    return page(request, "crm/account_money.html", context)


@require_GET
@door("see_customers")
def statement_csv(request: HttpRequest, account_id: int) -> HttpResponse:
    """Every entry of the period as CSV."""
    account = find_account(account_id)
    _form, first, last = _period(request)
    return StreamingHttpResponse(  # type: ignore[return-value]
        statements.statement_csv(account_id=account_id, first=first, last=last),
        content_type="text/csv; charset=utf-8",
        headers=attached(f"statement-{account.number}-{first}-{last}.csv"),
    )


@require_GET
@door("see_customers")
def statement_pdf(request: HttpRequest, account_id: int) -> HttpResponse:
    """The period by day as PDF."""
    account = find_account(account_id)
    _form, first, last = _period(request)
    pdf = statements.render_statement_pdf(
        account_id=account_id,
        first=max(first, last - timedelta(days=MOST_DAYS)),
        last=last,
        language=(get_language() or "ru")[:2],
    )
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers=attached(f"statement-{account.number}-{first}-{last}.pdf"),
    )


def find_account(account_id: int) -> Account:
    """Return the account with its customer; 404 without it."""
    account = card_queries.find_account(account_id)
    if account is None:
        raise Http404
    return account


def attached(name: str) -> dict[str, str]:
    """Return the header of a file to save."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _period(request: HttpRequest) -> tuple[PeriodForm, date, date]:
    today = timezone.localdate()
    first, last = today.replace(day=1), today
    form = PeriodForm(
        request.GET if "first" in request.GET else None, initial={"first": first, "last": last}
    )
    if form.is_bound and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    return form, first, max(first, last)


def _key(text: str) -> tuple[date, int] | None:
    day, _tilde, number = text.partition("~")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        return None
