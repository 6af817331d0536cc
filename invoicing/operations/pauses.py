"""
The voluntary suspension (добровольная блокировка): agreed by quote, begun and ended to the day.

Days of the pause that are charged already are given back when it begins; days after it that were
given back with them are charged anew when it ends. The fee of the pause is in `offer_fees`.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.models import Consent, Subscription
from accounts.operations import consents
from billing_project.kernel.operations import change_state, record_event
from invoicing.models import Pause
from invoicing.operations.fee_postings import lock_fees
from invoicing.operations.offers import lock_service
from invoicing.operations.splits import charge_resumed, split_periods
from invoicing.queries.pauses import (
    PauseQuote,
    UnableToPause,
    describe_refused,
    find_pause,
    get_pause_quote,
)
from invoicing.queries.splits import EVERYTHING, PLAN, Cut
from tariffs.domain.pauses import PauseRefusal, Refused


class UnableToChangePause(Exception):
    """The pause isn't possible, isn't what was shown, or isn't in a state that allows this."""


@transaction.atomic
def agree_pause(
    *,
    subscription_id: int,
    door: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    starts_on: date | None = None,
    until: date | None = None,
    agreed: Mapping[str, Any] | None = None,
) -> Pause:
    """
    Agree on a pause: at once, or from a day; until a day, or until it is ended.

    `agreed` is the quote as it was shown (`PauseQuote.as_json()`); when it is another by now,
    nothing happens. The consent to its fee is stored. Raises UnableToChangePause.
    """
    subscription = lock_service(subscription_id)
    quote = _quoted(
        subscription_id, timezone.localdate(now), starts_on=starts_on, until=until, agreed=agreed
    )
    pause = _write(subscription, quote, now=now, who=(actor, on_behalf_of))
    if quote.fee:
        consents.give(
            account_id=subscription.account_id,
            subscription_id=subscription_id,
            what=Consent.What.PAUSE,
            object_id=pause.pk,
            amount=quote.fee,
            per=quote.fee_period,
            terms=quote.as_json(),
            door=door,
            now=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
    _announce("pause.agreed", pause, now=now, who=(actor, on_behalf_of), is_now=quote.is_now)
    if quote.is_now:
        _begin(pause, business_date=timezone.localdate(now), now=now, actor=actor)
    return pause


def _quoted(
    subscription_id: int,
    on: date,
    *,
    starts_on: date | None,
    until: date | None,
    agreed: Mapping[str, Any] | None,
) -> PauseQuote:
    try:
        quote = get_pause_quote(
            subscription_id=subscription_id, on=on, starts_on=starts_on, until=until
        )
    except UnableToPause as refusal:
        raise UnableToChangePause(str(refusal)) from None
    if agreed is not None and dict(agreed) != quote.as_json():
        raise UnableToChangePause(_("The offer has changed since it was shown. Look at it again."))
    return quote


def _write(
    subscription: Subscription, quote: PauseQuote, *, now: datetime, who: tuple[str, str]
) -> Pause:
    try:
        with transaction.atomic():
            return Pause.objects.create(
                account_id=subscription.account_id,
                subscription=subscription,
                starts_on=quote.starts_on,
                ends_on=quote.ends_on,
                fee=quote.fee,
                fee_period=quote.fee_period,
                free_days=quote.free_days,
                keeps_packages=quote.keeps_packages,
                quote=quote.as_json(),
                requested_at=now,
                actor=who[0],
                on_behalf_of=who[1],
            )
    except IntegrityError:
        refused = describe_refused(Refused(PauseRefusal.ALREADY))
        raise UnableToChangePause(refused) from None


def _begin(pause: Pause, *, business_date: date, now: datetime, actor: str) -> None:
    lock_fees(alone=True)
    accounts.suspend_service(
        subscription_id=pause.subscription_id,
        first=pause.starts_on,
        keeps_packages=pause.keeps_packages,
        now=now,
        actor=actor,
        on_behalf_of=pause.on_behalf_of,
    )
    _move(pause, "running", now=now, who=(actor, pause.on_behalf_of))
    what = PLAN if pause.keeps_packages else EVERYTHING
    split_periods(
        cuts=[Cut(pause.subscription_id, pause.starts_on, what=what)],
        business_date=business_date,
        now=now,
        actor=actor,
        pause_id=pause.pk,
    )


@transaction.atomic
def cancel_pause(
    *, pause_id: int, now: datetime, actor: str, on_behalf_of: str = "", reason: str = ""
) -> Pause:
    """Call a pause off before it begins; UnableToChangePause if it began or was called off."""
    pause = _locked(pause_id)
    who = (actor, on_behalf_of)
    _move(pause, "cancelled", now=now, who=who, reason=reason)
    _withdraw(pause, now=now, who=who, reason=reason or _("The pause was called off."))
    _announce("pause.cancelled", pause, now=now, who=who)
    return pause


@transaction.atomic
def end_pause(*, pause_id: int, now: datetime, actor: str, on_behalf_of: str = "") -> Pause:
    """End a pause that runs: the service works again at once, and today is charged."""
    pause = _locked(pause_id)
    _end(
        pause,
        on=timezone.localdate(now),
        business_date=timezone.localdate(now),
        now=now,
        who=(actor, on_behalf_of),
    )
    return pause


def _end(
    pause: Pause, *, on: date, business_date: date, now: datetime, who: tuple[str, str]
) -> None:
    until = max(on, pause.starts_on)
    _move(pause, "ended", now=now, who=who, ends_on=until)
    lock_fees(alone=True)
    accounts.resume_service(
        subscription_id=pause.subscription_id, on=on, now=now, actor=who[0], on_behalf_of=who[1]
    )
    charge_resumed(
        pause_id=pause.pk,
        account_id=pause.account_id,
        subscription_id=pause.subscription_id,
        on=until,
        business_date=business_date,
        now=now,
        actor=who[0],
    )
    _withdraw(pause, now=now, who=who, reason=_("The pause is over."))


def close_pause(*, subscription: Subscription, now: datetime, who: tuple[str, str]) -> None:
    """End or call off the pause of a service that ends for good; for who ends it."""
    pause = find_pause(subscription.pk)
    if pause is None:
        return
    reason = _("The service ends.")
    if pause.state == Pause.State.SCHEDULED:
        _move(pause, "cancelled", now=now, who=who, reason=reason)
    else:
        tomorrow = timezone.localdate(now) + timedelta(days=1)
        until = max(pause.starts_on, tomorrow)
        _move(pause, "ended", now=now, who=who, reason=reason, ends_on=until)
    _withdraw(pause, now=now, who=who, reason=reason)


def run_pauses(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Begin and end every pause that is due up to the business day; return how many.

    To run after plan changes and before `charge_fees` of the same day. Each commits alone. A pause
    that can't begin any more is called off with its reason and stops no other. Nights that were
    missed are caught up with the days that were agreed.
    """
    due = Pause.objects.filter(account_id__gte=account_from, account_id__lt=account_to)
    starting = due.filter(state="scheduled", starts_on__lte=business_date)
    done = 0
    for pause_id in list(starting.order_by("account_id", "id").values_list("id", flat=True)):
        done += _begin_due(pause_id, business_date=business_date, now=now, actor=actor)
    ending = due.filter(state="running", ends_on__lte=business_date)
    for pause_id in list(ending.order_by("account_id", "id").values_list("id", flat=True)):
        done += _end_due(pause_id, business_date=business_date, now=now, actor=actor)
    return done


def _begin_due(pause_id: int, *, business_date: date, now: datetime, actor: str) -> int:
    try:
        with transaction.atomic():
            pause = _locked(pause_id)
            if pause.state != Pause.State.SCHEDULED:
                return 0
            _begin(pause, business_date=business_date, now=now, actor=actor)
    except accounts.UnableToChangeService as refusal:
        cancel_pause(pause_id=pause_id, now=now, actor=actor, reason=str(refusal))
    return 1


@transaction.atomic
def _end_due(pause_id: int, *, business_date: date, now: datetime, actor: str) -> int:
    pause = _locked(pause_id)
    if pause.state != Pause.State.RUNNING or pause.ends_on is None:
        return 0
    _end(pause, on=pause.ends_on, business_date=business_date, now=now, who=(actor, ""))
    return 1


def _locked(pause_id: int) -> Pause:
    """Lock the service before its pause: whoever ends a service does it in this order."""
    lock_service(Pause.objects.values_list("subscription_id", flat=True).get(pk=pause_id))
    pause: Pause = Pause.objects.select_for_update(no_key=True).get(pk=pause_id)
    return pause


def _move(
    pause: Pause,
    to: str,
    *,
    now: datetime,
    who: tuple[str, str],
    reason: str = "",
    ends_on: date | None = None,
) -> None:
    moved = change_state(
        model=Pause,
        ids=[pause.pk],
        to=to,
        at=now,
        actor=who[0],
        on_behalf_of=who[1],
        reason=reason,
    )
    if not moved:
        raise UnableToChangePause(_("The pause is not in a state that allows this."))
    rows = Pause.objects.filter(pk=pause.pk)
    if to != Pause.State.RUNNING:
        rows.update(closed_at=now, close_reason=reason[:200])
    if ends_on is not None:
        rows.update(ends_on=ends_on)
    pause.refresh_from_db()


def _withdraw(pause: Pause, *, now: datetime, who: tuple[str, str], reason: str) -> None:
    consents.withdraw_all(
        account_id=pause.account_id,
        subscription_id=pause.subscription_id,
        what=Consent.What.PAUSE,
        object_id=pause.pk,
        now=now,
        actor=who[0],
        on_behalf_of=who[1],
        reason=reason,
    )


def _announce(
    kind: str, pause: Pause, *, now: datetime, who: tuple[str, str], **told: bool
) -> None:
    record_event(
        kind=kind,
        account_id=pause.account_id,
        customer_id=pause.account.customer_id,
        subscription_id=pause.subscription_id,
        happened_at=now,
        actor=who[0],
        on_behalf_of=who[1],
        data={
            "pause_id": pause.pk,
            "starts_on": pause.starts_on.isoformat(),
            "ends_on": pause.ends_on.isoformat() if pause.ends_on else None,
            "fee": str(pause.fee),
            "fee_period": pause.fee_period,
            "reason": pause.close_reason.rstrip("."),
            **told,
        },
    )
