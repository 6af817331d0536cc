"""
Payments by card: the row first, then the asking, then whatever the acquirer says, once.
"""

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.domain.acquiring import (
    KEY_LIVES,
    LINK_LIVES,
    Asked,
    CardToken,
    Declined,
    NoAnswer,
    Outcome,
    Refused,
    Seen,
    next_look,
)
from accounts.domain.notices import Incoming
from accounts.models import Account, Acquirer, CardPayment, PaymentNotice, SavedCard
from accounts.operations import intake
from accounts.operations.acquirers import reach
from accounts.operations.acquiring import standing
from accounts.queries.acquiring import find_acquirer
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import change_state, record_event

ACTOR: Final = "system:acquiring"


class UnableToAskForPayment(Exception):
    """Nobody takes cards here, or the amount is not one that is taken; `field` says where."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def begin(
    *,
    account_id: int,
    amount: Decimal,
    key: str,
    door: str,
    return_url: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    email: str = "",
    saves_card: bool = False,
    link: str = "",
) -> CardPayment:
    """
    Write down that somebody wants to pay; nothing is asked yet (`send`).

    The same `key` for the account answers with the same row. In `return_url` and `link` the word
    TOKEN stands for the row's own. With `link`, the address of its page, the payer is told of it.
    Raises UnableToAskForPayment.
    """
    earlier = _find_earlier(account_id, key)
    if earlier is not None:
        return _same(earlier, amount)
    account = Account.objects.select_related("contract").get(pk=account_id)
    acquirer = find_acquirer(account)
    if acquirer is None or account.closed_on is not None:
        raise UnableToAskForPayment(_("Paying by card is not possible here now."))
    _check_amount(amount, acquirer)
    token = secrets.token_urlsafe(24)
    draft = CardPayment(
        account=account,
        acquirer=acquirer,
        key=key,
        token=token,
        amount=amount,
        currency=account.currency,
        door=door,
        email=email,
        saves_card=saves_card and acquirer.can_save,
        return_url=return_url.replace("TOKEN", token),
        created_at=now,
        next_look_at=now + LINK_LIVES,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    return _write_once(draft, link.replace("TOKEN", token), now=now)


def _write_once(draft: CardPayment, link: str, *, now: datetime) -> CardPayment:
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
            if link:
                _tell_link(draft, link, now=now)
    except IntegrityError:
        # A double click: the other request was first.
        earlier = _find_earlier(draft.account_id, draft.key)
        if earlier is None:
            raise
        return _same(earlier, draft.amount)
    return draft


def _tell_link(row: CardPayment, link: str, *, now: datetime) -> None:
    record_event(
        kind="payment.link",
        account_id=row.account_id,
        customer_id=row.account.customer_id,
        happened_at=now,
        actor=row.actor,
        on_behalf_of=row.on_behalf_of,
        data={"card_payment_id": row.pk, "amount": str(row.amount), "link": link},
    )


def _find_earlier(account_id: int, key: str) -> CardPayment | None:
    return CardPayment.objects.filter(account_id=account_id, key=key).first()


def _same(earlier: CardPayment, amount: Decimal) -> CardPayment:
    if earlier.amount != amount:
        raise UnableToAskForPayment(_("This form was sent before with another amount."), "amount")
    return earlier


def _check_amount(amount: Decimal, acquirer: Acquirer) -> None:
    if amount != round_money(amount, currency=acquirer.currency):
        raise UnableToAskForPayment(_("The amount must be in whole minor units."), "amount")
    if not acquirer.least <= amount <= acquirer.most:
        message = _("From %(least)s to %(most)s can be paid at a time.")
        limits = {"least": acquirer.least, "most": acquirer.most}
        raise UnableToAskForPayment(message % limits, "amount")


def send(*, card_payment_id: int, now: datetime) -> CardPayment:
    """Ask the acquirer for the payer's page, once; who comes second finds what was answered."""
    sent = CardPayment.objects.filter(pk=card_payment_id, sent_at__isnull=True).filter(
        state=CardPayment.State.CREATED
    )
    if sent.update(sent_at=now, next_look_at=next_look(0, now=now)):
        ask(_get(card_payment_id), now=now, is_first=True)
    return _get(card_payment_id)


