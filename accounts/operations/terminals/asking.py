"""
What a terminal may ask: check, pay, cancel, status. Each answers with a code of the protocol.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.domain.notices import AccountBy, Incoming, Payer, Reason, State, Verdict, What, key_of
from accounts.domain.terminals import CODE_OF, Asked, Code, Command, is_account, judge_amount
from accounts.models.intake import REASON_LABELS, PaymentNotice
from accounts.models.payments import Payment
from accounts.models.terminals import Terminal
from accounts.operations.intake import UnableToReceive, conclude, receive, settle, store
from accounts.operations.intake.receiving import day_of, lock
from accounts.operations.payments import UnableToReversePayment, reverse_payment
from accounts.queries.balances import get_balance
from accounts.queries.intake import find_notice, find_payer

CURRENCY: Final = "RUB"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the machine is told: `prv_txn` is our number of the payment, 0 where there is none."""

    code: Code
    prv_txn: int = 0
    amount: Decimal | None = None
    comment: str = ""


class MoneyIsUsed(Exception):
    """The balance would fall below zero; inside, to undo the reversal."""


def ask(*, terminal: Terminal, asked: Asked, raw: str, now: datetime) -> Answer:
    """Answer a machine's request; stands in no transaction of the caller's."""
    if asked.command is Command.CHECK:
        return check(terminal=terminal, asked=asked, now=now)
    if asked.command is Command.PAY:
        return pay(terminal=terminal, asked=asked, raw=raw, now=now)
    if asked.command is Command.CANCEL:
        return cancel(terminal=terminal, asked=asked, raw=raw, now=now)
    return status(terminal=terminal, asked=asked)


def check(*, terminal: Terminal, asked: Asked, now: datetime) -> Answer:
    """Say whether a payment to this account would be taken; creates nothing."""
    reason = _refusal(terminal, asked)
    if not terminal.is_active:
        return Answer(Code.FORBIDDEN, amount=asked.amount, comment=_("No payments are taken."))
    if reason is Reason.NONE:
        by = AccountBy(terminal.account_by)
        payer = find_payer(by=by, key=key_of(asked.account, by), at=now)
        reason = _unfit(payer, now=now)
    return Answer(_code(reason), amount=asked.amount, comment=_told(reason))


def _unfit(payer: Payer | None, *, now: datetime) -> Reason:
    if payer is None:
        return Reason.ACCOUNT_UNKNOWN
    if payer.closed_on is not None and payer.closed_on <= day_of(now):
        return Reason.ACCOUNT_CLOSED
    return Reason.NONE if payer.currency == CURRENCY else Reason.OTHER_CURRENCY


def pay(*, terminal: Terminal, asked: Asked, raw: str, now: datetime) -> Answer:
    """
    Take a payment: kept and committed first, credited after; repeated, the same answer.

    The same id with another account or amount: OTHER, and nothing changes.
    """
    known = find_notice(gateway=terminal.gateway, external_id=asked.txn_id)
    if known is None and not terminal.is_active:
        return Answer(Code.FORBIDDEN, amount=asked.amount, comment=_("No payments are taken."))
    try:
        notice = receive(
            incoming=incoming_of(terminal, asked, raw), now=now, actor=terminal.gateway
        )
    except UnableToReceive as refusal:
        return Answer(Code.OTHER, refusal.notice.pk, asked.amount, str(refusal))
    return _answer(notice)


def incoming_of(terminal: Terminal, asked: Asked, raw: str) -> Incoming:
    """Return a machine's payment as the intake takes it."""
    if asked.amount is None or asked.paid_at is None:  # the command was read
        raise TypeError
    return Incoming(
        gateway=terminal.gateway,
        external_id=asked.txn_id,
        amount=asked.amount,
        paid_at=asked.paid_at,
        # The registry of a day has what its machines dated so, however late it came.
        business_date=asked.paid_at.date(),
        account_hint=asked.account,
        account_by=AccountBy(terminal.account_by),
        currency=CURRENCY,
        raw=raw,
        keeps_doubtful=terminal.keeps_unknown,
        refused=_refusal(terminal, asked),
    )


def _refusal(terminal: Terminal, asked: Asked) -> Reason:
    if not is_account(asked.account, AccountBy(terminal.account_by)):
        return Reason.ACCOUNT_FORMAT
    if asked.amount is None:
        return Reason.NONE
    return judge_amount(asked.amount, least=terminal.least, most=terminal.most)


def status(*, terminal: Terminal, asked: Asked) -> Answer:
    """Say what became of a payment."""
    notice = find_notice(gateway=terminal.gateway, external_id=asked.txn_id)
    if notice is None:
        return Answer(Code.OTHER, comment=_told(Reason.PAYMENT_UNKNOWN))
    return _answer(notice)


