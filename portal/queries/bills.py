"""
Bills and payments of an account.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef
from django.utils.translation import get_language

from accounts.models import Payment
from billing_project.kernel.money import ZERO
from invoicing.models import Bill, BillLine, BillVoid, ConsolidatedBill
from invoicing.queries import shares
from invoicing.queries.acts import has_act
from invoicing.queries.consolidated import list_consolidated
from invoicing.queries.notes import is_void
from invoicing.queries.open_debt import OpenDebt, get_open
from invoicing.queries.slips import has_slips
from portal.queries.disputes import NoteView, disputable_lines, list_bill_notes, open_by_line
from portal.queries.receipts import with_receipts
from portal.queries.top_up import takes_cards
from portal.queries.words import name_gateway

#: A page of a list.
PAGE = 30


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill in a list. `closing` is what the subscriber owed at its end (negative = had money)."""

    id: int
    number: str
    first_day: date
    last_day: date
    issued_on: date
    due_on: date
    gross: Decimal
    closing: Decimal
    open: Decimal = ZERO
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A consolidated bill in a list, and what may be paid for it from the account looked at."""

    paper: ConsolidatedBill
    payable: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill; `quantity` in `unit`: second, message, byte, day."""

    kind: str
    title: str
    quantity: int
    count: int
    unit: str
    gross: Decimal
    id: int = 0
    may_dispute: bool = False
    dispute_id: int | None = None


@dataclass(frozen=True, slots=True)
class BillPage:
    """A whole bill: opening + gross − payments − adjustments = closing, as debt."""

    row: BillRow
    account_number: str
    currency: str
    opening: Decimal
    net: Decimal
    tax: Decimal
    payments: Decimal
    adjustments: Decimal
    lines: list[Line]
    #: What is still owed of what it asked for: money that came in since is taken off.
    to_pay: Decimal
    notes: list[NoteView] = field(default_factory=list)
    is_void: bool = False
    has_slip: bool = False
    has_act: bool = False
    takes_cards: bool = False

    @property
    def open(self) -> Decimal:
        """What is open of this bill itself, without what was owed before it."""
        return self.row.open

    @property
    def is_owed(self) -> bool:
        """Whether there is something to pay."""
        return self.to_pay > 0

    @property
    def payments_taken_off(self) -> Decimal:
        """Payments as they count in the sum."""
        return -self.payments

    @property
    def adjustments_taken_off(self) -> Decimal:
        """Corrections as they count in the sum."""
        return -self.adjustments

    @property
    def closing_shown(self) -> Decimal:
        """What was to be paid at the end, or what was left: its label says which."""
        return abs(self.row.closing)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in a list."""

    id: int
    amount: Decimal
    through: str
    paid_at: datetime
    is_reversed: bool
    has_receipt: bool = False


def list_bills(
    account_id: int, *, limit: int = PAGE, debt: OpenDebt | None = None
) -> list[BillRow]:
    """Return the account's bills, newest first; `debt` where it is looked at anyway."""
    rows = Bill.objects.filter(account_id=account_id).order_by("-period_start", "-pk")
    debt = get_open(account_id) if debt is None else debt
    void = BillVoid.objects.filter(bill=OuterRef("pk"))
    shown = rows.annotate(is_void=Exists(void))[:limit]
    return [_bill_row(row, debt, is_void=row.is_void) for row in shown]


def find_bill(bill_id: int, *, account_ids: list[int], on: date) -> BillPage | None:
    """Return the bill if it is of one of these accounts."""
    bill = (
        Bill.objects.filter(pk=bill_id, account_id__in=account_ids)
        .select_related("account__customer", "legal_entity")
        .first()
    )
    if bill is None:
        return None
    lines = list(BillLine.objects.filter(bill=bill).order_by("position", "pk"))
    disputed = open_by_line(bill.pk)
    may = disputable_lines(lines, issued_on=bill.issued_on, on=on)
    debt = get_open(bill.account_id)
    return BillPage(
        row=_bill_row(bill, debt),
        account_number=bill.account.number,
        currency=bill.currency,
        opening=bill.opening,
        net=bill.net,
        tax=bill.tax,
        payments=bill.payments,
        adjustments=bill.adjustments,
        lines=[
            _line(line, dispute_id=disputed.get(line.pk), may_dispute=line.pk in may)
            for line in lines
        ],
        to_pay=max(min(bill.closing, debt.up_to(bill.due_on)), ZERO),
        notes=list_bill_notes(bill.pk),
        is_void=is_void(bill.pk),
        has_slip=has_slips(bill.legal_entity, currency=bill.currency),
        has_act=has_act(bill),
        takes_cards=takes_cards(bill.account_id),
    )


def list_payments(
    account_id: int, *, before: int | None = None, limit: int = PAGE
) -> list[PaymentRow]:
    """Return the account's payments by key, newest first."""
    rows = Payment.objects.filter(account_id=account_id).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[:limit])
    told = with_receipts(row.pk for row in found)
    return [
        PaymentRow(
            row.pk,
            row.amount,
            name_gateway(row.gateway),
            row.paid_at,
            row.state == Payment.State.REVERSED,
            has_receipt=row.pk in told,
        )
        for row in found
    ]


def list_papers(customer_id: int, *, account_id: int) -> list[PaperRow]:
    """Return the consolidated bills of a payer; what is open of them if this account pays them."""
    found = []
    for paper in list_consolidated([customer_id]):
        payer = shares.payer_account(paper)
        is_paid_here = payer is not None and payer.pk == account_id
        found.append(PaperRow(paper, shares.open_of_paper(paper) if is_paid_here else ZERO))
    return found


def _bill_row(bill: Bill, debt: OpenDebt, *, is_void: bool = False) -> BillRow:
    return BillRow(
        id=bill.pk,
        number=bill.number_text,
        first_day=bill.period_start,
        last_day=bill.period_end - timedelta(days=1),
        issued_on=bill.issued_on,
        due_on=bill.due_on,
        gross=bill.gross,
        closing=bill.closing,
        open=debt.of_bill(bill.pk),
        is_void=is_void,
    )


def _line(line: BillLine, *, dispute_id: int | None, may_dispute: bool) -> Line:
    title = line.title_en if get_language() == "en" else line.title_ru
    return Line(
        kind=line.kind,
        title=title,
        quantity=line.quantity,
        count=line.count,
        unit=line.unit,
        gross=line.gross,
        id=line.pk,
        may_dispute=may_dispute,
        dispute_id=dispute_id,
    )
