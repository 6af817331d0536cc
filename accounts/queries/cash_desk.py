"""
The cash desk: the shift at the drawer, what went through it, what should lie in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, QuerySet, Sum

from accounts.models import CashShift, DeskOperation
from billing_project.kernel.invariants import Invariant

#: Ways of paying that go through a drawer.
GATEWAYS: Final = ("cash_desk", "card_terminal")
#: A register's shift lasts a day at most (54-ФЗ).
LONGEST_SHIFT: Final = timedelta(hours=24)
ZERO: Final = Decimal("0.00")
Kind = DeskOperation.Kind
Method = DeskOperation.Method


@dataclass(frozen=True, slots=True)
class MethodSums:
    """What one way of paying brought in a shift."""

    method: str
    name: str
    taken_count: int = 0
    taken: Decimal = ZERO
    returned_count: int = 0
    returned: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """What stays."""
        return self.taken - self.returned


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """The report of a shift: of an open one as it stands now (X), of a closed one for good (Z)."""

    shift: CashShift
    methods: list[MethodSums]
    put_in: Decimal = ZERO
    taken_out: Decimal = ZERO
    total: MethodSums = field(default_factory=lambda: MethodSums("", ""))

    @property
    def expected(self) -> Decimal:
        """What should lie in the drawer."""
        cash = next((one.total for one in self.methods if one.method == Method.CASH), ZERO)
        return self.shift.opening + cash + self.put_in - self.taken_out

    @property
    def is_closed(self) -> bool:
        """Whether the figures are final."""
        return self.shift.state == CashShift.State.CLOSED


def find_open_shift(cashier_id: int) -> CashShift | None:
    """Find the shift that the cashier has open."""
    rows = CashShift.objects.select_related("cashier")
    return rows.filter(cashier_id=cashier_id, state=CashShift.State.OPEN).first()


def get_shift(shift_id: int, *, cashier_id: int | None = None) -> CashShift | None:
    """Return a shift, only that cashier's own if one is given."""
    rows = CashShift.objects.select_related("cashier").filter(pk=shift_id)
    if cashier_id is not None:
        rows = rows.filter(cashier_id=cashier_id)
    return rows.first()


def list_shifts(
    *, cashier_id: int | None = None, before: int | None = None, limit: int = 30
) -> list[CashShift]:
    """List shifts, newest first, of one cashier or of all."""
    rows: QuerySet[CashShift] = CashShift.objects.select_related("cashier")
    if cashier_id is not None:
        rows = rows.filter(cashier_id=cashier_id)
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def report_shift(shift: CashShift) -> ShiftReport:
    """Add up a shift: by way of paying, and what should lie in the drawer."""
    rows = DeskOperation.objects.filter(shift=shift).values_list("kind", "method")
    sums = {
        (kind, method): (count, amount)
        for kind, method, count, amount in rows.annotate(Count("id"), Sum("amount"))
    }

    def of(kind: str, method: str) -> tuple[int, Decimal]:
        return sums.get((kind, method), (0, ZERO))

    methods = []
    for method, name in Method.choices:
        (taken_count, taken), (back_count, back) = of(Kind.TAKEN, method), of(Kind.RETURNED, method)
        methods.append(MethodSums(method, str(name), taken_count, taken, back_count, back))
    total = MethodSums(
        "",
        "",
        sum(one.taken_count for one in methods),
        sum((one.taken for one in methods), ZERO),
        sum(one.returned_count for one in methods),
        sum((one.returned for one in methods), ZERO),
    )
    put_in, taken_out = of(Kind.PUT_IN, Method.CASH)[1], of(Kind.TAKEN_OUT, Method.CASH)[1]
    return ShiftReport(shift, methods, put_in=put_in, taken_out=taken_out, total=total)


def list_operations(shift_id: int, *, limit: int = 500) -> list[DeskOperation]:
    """List what went through the drawer, newest first."""
    rows = DeskOperation.objects.filter(shift_id=shift_id)
    return list(rows.select_related("payment__account__customer").order_by("-number")[:limit])