def ask(row: CardPayment, *, now: datetime, is_first: bool) -> bool:
    """
    Ask the acquirer, or ask again with the same key; what it answers is written down.

    Whether it is known now how the payment stands.

    A no to asking again says nothing of the first asking, unless it is about the card itself.
    """
    try:
        seen = reach(row.acquirer).ask(_asked(row))
    except NoAnswer as fault:
        return _leave_open(row, str(fault), now=now)
    except Refused as refusal:
        _learn(row, refusal.external_id, "")
        if not is_first and not isinstance(refusal, Declined):
            return _leave_open(row, refusal.code, now=now)
        _cancel(row, refusal.code, now=now)
        return True
    return apply(row, seen, now=now)


def look(*, card_payment_id: int, now: datetime) -> CardPayment:
    """Ask the acquirer how an open payment stands, and write down what it says."""
    look_through(card_payment_id=card_payment_id, now=now)
    return _get(card_payment_id)


def look_through(*, card_payment_id: int, now: datetime) -> bool:
    """Do what `look` does; whether it is known now how the payment stands."""
    row = _get(card_payment_id)
    if row.state not in CardPayment.OPEN and row.state != CardPayment.State.CANCELLED:
        return True
    if row.external_id:
        return _look(row, now=now)
    if row.sent_at is None:
        _give_up_link(row, now=now)
        return True
    if now - row.sent_at < KEY_LIVES:
        return ask(row, now=now, is_first=False)
    if row.autopay_id is None:
        # Nobody was ever shown its page.
        _cancel(row, "no page", now=now)
    return row.autopay_id is None


def learn(row: CardPayment, external_id: str) -> CardPayment:
    """Take over the acquirer's id that a notice told for an asking whose answer was lost."""
    _learn(row, external_id, "")
    return _get(row.pk)


def give_up(*, card_payment_id: int, now: datetime, actor: str) -> CardPayment:
    """Take back a link that nobody has begun to pay."""
    row = _get(card_payment_id)
    if row.sent_at is None:
        _cancel(row, "withdrawn", now=now, actor=actor)
    return _get(card_payment_id)


def _look(row: CardPayment, *, now: datetime) -> bool:
    try:
        seen = reach(row.acquirer).look(row.external_id)
    except NoAnswer as fault:
        return _leave_open(row, str(fault), now=now)
    except Refused as refusal:
        # That it can't be shown now says nothing about the money.
        return _leave_open(row, refusal.code, now=now)
    return apply(row, seen, now=now)


def _give_up_link(row: CardPayment, *, now: datetime) -> None:
    if now >= row.created_at + LINK_LIVES:
        _cancel(row, "expired", now=now)


def apply(row: CardPayment, seen: Seen, *, now: datetime) -> bool:
    """
    Write down what the acquirer says of a payment; saying it again changes nothing.

    False only where the intake knows the same id with another amount.
    """
    _learn(row, seen.external_id, seen.charge)
    if seen.outcome is Outcome.SUCCEEDED:
        return _take(_get(row.pk), seen, now=now)
    if seen.outcome is Outcome.FAILED:
        _cancel(row, seen.reason, now=now)
    else:
        _wait(row, seen, now=now)
    return True


def _learn(row: CardPayment, external_id: str, charge: str) -> None:
    known = CardPayment.objects.filter(pk=row.pk)
    if external_id:
        known.filter(external_id="").update(external_id=external_id)
    if charge:
        known.filter(charge="").update(charge=charge)


