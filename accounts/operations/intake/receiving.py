"""
One notice: stored and committed, then settled in a transaction of its own.
"""

from datetime import date, datetime
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.notices import Incoming, Reason, State, Verdict, judge
from accounts.models.intake import NoticeConflict, PaymentNotice
from accounts.models.payments import Payment
from accounts.operations.payments import UnableToTakePayment, take_payment
from accounts.queries.intake import claims_of, find_payers
from billing_project.kernel import queue
from billing_project.kernel.operations import change_state

#: The task that settles what a kill left without effect.
SETTLE: Final = "payments.settle"
# The loser of a race waits here for the winner's commit and then finds its row.
STORE: Final = """
    INSERT INTO accounts_paymentnotice (gateway, external_id, what, amount, currency, account_hint,
        account_by, account_key, paid_at, business_date, comment, raw, keeps_doubtful, refused_as,
        state, reason, note, received_at, actor, settled_by, on_behalf_of)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
        'received', '', '', %s, %s, '', %s)
    ON CONFLICT (gateway, external_id, what) DO NOTHING
"""


class UnableToReceive(Exception):
    """This id came before with another amount or account; `notice` is the one that stands."""

    def __init__(self, message: str, notice: PaymentNotice) -> None:
        super().__init__(message)
        self.notice = notice


def receive(*, incoming: Incoming, now: datetime, actor: str) -> PaymentNotice:
    """
    Take one notice in: store it, commit, then let it have its effect; the same again answers alike.

    The answer's `state` says what became of it. The same id with another amount or account raises
    UnableToReceive and changes nothing (people are shown a NoticeConflict). Stands in no
    transaction of the caller's: what was stored must outlive whatever fails after it.
    """
    notice = store(incoming=incoming, now=now, actor=actor)
    return settle(notice_id=notice.pk, now=now, actor=actor)


@transaction.atomic(durable=True)
def _write(incoming: Incoming, now: datetime, actor: str) -> PaymentNotice:
    row = [
        *(incoming.gateway, incoming.external_id, incoming.what.value, incoming.amount),
        *(incoming.currency, incoming.hint, incoming.by.value, incoming.key, incoming.paid_at),
        *(incoming.business_date, incoming.comment[:200], incoming.raw.replace("\0", "")),
        *(incoming.keeps_doubtful, incoming.refused.value, now, actor, incoming.on_behalf_of),
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, row)
    if cursor.rowcount:
        queue.nudge(SETTLE)
    return PaymentNotice.objects.get(
        gateway=incoming.gateway, external_id=incoming.external_id, what=incoming.what.value
    )


def store(*, incoming: Incoming, now: datetime, actor: str) -> PaymentNotice:
    """
    Store a notice without its effect and commit; the same again finds what is stored.

    For senders whose notices are settled by an operation of their own (`conclude`). Raises
    UnableToReceive.
    """
    notice = _write(incoming, now, actor)
    said = (incoming.amount, incoming.currency, incoming.hint)
    if said != (notice.amount, notice.currency, notice.account_hint):
        NoticeConflict.objects.get_or_create(
            notice=notice,
            amount=incoming.amount,
            currency=incoming.currency,
            account_hint=incoming.hint,
            defaults={"raw": incoming.raw.replace("\0", ""), "received_at": now, "actor": actor},
        )
        message = _("The id %(id)s was used for another amount or account.")
        raise UnableToReceive(message % {"id": incoming.external_id}, notice)
    return notice


@transaction.atomic
def settle(*, notice_id: int, now: datetime, actor: str) -> PaymentNotice:
    """Let a payment's notice have its effect, once; a notice that had it stays as it is."""
    notice = lock(notice_id)
    if notice.state != State.RECEIVED or notice.what != PaymentNotice.What.PAYMENT:
        return notice
    payer = find_payers([notice.pk]).get(notice.pk)
    verdict = judge(claims_of([notice.pk])[notice.pk], payer, today=day_of(now))
    account_id = payer.account_id if payer is not None else None
    if verdict.state == State.CREDITED and account_id is not None:
        verdict, notice.payment = _try_to_credit(notice, account_id, now=now)
    notice.account_id = account_id
    return conclude(notice=notice, verdict=verdict, now=now, actor=actor)


def lock(notice_id: int) -> PaymentNotice:
    """Lock a notice, inside the caller's transaction."""
    return PaymentNotice.objects.select_for_update(no_key=True).get(pk=notice_id)


def credit(notice: PaymentNotice, account_id: int, *, on: date, now: datetime) -> Payment:
    """Credit a notice's money to an account; the payer system's id is the key."""
    return take_payment(
        account_id=account_id,
        amount=notice.amount,
        gateway=notice.gateway,
        external_id=notice.external_id,
        paid_at=notice.paid_at,
        business_date=on,
        now=now,
        actor=notice.actor,
        on_behalf_of=notice.on_behalf_of,
        comment=notice.comment,
    )


def _try_to_credit(
    notice: PaymentNotice, account_id: int, *, now: datetime
) -> tuple[Verdict, Payment | None]:
    try:
        with transaction.atomic():
            payment = credit(notice, account_id, on=notice.business_date, now=now)
    except UnableToTakePayment:
        return Verdict(State.REFUSED, Reason.OTHER_PAYMENT), None
    return Verdict(State.CREDITED), payment


@transaction.atomic
def conclude(
    *, notice: PaymentNotice, verdict: Verdict, now: datetime, actor: str, note: str = ""
) -> PaymentNotice:
    """
    Write what became of a notice that the caller has locked, with its `account_id` and `payment`.

    No way from its state to the verdict's: UnableToReceive.
    """
    # Before the state: the database knows no credited notice without its payment.
    PaymentNotice.objects.filter(pk=notice.pk).update(
        account_id=notice.account_id,
        payment=notice.payment,
        reason=verdict.reason.value,
        note=note[:250],
        settled_at=now,
        settled_by=actor,
    )
    to = verdict.state.value
    moved = change_state(
        model=PaymentNotice,
        ids=[notice.pk],
        to=to,
        at=now,
        actor=actor,
        reason=note or verdict.reason.value,
    )
    if not moved and notice.state != to:
        raise UnableToReceive(_("The notice was decided already."), notice)
    return PaymentNotice.objects.select_related("payment", "account").get(pk=notice.pk)


def day_of(now: datetime) -> date:
    """Return the business day of a moment."""
    return timezone.localdate(now, timezone.get_default_timezone())