def cancel(*, terminal: Terminal, asked: Asked, raw: str, now: datetime) -> Answer:
    """
    Take a payment back, in time and while its money is there; repeated, the same answer.

    One that was refused may be asked for again, and is decided anew.
    """
    word = store(
        incoming=Incoming(
            gateway=terminal.gateway,
            external_id=asked.txn_id,
            what=What.CANCEL,
            # What is cancelled is always the whole payment.
            amount=Decimal(0),
            paid_at=now,
            business_date=day_of(now),
            raw=raw,
        ),
        now=now,
        actor=terminal.gateway,
    )
    notice = find_notice(gateway=terminal.gateway, external_id=asked.txn_id)
    if notice is not None:
        settle(notice_id=notice.pk, now=now, actor=terminal.gateway)
    return _cancel(terminal, asked, word.pk, now=now)


@transaction.atomic
def _cancel(terminal: Terminal, asked: Asked, word_id: int, *, now: datetime) -> Answer:
    word = lock(word_id)
    found = find_notice(gateway=terminal.gateway, external_id=asked.txn_id)
    if word.state == State.DONE and found is not None:
        return Answer(Code.OK, found.pk, found.amount)
    if found is None:
        reason = Reason.PAYMENT_UNKNOWN
    else:
        found = lock(found.pk)
        word.account_id, word.payment = found.account_id, found.payment
        reason = _take_back(terminal, asked, found, now=now)
    is_done = reason is Reason.NONE
    verdict = Verdict(State.DONE if is_done else State.REFUSED, reason)
    conclude(notice=word, verdict=verdict, now=now, actor=terminal.gateway)
    told = _told(reason)
    if found is None:
        return Answer(_code(reason), comment=told)
    return Answer(_code(reason), found.pk, found.amount, told)


def _take_back(terminal: Terminal, asked: Asked, notice: PaymentNotice, *, now: datetime) -> Reason:
    """Undo what a notice did, if it may be undone; return why not."""
    if asked.amount not in {None, notice.amount} or asked.account not in {"", notice.account_hint}:
        return Reason.OTHER_PAYMENT
    if notice.state == State.UNASSIGNED:
        verdict = Verdict(State.RETURNED, Reason.CANCELLED)
        conclude(notice=notice, verdict=verdict, now=now, actor=terminal.gateway)
        return Reason.NONE
    if notice.state != State.CREDITED or notice.payment is None:
        return Reason.PAYMENT_UNKNOWN
    if notice.payment.state != Payment.State.POSTED:
        return Reason.PAYMENT_REVERSED
    if day_of(now) - day_of(notice.received_at) > timedelta(days=terminal.cancel_days):
        return Reason.TOO_LATE
    return _reverse(terminal, notice.payment, now=now)


def _reverse(terminal: Terminal, payment: Payment, *, now: datetime) -> Reason:
    try:
        with transaction.atomic():
            reverse_payment(
                payment_id=payment.pk,
                reason=_("cancelled by the terminal"),
                business_date=day_of(now),
                now=now,
                actor=terminal.gateway,
            )
            # The posting holds the balance's lock: nobody spends it meanwhile.
            balance = get_balance(payment.account_id)
            if balance.money - balance.held < 0:
                raise MoneyIsUsed
    except MoneyIsUsed:
        return Reason.MONEY_USED
    except (UnableToReversePayment, IntegrityError):
        # Reversed, or given back in part by other means.
        return Reason.PAYMENT_REVERSED
    return Reason.NONE


def _answer(notice: PaymentNotice) -> Answer:
    reason = _reason(notice)
    code = Code.LATER if notice.state == State.RECEIVED else _code(reason)
    return Answer(code, notice.pk, notice.amount, _told(reason))


def _reason(notice: PaymentNotice) -> Reason:
    """Return why a payment does not stand, or nothing: money kept for a person stands."""
    if notice.state == State.CREDITED and notice.payment is not None:
        is_reversed = notice.payment.state != Payment.State.POSTED
        return Reason.CANCELLED if is_reversed else Reason.NONE
    if notice.state in {State.UNASSIGNED, State.RECEIVED}:
        return Reason.NONE
    return Reason.CANCELLED if notice.state == State.RETURNED else Reason(notice.reason)


def _code(reason: Reason) -> Code:
    return Code.OK if reason is Reason.NONE else CODE_OF.get(reason, Code.OTHER)


def _told(reason: Reason) -> str:
    return str(REASON_LABELS[reason])
