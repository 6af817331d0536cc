"""
The cash desk: a shift is opened, money goes through the drawer, the drawer is counted.

Whatever goes through a drawer locks its shift first, so that a shift is never closed between a
payment and its line, and lines are numbered without holes.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.domain.posting import LARGEST
from accounts.models import Account, CashShift, DeskOperation, Payment
from accounts.operations.payments import reverse_payment, take_payment
from accounts.queries.cash_desk import is_too_long, operation_of, report_shift
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import change_state

Kind = DeskOperation.Kind
Method = DeskOperation.Method

GATEWAY_OF: Final = {Method.CASH: "cash_desk", Method.CARD: "card_terminal"}


class UnableToUseDesk(Exception):
    """No open shift, a wrong amount, another day; `field` is a form's field."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def open_shift(
    *,
    cashier_id: int,
    opening: Decimal,
    business_date: date,
    now: datetime,
    desk: str = "",
    currency: str = "RUB",
) -> CashShift:
    """Open a shift with what lies in the drawer; one at a time for a cashier."""
    _check_amount(opening, field="opening", least=Decimal(0))
    try:
        with transaction.atomic():
            return CashShift.objects.create(
                cashier_id=cashier_id,
                desk=desk,
                currency=currency,
                opening=opening,
                opened_at=now,
                business_date=business_date,
            )
    except IntegrityError as clash:
        if not CashShift.objects.filter(cashier_id=cashier_id, state="open").exists():
            raise
        raise UnableToUseDesk(_("Your shift is open already.")) from clash


@transaction.atomic
def take_at_desk(
    *,
    cashier_id: int,
    account_id: int,
    amount: Decimal,
    method: str,
    request_id: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    comment: str = "",
    tendered: Decimal | None = None,
    slip: str = "",
) -> DeskOperation:
    """
    Take a payment into the cashier's open shift; return its line, with `.payment`.

    The same `request_id` again answers with the same line, also when the shift was closed meanwhile;
    with another amount, account or way of paying it is refused.
    """
    shift = _lock_own(cashier_id)
    earlier = DeskOperation.objects.select_related("payment").filter(
        request_id=request_id, kind=Kind.TAKEN
    )
    for line in earlier:
        return _same(line, account_id=account_id, amount=amount, method=method)
    shift = _usable(shift, now=now)
    _check_amount(amount, field="amount", least=Decimal("0.01"))
    account = Account.objects.get(pk=account_id)
    _check_payment(
        shift, account, amount=amount, tendered=tendered, method=method, on=business_date
    )
    payment = take_payment(
        account_id=account_id,
        amount=amount,
        gateway=GATEWAY_OF[Method(method)],
        external_id=f"desk-{request_id}",
        paid_at=now,
        business_date=business_date,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        comment=comment,
    )
    line = DeskOperation(
        kind=Kind.TAKEN,
        method=method,
        amount=amount,
        payment=payment,
        tendered=tendered if method == Method.CASH else None,
        slip=slip if method == Method.CARD else "",
        comment=comment,
        request_id=request_id,
        happened_at=now,
        actor=actor,
    )
    return _add(shift, line)


