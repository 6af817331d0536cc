"""
Standing orders: set with a consent, stopped with one click, carried out once however many look.
"""

import secrets
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.acquiring import next_look
from accounts.domain.autopay import HOUR, Terms, find_fault, fits_cap, next_day
from accounts.models import Account, Autopay, CardPayment, SavedCard
from accounts.operations import consents
from accounts.operations.acquiring import cards, standing
from accounts.queries.acquiring import charged_by, has_secret, list_due_autopays
from billing_project.kernel.operations import change_state

ACTOR: Final = "system:autopay"
PORTION: Final = 100


class UnableToSetAutopay(Exception):
    """The terms don't fit, or the card isn't kept any more; `field` says where."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def set_autopay(
    *,
    account_id: int,
    card_id: int,
    terms: Terms,
    door: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Autopay:
    """
    Set a standing order in place of any former one; the consent to it is stored with it.

    `door` is "portal" or "crm". Raises UnableToSetAutopay.
    """
    # Orders set at one moment wait for each other here: one is on.
    account = Account.objects.select_for_update(no_key=True, of=("self",)).get(pk=account_id)
    card = _find_card(account, card_id)
    _check(terms)
    former = Autopay.objects.filter(account_id=account_id, state=Autopay.State.ON).first()
    if former is not None:
        reason = _("replaced by another order")
        standing.switch_off(former, reason=reason, now=now, actor=actor, on_behalf_of=on_behalf_of)
    order = Autopay.objects.create(
        account=account,
        card=card,
        trigger=Autopay.Trigger.DAY if terms.day else Autopay.Trigger.THRESHOLD,
        threshold=terms.threshold,
        day=terms.day,
        amount=terms.amount,
        monthly_cap=terms.monthly_cap,
        next_try_at=_first_try(terms, now=now),
        actor=actor,
        on_behalf_of=on_behalf_of,
        set_at=now,
    )
    _consent(order, door=door, now=now)
    standing.announce("autopay.set", order, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return order


def _find_card(account: Account, card_id: int) -> SavedCard:
    card = SavedCard.objects.filter(
        pk=card_id, account_id=account.pk, state=SavedCard.State.ACTIVE
    ).first()
    if card is None:
        raise UnableToSetAutopay(_("This card isn't kept any more: pay by it once again."), "card")
    if account.closed_on is not None:
        raise UnableToSetAutopay(_("The account is closed."))
    return card


def _check(terms: Terms) -> None:
    words = {
        "trigger": _("Say when: below an amount, or on a day of the month."),
        "amount": _("The amount must be positive."),
        "monthly_cap": _("The most per month can't be less than one charge."),
        "threshold": _("The amount that is left can't be negative."),
        "day": _("The day is a number from 1 to 31."),
    }
    field = find_fault(terms)
    if field:
        raise UnableToSetAutopay(words[field], field)


def _first_try(terms: Terms, *, now: datetime) -> datetime:
    if terms.day is None:
        return now
    day = next_day(terms.day, after=timezone.localdate(now))
    return timezone.make_aware(datetime.combine(day, HOUR))


def _consent(order: Autopay, *, door: str, now: datetime) -> None:
    terms = {
        "trigger": order.trigger,
        "threshold": str(order.threshold) if order.threshold is not None else None,
        "day": order.day,
        "monthly_cap": str(order.monthly_cap),
        "card": f"{order.card.title} {order.card.last4}",
    }
    consents.give(
        account_id=order.account_id,
        what="autopay",
        object_id=order.pk,
        door=door,
        now=now,
        actor=order.actor,
        on_behalf_of=order.on_behalf_of,
        amount=order.amount,
        per="time",
        terms=terms,
    )


@transaction.atomic
def stop_autopay(
    *, autopay_id: int, now: datetime, actor: str, on_behalf_of: str = "", reason: str = ""
) -> bool:
    """Stop a standing order; whether it was on. What is being charged already is seen through."""
    order = Autopay.objects.select_related("account", "card").get(pk=autopay_id)
    was_on = standing.switch_off(
        order, reason=reason, now=now, actor=actor, on_behalf_of=on_behalf_of
    )
    if was_on:
        standing.announce("autopay.stopped", order, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return was_on


@transaction.atomic
def remove_card(*, card_id: int, now: datetime, actor: str, on_behalf_of: str = "") -> bool:
    """Forget a card, and stop the standing order that uses it."""
    for order in Autopay.objects.filter(card_id=card_id, state=Autopay.State.ON):
        stop_autopay(
            autopay_id=order.pk,
            now=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
            reason=_("the card was removed"),
        )
    return bool(
        change_state(
            model=SavedCard,
            ids=[card_id],
            to=SavedCard.State.REMOVED,
            at=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
    )


def run_autopay(*, now: datetime, limit: int = PORTION) -> int:
    """
    Carry out the standing orders that are due; return how many charges were asked for.

    Stands in no transaction. Two workers never charge twice: an order is claimed under its lock by
    the row of its payment, and one open payment of an order is all the database allows.
    """
    asked = 0
    for autopay_id in list_due_autopays(now=now, limit=limit):
        row = claim(autopay_id=autopay_id, now=now)
        if row is not None:
            cards.ask(row, now=now, is_first=True)
            asked += 1
    return asked


@transaction.atomic(durable=True)
def claim(*, autopay_id: int, now: datetime) -> CardPayment | None:
    """Write the payment of a due order, or None: a rival was first, or it isn't due any more."""
    rows = Autopay.objects.select_related("account", "card__acquirer")
    order = (
        rows.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(pk=autopay_id, state=Autopay.State.ON, next_try_at__lte=now)
        .first()
    )
    if order is None or not _may_charge(order, now=now):
        return None
    row = CardPayment.objects.create(
        account=order.account,
        acquirer=order.card.acquirer,
        key=secrets.token_hex(16),
        token=secrets.token_urlsafe(24),
        amount=order.amount,
        currency=order.account.currency,
        door="autopay",
        card=order.card,
        autopay=order,
        occasion=f"{order.round}.{order.failures}",
        created_at=now,
        sent_at=now,
        next_look_at=next_look(0, now=now),
        actor=ACTOR,
        on_behalf_of=f"customer:{order.account.customer_id}",
    )
    return CardPayment.objects.select_related("acquirer", "account", "card").get(pk=row.pk)


def _may_charge(order: Autopay, *, now: datetime) -> bool:
    if order.card_payments.filter(state__in=CardPayment.OPEN).exists():
        return False
    if not has_secret(order.card.acquirer) or order.card.state != SavedCard.State.ACTIVE:
        return False
    first = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    taken = charged_by(order, since=first)
    if fits_cap(order.amount, taken=taken, cap=order.monthly_cap):
        return True
    order.next_try_at = standing.next_month(now)
    order.save(update_fields=["next_try_at"])
    standing.announce("autopay.capped", order, now=now, cap=str(order.monthly_cap))
    return False
