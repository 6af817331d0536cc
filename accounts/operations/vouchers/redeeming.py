"""
Redeeming a voucher: a payment whose id is the card's, so that a card pays once whoever holds it.

Wrong codes are counted in rows, under a lock per account, person and address, so that no number of
simultaneous tries gets past the limit; the cache spares the database who is locked already.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.domain.vouchers import LIMITS, card_label, locked_until, read_code, secret_hash
from accounts.models import Account, Payment, Voucher, VoucherAttempt, VoucherSeries
from accounts.operations.payments import take_payment
from accounts.queries.vouchers import GATEWAY, find_by_hash, wrong_tries
from billing_project.kernel.operations import change_state

logger = logging.getLogger(__name__)

#: First key of the advisory locks of tries; the second tells the subject.
TRIES_LOCK: Final = 0x564F5543


class UnableToRedeem(Exception):
    """Says what is wrong with the code or card; `possible_at` is when a lock ends."""

    def __init__(self, message: str, *, possible_at: datetime | None = None) -> None:
        super().__init__(message)
        self.possible_at = possible_at


@dataclass(frozen=True, slots=True)
class Try:
    """Who tries a code, for which account, from where ("" = not known, as by USSD)."""

    account_id: int
    actor: str
    address: str
    now: datetime

    def subjects(self) -> Iterator[tuple[str, Q, int]]:
        """Whose wrong codes count. A door that serves everybody is nobody."""
        yield f"account:{self.account_id}", Q(account_id=self.account_id), LIMITS.account
        if not self.actor.startswith("system:"):
            yield f"actor:{self.actor}", Q(actor=self.actor), LIMITS.actor
        if self.address:
            yield f"address:{self.address}", Q(address=self.address), LIMITS.address


def redeem_voucher(
    *,
    code: str,
    account_id: int,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    address: str = "",
) -> Payment:
    """
    Credit the nominal of the card with this code; the same card by the same account again answers with
    the same payment. UnableToRedeem says why not, and when a lock ends.

    Doors call it outside a transaction, or a wrong code would be forgotten with it. `address` is
    the network address of who types; an actor `system:…` (USSD, SMS) is not locked as a person.
    """
    digits = read_code(code)
    if digits is None:
        raise UnableToRedeem(_("The code has 16 digits. Check what you typed."))
    account = Account.objects.get(pk=account_id)
    if account.closed_on is not None and account.closed_on <= business_date:
        raise UnableToRedeem(_("The account is closed."))
    card = _look_up(digits, Try(account_id, actor, address, now))
    return _redeem(
        card, account, business_date=business_date, now=now, actor=actor, on_behalf_of=on_behalf_of
    )


def _look_up(digits: str, who: Try) -> Voucher:
    """Return the card; an unknown code is noted before it is refused."""
    _refuse_if_cached(who)
    with transaction.atomic():
        _lock(who)
        _refuse_if_locked(who)
        card = find_by_hash(secret_hash(digits, key=settings.VOUCHER_KEY))
        VoucherAttempt.objects.create(
            account_id=who.account_id,
            actor=who.actor,
            address=who.address or None,
            succeeded=card is not None,
            tried_at=who.now,
        )
    if card is None:
        raise UnableToRedeem(_wrong(who))
    return card


def _wrong(who: Try) -> str:
    left = min(
        limit - len(wrong_tries(subject, now=who.now, limit=limit))
        for _name, subject, limit in who.subjects()
    )
    if left <= 0:
        return _("There is no card with this code. No more tries are left for half an hour.")
    message = _("There is no card with this code. Check it: %(left)s more tries are left.")
    return message % {"left": left}


def _lock(who: Try) -> None:
    """Let tries of one account, person or address through one by one; in order, so none waits twice."""
    keys = sorted(
        int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], signed=True)
        for name, _subject, _limit in who.subjects()
    )
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TRIES_LOCK, key])


def _refuse_if_locked(who: Try) -> None:
    for name, subject, limit in who.subjects():
        tries = wrong_tries(subject, now=who.now, limit=limit)
        until = locked_until(tries, limit=limit, now=who.now)
        if until is not None:
            _remember(name, until, now=who.now)
            raise _too_often(until)


def _refuse_if_cached(who: Try) -> None:
    names = [_key(name) for name, _subject, _limit in who.subjects()]
    try:
        known = cache.get_many(names)
    except RedisError:
        logger.warning("locks of vouchers are not cached")
        return
    until = max((each for each in known.values() if each > who.now), default=None)
    if until is not None:
        raise _too_often(until)


def _remember(name: str, until: datetime, *, now: datetime) -> None:
    with suppress(RedisError):
        cache.set(_key(name), until, timeout=max(1, int((until - now).total_seconds())))


def _key(name: str) -> str:
    return f"voucher:locked:{name}".replace(" ", "_")


def _too_often(until: datetime) -> UnableToRedeem:
    message = _("Too many wrong codes. The next try is possible at %(time)s.")
    hour = timezone.localtime(until).strftime("%H:%M")
    return UnableToRedeem(message % {"time": hour}, possible_at=until)


@transaction.atomic
def _redeem(
    card: Voucher,
    account: Account,
    *,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str,
) -> Payment:
    if not change_state(
        model=Voucher,
        ids=[card.pk],
        to=Voucher.State.REDEEMED,
        at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    ):
        return _earlier(card.pk, account)
    # Read after the card is ours: who blocks the series from now on comes too late for it.
    series = VoucherSeries.objects.get(pk=card.series_id)
    _refuse_unusable(series, account, on=business_date)
    payment = take_payment(
        account_id=account.pk,
        amount=series.nominal,
        gateway=GATEWAY,
        external_id=card_label(series.code, card.serial),
        paid_at=now,
        business_date=business_date,
        now=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
    )
    Voucher.objects.filter(pk=card.pk).update(payment=payment)
    return payment


def _earlier(voucher_id: int, account: Account) -> Payment:
    """Answer who comes second: the same account with its payment, another with a refusal."""
    card = Voucher.objects.select_related("payment").get(pk=voucher_id)
    if card.state == Voucher.State.BLOCKED:
        raise UnableToRedeem(_("This card is blocked. Call us and tell the number printed on it."))
    payment = card.payment
    if payment is None:
        raise Voucher.DoesNotExist
    if payment.account_id == account.pk:
        return payment
    moment = timezone.localtime(payment.paid_at).strftime("%d.%m.%Y %H:%M")
    message = _("This card was redeemed on %(moment)s, for another account.")
    raise UnableToRedeem(message % {"moment": moment})


def _refuse_unusable(series: VoucherSeries, account: Account, *, on: date) -> None:
    day = {"day": f"{series.valid_until:%d.%m.%Y}"}
    if series.state == VoucherSeries.State.EXPIRED or series.valid_until <= on:
        raise UnableToRedeem(_("This card was usable before %(day)s only.") % day)
    if series.state == VoucherSeries.State.BLOCKED:
        raise UnableToRedeem(_("This card is blocked. Call us and tell the number printed on it."))
    if series.state != VoucherSeries.State.ACTIVE:
        raise UnableToRedeem(_("This card is not in use yet. Call us, we will look into it."))
    if series.valid_from > on:
        begins = {"day": f"{series.valid_from:%d.%m.%Y}"}
        raise UnableToRedeem(_("This card is usable from %(day)s on.") % begins)
    if series.currency != account.currency:
        raise UnableToRedeem(_("This card is for accounts in another currency."))