@transaction.atomic
def return_at_desk(
    *,
    payment_id: int,
    cashier_id: int,
    reason: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> DeskOperation:
    """
    Give a payment of the desk back, on its own day only; the ledger gets its reversal.

    The money leaves the drawer of who gives it back, or, if they have no shift open, the one it is in.
    """
    taken = operation_of(payment_id)
    if taken is None or taken.payment is None:
        raise UnableToUseDesk(_("This payment was not taken at the desk."))
    if taken.payment.business_date != business_date:
        raise UnableToUseDesk(
            _("A payment of the desk is given back on its own day only. Later it is refunded.")
        )
    shift = _lock_own(cashier_id) or _lock(taken.shift_id)
    shift = _usable(shift, now=now)
    # Looked at under the lock: who comes second is told so.
    if Payment.objects.filter(pk=payment_id, state=Payment.State.REVERSED).exists():
        raise UnableToUseDesk(_("This payment was given back already."))
    if taken.method == Method.CASH:
        _check_drawer(shift, taken.amount)
    payment = reverse_payment(
        payment_id=payment_id,
        reason=reason,
        business_date=business_date,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    line = DeskOperation(
        kind=Kind.RETURNED,
        method=taken.method,
        amount=taken.amount,
        payment=payment,
        comment=reason[:200],
        request_id=f"return-{payment_id}",
        happened_at=now,
        actor=actor,
    )
    return _add(shift, line)


@transaction.atomic
def move_cash(
    *,
    cashier_id: int,
    kind: str,
    amount: Decimal,
    comment: str,
    request_id: str,
    now: datetime,
    actor: str,
) -> DeskOperation:
    """Put change into the drawer or take money out to the bank; touches no account."""
    shift = _lock_own(cashier_id)
    for line in DeskOperation.objects.filter(request_id=request_id, kind=kind):
        return line
    shift = _usable(shift, now=now)
    _check_amount(amount, field="amount", least=Decimal("0.01"))
    if kind == Kind.TAKEN_OUT:
        _check_drawer(shift, amount)
    line = DeskOperation(
        kind=kind,
        method=Method.CASH,
        amount=amount,
        comment=comment,
        request_id=request_id,
        happened_at=now,
        actor=actor,
    )
    return _add(shift, line)


@transaction.atomic
def close_shift(
    *, shift_id: int, counted: Decimal, now: datetime, actor: str, comment: str = ""
) -> CashShift:
    """Close a shift with what was counted in the drawer; what is missing is written down, not asked."""
    _check_amount(counted, field="counted", least=Decimal(0))
    shift = _lock(shift_id)
    if shift is None:
        raise UnableToUseDesk(_("This shift is closed already."))
    expected = report_shift(shift).expected
    if counted != expected and not comment.strip():
        message = _("The drawer should hold %(expected)s. Count again, or say why it differs.")
        raise UnableToUseDesk(message % {"expected": expected}, field="comment")
    change_state(model=CashShift, ids=[shift_id], to=CashShift.State.CLOSED, at=now, actor=actor)
    CashShift.objects.filter(pk=shift_id).update(
        expected=expected,
        counted=counted,
        difference=counted - expected,
        comment=comment,
        closed_at=now,
        closed_by=actor,
    )
    return CashShift.objects.get(pk=shift_id)


def _lock_own(cashier_id: int) -> CashShift | None:
    rows = CashShift.objects.select_for_update(no_key=True)
    return rows.filter(cashier_id=cashier_id, state=CashShift.State.OPEN).first()


def _lock(shift_id: int) -> CashShift | None:
    rows = CashShift.objects.select_for_update(no_key=True)
    return rows.filter(pk=shift_id, state=CashShift.State.OPEN).first()


def _usable(shift: CashShift | None, *, now: datetime) -> CashShift:
    if shift is None:
        raise UnableToUseDesk(_("No shift is open. Open one: count what lies in the drawer."))
    if is_too_long(shift, now=now):
        message = _("The shift has been open for more than a day. Close it and open another.")
        raise UnableToUseDesk(message)
    return shift


def _add(shift: CashShift, line: DeskOperation) -> DeskOperation:
    """Write a line with the next number; the shift is locked."""
    line.shift, line.number = shift, shift.last_number + 1
    line.save(force_insert=True)
    CashShift.objects.filter(pk=shift.pk).update(last_number=line.number)
    return line


def _same(line: DeskOperation, *, account_id: int, amount: Decimal, method: str) -> DeskOperation:
    payment = line.payment
    told = (account_id, amount, method)
    if payment is None or (payment.account_id, line.amount, line.method) != told:
        raise UnableToUseDesk(_("This form was sent before, with another payment. Begin anew."))
    return line


def _check_payment(
    shift: CashShift,
    account: Account,
    *,
    amount: Decimal,
    tendered: Decimal | None,
    method: str,
    on: date,
) -> None:
    if account.closed_on is not None and account.closed_on <= on:
        raise UnableToUseDesk(_("The account is closed."))
    if account.currency != shift.currency:
        raise UnableToUseDesk(_("The account is in another currency than the drawer."))
    if method == Method.CASH and tendered is not None and tendered < amount:
        raise UnableToUseDesk(_("Less was given than is to be paid."), field="tendered")


def _check_amount(amount: Decimal, *, field: str, least: Decimal) -> None:
    if amount < least or amount > LARGEST or amount != round_money(amount):
        message = _("The amount must be positive, in whole minor units.")
        raise UnableToUseDesk(message, field=field)


def _check_drawer(shift: CashShift, amount: Decimal) -> None:
    held = report_shift(shift).expected
    if amount > held:
        message = _("There is only %(held)s in the drawer.") % {"held": held}
        raise UnableToUseDesk(message, field="amount")
