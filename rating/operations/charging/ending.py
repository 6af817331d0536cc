"""
Sessions go on and end here: report and ask for more, end with what was used, cancel, close, expire.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from rating.domain.online import OF_PRICING, Code, Tariff, decide_grant
from rating.domain.twin import Priced, Use
from rating.domain.usage import Reason
from rating.models import ChargingSession
from rating.operations.charging import writing
from rating.operations.charging.asking import (
    TRIES,
    Answer,
    Ask,
    Refused,
    accepted,
    money_of,
    refused,
    tariff_of,
)
from rating.operations.charging.starting import NEWEST, repeated, validity_of
from rating.operations.charging.writing import DONE, Ended, Writing
from rating.queries.charging import (
    OLDEST_SESSION,
    Client,
    Reference,
    get_session,
    list_expired,
)
from rating.queries.charging_looks import Seen, look
from tariffs.domain.deck import UsageKind

Ending = ChargingSession.Ending


class UnableToClose(Exception):
    """The session is not running."""


class _Going(NamedTuple):
    """A session as it was seen, and what is asked of it."""

    ask: Ask
    seen: Seen
    client: Client
    reference: Reference
    now: datetime

    @property
    def started_at(self) -> int:
        """When it began: the client may learn only later that a call was answered."""
        return self.seen.started_at if self.ask.started_at is None else self.ask.started_at

    def tariff(self) -> Tariff:
        """Return what prices the session."""
        seen = self.seen
        return tariff_of(
            seen,
            use=Use(self.started_at, UsageKind(seen.kind), 0),
            place=(seen.session_plan_version_id, seen.deck_version_id, seen.zone_id),
            reference=self.reference,
        )


class _Used(NamedTuple):
    """A length that was used, and its price."""

    length: int
    priced: Priced


#: What is to be written, and whether the account must have the money.
Decision = tuple[Writing, bool]


def update(ask: Ask, *, client: Client, reference: Reference, now: datetime) -> Answer:
    """
    Note what is used so far and reserve the next slice.

    With nothing left to reserve the answer grants 0 units and is final: the session is to be ended,
    and what was used stays reserved.
    """
    return _go_on(ask, _next_slice, client=client, reference=reference, now=now)


def terminate(ask: Ask, *, client: Client, reference: Reference, now: datetime) -> Answer:
    """
    End a session that used `ask.used` units in all, and charge it.

    What it cost stays held until it is in the ledger. A report that comes after the session was
    given up counts instead of what was known then.
    """
    return _go_on(ask, _end, client=client, reference=reference, now=now)


def cancel(ask: Ask, *, client: Client, reference: Reference, now: datetime) -> Answer:
    """Let go of all that a session reserved or cost, as long as it is not in the ledger."""
    return _go_on(ask, _cancel, client=client, reference=reference, now=now)


def close_session(
    *, session_id: int, reason: str, reference: Reference, now: datetime, actor: str
) -> None:
    """End a running session by hand, with what was reported used. Raises UnableToClose."""
    session = get_session(session_id)
    if not _give_up(session, Ending.CLOSED, reference=reference, now=now, who=(actor, reason)):
        raise UnableToClose(_("The session is not running any more."))


def expire_sessions(*, reference: Reference, now: datetime, limit: int = 1000) -> int:
    """
    End sessions that were not heard of for too long, with what they had reported; return how many.

    They wait for the switch's record as long as the client says, and are charged then. Call again
    while as many as `limit` are ended.
    """
    who = ("system:charging", "")
    return sum(
        _give_up(session, Ending.EXPIRED, reference=reference, now=now, who=who)
        for session in list_expired(now=now, limit=limit)
    )


def _go_on(
    ask: Ask,
    decide: Callable[[_Going], Decision],
    *,
    client: Client,
    reference: Reference,
    now: datetime,
) -> Answer:
    try:
        for _try in range(TRIES):
            seen = look(client_id=client.id, session=ask.session, key=None, at=0)
            if seen.id is None:
                raise Refused(Code.UNKNOWN_SESSION)
            if (answer := repeated(ask, seen)) is not None:
                return answer
            new, is_limited = decide(_checked(_Going(ask, seen, client, reference, now)))
            if writing.go_on(new, seen, is_limited=is_limited) == DONE:
                return new.answer
    except Refused as refusal:
        return refused(refusal)
    return refused(Refused(Code.BUSY))


def _checked(going: _Going) -> _Going:
    """Return what can be gone on with. Raises Refused."""
    ask, seen, now = going.ask, going.seen, going.now
    may_be_late = ask.verb == "cancel" or (
        ask.verb == "terminate" and seen.ending == Ending.EXPIRED.value
    )
    if seen.is_booked or (seen.ending is not None and not may_be_late):
        raise Refused(Code.SESSION_ENDED, ending=seen.ending, amount=str(seen.amount))
    if ask.verb != "cancel" and ask.used < seen.used:
        raise Refused(Code.USED_WENT_BACK, last_used=seen.used)
    first, last = now - OLDEST_SESSION, now + NEWEST
    if not first.timestamp() <= going.started_at <= last.timestamp():
        raise Refused(Code.BAD_TIME)
    return going


def _next_slice(going: _Going) -> Decision:
    ask, seen, client = going.ask, going.seen, going.client
    tariff, kind = going.tariff(), UsageKind(seen.kind)
    money = money_of(seen, at=going.started_at)
    if seen.state != "active" or seen.level in {"suspended", "paused", "ended"}:
        # Blocked while it goes on: nothing more, what was used is charged.
        money = Decimal(0)
    wanted = ask.units or client.slice_of(kind)
    grant = decide_grant(tariff, used=ask.used, wanted=wanted, money=money)
    if grant.priced.reason != Reason.PRICED:
        raise Refused(OF_PRICING[grant.priced.reason])
    more = grant.length - ask.used
    validity = validity_of(client, kind, more) if more else 0
    new = Writing(
        used=ask.used,
        granted=grant.length,
        held=grant.priced.amount,
        units=tariff.units_of(grant.priced),
        sequence=ask.sequence,
        fingerprint=ask.fingerprint,
        answer=accepted(writing.granted_values(grant, used=ask.used, validity=validity)),
        now=going.now,
        expires_at=going.now + timedelta(seconds=validity + client.grace),
        started_at=going.started_at,
        sizes=writing.sizes_of(tariff),
    )
    return new, bool(more) and seen.account_kind == "prepaid"


def _end(going: _Going) -> Decision:
    ask, seen = going.ask, going.seen
    tariff = going.tariff()
    used = _price_used(tariff, ask.used, seen)
    ended = _ended_by(going, tariff, used, ending=Ending.TERMINATED)
    told = {
        "amount": str(ended.amount),
        "billed": ended.billed,
        "used": used.length,
    }
    return _written(going, tariff, used, ended=ended, answer=accepted(told)), False


def _cancel(going: _Going) -> Decision:
    ended = Ended(at=going.now, ending=Ending.CANCELLED, booked_at=going.now)
    seen = going.seen
    new = Writing(
        used=seen.used,
        granted=seen.granted,
        held=Decimal("0.00"),
        units=[],
        sequence=going.ask.sequence,
        fingerprint=going.ask.fingerprint,
        answer=accepted({"released": str(seen.session_held)}),
        now=going.now,
        expires_at=going.now,
        started_at=seen.started_at,
        ended=ended,
    )
    return new, False


def _price_used(tariff: Tariff, used: int, seen: Seen) -> _Used:
    """Price what was used; of a length that has no price, what had been granted."""
    priced = tariff.price(used)
    if priced.reason == Reason.PRICED:
        return _Used(used, priced)
    length = min(used, seen.granted)
    return _Used(length, tariff.price(length))


def _ended_by(going: _Going, tariff: Tariff, used: _Used, *, ending: Ending) -> Ended:
    """Return the end of a session that is charged its price, if anything was used."""
    priced = used.priced
    if priced.reason != Reason.PRICED:
        raise Refused(OF_PRICING[priced.reason])
    billed, band, amount, _taken = writing.price_of(tariff, priced, going.reference)
    wait = going.client.record_wait if ending is Ending.EXPIRED else 0
    return Ended(
        at=going.now,
        ending=ending,
        billed=billed,
        band_id=band,
        amount=amount,
        is_overrun=used.length > going.seen.granted,
        bookable_at=going.now + timedelta(seconds=wait),
        booked_at=None if used.length else going.now,
    )


def _written(
    going: _Going, tariff: Tariff, used: _Used, *, ended: Ended, answer: Answer
) -> Writing:
    return Writing(
        used=used.length,
        granted=going.seen.granted,
        held=ended.amount,
        units=tariff.units_of(used.priced),
        sequence=going.ask.sequence,
        fingerprint=going.ask.fingerprint,
        answer=answer,
        now=going.now,
        expires_at=going.now,
        started_at=going.started_at,
        ended=ended,
        sizes=writing.sizes_of(tariff),
    )


def _give_up(
    session: ChargingSession,
    ending: Ending,
    *,
    reference: Reference,
    now: datetime,
    who: tuple[str, str],
) -> bool:
    """End a session without its client, with what it had reported; False if it isn't running."""
    client = Client.of(session.client)
    for _try in range(TRIES):
        seen = look(client_id=client.id, session=session.session_key, key=None, at=0)
        has_reported = ending is Ending.EXPIRED and seen.sequence != session.sequence
        if seen.id != session.pk or seen.ending is not None or has_reported:
            return False
        # The last answer stays what a late repeat is told.
        ask = Ask("give up", session.session_key, sequence=seen.sequence)
        going = _Going(ask, seen, client, reference, now)
        tariff = going.tariff()
        used = _price_used(tariff, seen.used, seen)
        ended = _ended_by(going, tariff, used, ending=ending)
        kept = Answer(Code.OK, seen.answer)
        new = _written(going, tariff, used, ended=ended, answer=kept)
        signed = replace(ended, by=who[0], reason=who[1])
        new = replace(new, fingerprint=seen.fingerprint, ended=signed)
        if writing.go_on(new, seen, is_limited=False) == DONE:
            return True
    return False
