"""A bill with three lines to correct, and the hands that correct it."""

from datetime import date
from decimal import Decimal
from itertools import count

from accounts.models import Account
from billing_project.kernel.models import Approval
from invoicing.models import Bill, BillLine, Note
from invoicing.operations.notes import NoteDraft, issue_note
from tests.integration.invoicing.household import (
    at,
    bill,
    charge,
    connect,
    make_account,
    make_version,
    post,
)

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
TODAY = date(2026, 2, 10)
AGENT, CHIEF = "staff:1", "staff:2"
_requests = count(1)


def billed(account: Account | None = None, *, fee: str = "310.00") -> Bill:
    """January's bill: a fee, 100 of a one-off service, 50 given back by hand."""
    service = connect(account or make_account(), make_version(fee))
    charge(JANUARY)
    post(service.account, "-100.00", on=date(2026, 1, 5))
    bill(FEBRUARY)
    return Bill.objects.get(account=service.account, period_start=JANUARY)


def line_of(found: Bill, kind: str = "one_off") -> BillLine:
    return found.lines.filter(kind=kind).order_by("position").first()


def note(
    found: Bill,
    *parts: tuple[BillLine, str],
    kind: str = "credit_note",
    limit: str = "1000",
    on: date = TODAY,
    **changes: object,
) -> Note | Approval:
    values = {"reason": "Ошибка тарификации", "request_id": f"r{next(_requests)}"} | changes
    draft = NoteDraft(
        bill_id=found.pk,
        kind=kind,
        parts=[(line.pk, Decimal(amount)) for line, amount in parts],
        **values,
    )
    return issue_note(draft=draft, limit=Decimal(limit), business_date=on, now=at(on), actor=AGENT)