def find_operation(operation_id: int) -> DeskOperation | None:
    """Find one line of a shift, with everything its receipt shows."""
    names = ("shift__cashier", "payment__account__customer", "payment__account__contract")
    rows = DeskOperation.objects.select_related(*names).filter(pk=operation_id)
    return rows.select_related(*names, "payment__account__contract__legal_entity").first()


def operation_of(payment_id: int) -> DeskOperation | None:
    """Find the line by which a payment was taken at the desk, None for other payments."""
    rows = DeskOperation.objects.select_related("shift", "payment")
    return rows.filter(payment_id=payment_id, kind=Kind.TAKEN).first()


def lines_of(payment_ids: Iterable[int]) -> dict[int, int]:
    """Return payment -> the line by which it was taken, for those of the desk, in one query."""
    rows = DeskOperation.objects.filter(payment_id__in=list(payment_ids), kind=Kind.TAKEN)
    return {payment_id or 0: pk for payment_id, pk in rows.values_list("payment_id", "pk")}


def is_too_long(shift: CashShift, *, now: datetime) -> bool:
    """Whether the shift has to be closed before anything else goes through the drawer."""
    return now - shift.opened_at >= LONGEST_SHIFT


_EXPECTED: Final = """
    s.opening + coalesce(sum(CASE o.kind WHEN 'taken' THEN o.amount WHEN 'put_in' THEN o.amount
                                         ELSE -o.amount END) FILTER (WHERE o.method = 'cash'), 0)
"""
SHIFT_ADDS_UP: Final = Invariant(
    name="a closed shift says what went through its drawer, and what was missing",
    sql=f"""
        SELECT s.id, s.expected, {_EXPECTED} AS found, s.counted, s.difference
          FROM accounts_cashshift s LEFT JOIN accounts_deskoperation o ON o.shift_id = s.id
         GROUP BY s.id
        HAVING (s.state = 'closed' AND (s.expected IS DISTINCT FROM {_EXPECTED}
                OR s.difference IS DISTINCT FROM s.counted - s.expected))
            OR (s.state = 'open' AND s.counted IS NOT NULL)
    """,
    why="Something went through the drawer after it was counted.",
)
NUMBERS_RUN_ON: Final = Invariant(
    name="receipts of a shift are numbered without holes",
    sql="""
        SELECT s.id, s.last_number, count(o.id), max(o.number)
          FROM accounts_cashshift s LEFT JOIN accounts_deskoperation o ON o.shift_id = s.id
         GROUP BY s.id
        HAVING count(o.id) <> s.last_number OR coalesce(max(o.number), 0) <> s.last_number
    """,
    why="A receipt of the desk is missing.",
)
DESK_IS_PAID: Final = Invariant(
    name="what the desk took and gave back is on the accounts, and the other way round",
    sql="""
        SELECT p.id, p.gateway, p.amount, p.state, t.amount AS taken, b.amount AS returned
          FROM (SELECT * FROM accounts_payment
                 WHERE gateway IN ('cash_desk', 'card_terminal')
                   AND external_id LIKE 'desk-%') AS p
          FULL JOIN (SELECT * FROM accounts_deskoperation WHERE kind = 'taken') AS t
            ON t.payment_id = p.id
          LEFT JOIN accounts_deskoperation b ON b.payment_id = p.id AND b.kind = 'returned'
         WHERE p.amount IS DISTINCT FROM t.amount
            OR (p.gateway = 'cash_desk') <> (t.method = 'cash')
            OR (p.state = 'reversed') <> (b.id IS NOT NULL) OR b.amount <> p.amount
    """,
    why="Money went through a drawer and not onto an account, or the other way round.",
)


def invariants() -> list[Invariant]:
    """Return the promises of the cash desk."""
    return [SHIFT_ADDS_UP, NUMBERS_RUN_ON, DESK_IS_PAID]