def _wait(row: CardPayment, seen: Seen, *, now: datetime) -> None:
    with transaction.atomic():
        _move(row, CardPayment.State.PENDING, now=now)
        CardPayment.objects.filter(pk=row.pk, state=CardPayment.State.PENDING).update(
            page_url=seen.page_url or row.page_url, reason=""
        )


def _leave_open(row: CardPayment, why: str, *, now: datetime) -> bool:
    """Nobody knows: asked again later. Always False, for the callers."""
    with transaction.atomic():
        _move(row, CardPayment.State.UNKNOWN, now=now, reason=why)
        CardPayment.objects.filter(pk=row.pk, state__in=CardPayment.OPEN).update(
            reason=why[:120], next_look_at=next_look(row.looks, now=now)
        )
    return False


@transaction.atomic
def _cancel(row: CardPayment, why: str, *, now: datetime, actor: str = ACTOR) -> None:
    if _move(row, CardPayment.State.CANCELLED, now=now, reason=why, actor=actor):
        CardPayment.objects.filter(pk=row.pk).update(
            reason=why[:120], closed_at=now, next_look_at=None
        )
        standing.note_failure(_get(row.pk), word=why, now=now)


def _take(row: CardPayment, seen: Seen, *, now: datetime) -> bool:
    if row.state == CardPayment.State.SUCCEEDED:
        return True
    incoming = Incoming(
        gateway=row.acquirer.code,
        external_id=row.external_id[:80],
        amount=seen.amount,
        currency=seen.currency,
        paid_at=seen.paid_at or now,
        business_date=timezone.localdate(now),
        account_id=row.account_id,
        on_behalf_of=row.on_behalf_of,
    )
    try:
        notice = intake.receive(incoming=incoming, now=now, actor=row.actor)
    except intake.UnableToReceive as refusal:
        # Kept as a contradiction by the intake; a person looks.
        return _leave_open(row, str(refusal), now=now)
    _finish(row, seen, notice, now=now)
    return True


@transaction.atomic
def _finish(row: CardPayment, seen: Seen, notice: PaymentNotice, *, now: datetime) -> None:
    if not _move(row, CardPayment.State.SUCCEEDED, now=now):
        return
    if seen.card is not None and row.saves_card:
        _keep_card(row, seen.card, now=now)
    CardPayment.objects.filter(pk=row.pk).update(
        notice=notice, received=seen.amount, closed_at=now, next_look_at=None, reason=""
    )
    standing.note_success(_get(row.pk), now=now)


def _keep_card(row: CardPayment, card: CardToken, *, now: datetime) -> None:
    SavedCard.objects.get_or_create(
        account_id=row.account_id,
        acquirer=row.acquirer,
        token=card.token,
        defaults={
            "payer": card.payer,
            "title": card.title[:60],
            "last4": card.last4[:4],
            "expires": card.expires[:7],
            "saved_at": now,
        },
    )


def _move(
    row: CardPayment, to: str, *, now: datetime, reason: str = "", actor: str = ACTOR
) -> bool:
    moved = change_state(
        model=CardPayment, ids=[row.pk], to=to, at=now, actor=actor, reason=reason[:120]
    )
    return bool(moved)


def _get(card_payment_id: int) -> CardPayment:
    return CardPayment.objects.select_related(
        "acquirer", "account", "card", "autopay", "notice"
    ).get(pk=card_payment_id)


def _asked(row: CardPayment) -> Asked:
    card = row.card
    token = (
        CardToken(card.token, card.payer, card.title, card.last4, card.expires)
        if card is not None
        else None
    )
    # In one language, whoever asks: the same key must bring the same words.
    with translation.override(settings.LANGUAGE_CODE):
        description = _("Top-up of account %(number)s") % {"number": row.account.number}
    return Asked(
        key=row.key,
        amount=row.amount,
        currency=row.currency,
        description=description,
        return_url=row.return_url,
        email=row.email,
        account_number=row.account.number,
        saves_card=row.saves_card,
        card=token,
        vat_code=row.acquirer.vat_code,
    )
