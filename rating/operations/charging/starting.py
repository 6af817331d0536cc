"""
Sessions begin here: how long may it last, reserve the first slice, debit an event at once.
"""

from datetime import datetime, timedelta
from typing import Final

from rating.domain.online import Code, Grant, decide_grant
from rating.domain.record_keys import record_key
from rating.models import ChargingSession
from rating.operations.charging import writing
from rating.operations.charging.asking import (
    NO_LIMIT,
    TRIES,
    Answer,
    Ask,
    Case,
    Refused,
    accepted,
    key_of,
    open_case,
    refused,
)
from rating.operations.charging.writing import Ended, Writing
from rating.queries.charging import Client, Reference
from rating.queries.charging_looks import Seen, look
from tariffs.domain.deck import UsageKind

#: What an authorisation answers at most, unless asked for more: four hours, a thousand messages, 1 GiB.
LONGEST: Final = {
    UsageKind.VOICE: 14_400,
    UsageKind.SMS: 1_000,
    UsageKind.DATA: 2**30,
    UsageKind.SESSION: 2**30,
}
#: A session may be reported so long after it began, and so long before (clocks differ).
OLDEST: Final = timedelta(days=1)
NEWEST: Final = timedelta(minutes=5)
_AGAIN: Final = {"known", "units", "money", "moved"}


def authorise(ask: Ask, *, client: Client, reference: Reference, now: datetime) -> Answer:
    """
    Answer how long it may last, or how many units it may have. Nothing is written.
    """
    try:
        at = _start(ask, now)
        seen = look(client_id=client.id, session=None, key=_key(ask, client), at=at)
        case = open_case(ask, seen, client=client, reference=reference, at=at)
        grant = _grant(case, wanted=ask.units or LONGEST[ask.kind])
    except Refused as refusal:
        return refused(refusal)
    answer: dict[str, object] = {"units": grant.length, "is_final": grant.is_final}
    if case.money < NO_LIMIT:
        answer["available"] = str(case.money)
    return accepted(answer)


def reserve(ask: Ask, *, client: Client, reference: Reference, now: datetime) -> Answer:
    """
    Begin a session with a first slice: units and money are set aside for it.

    The same request again gets the same answer; another one for a session that is known is refused.
    """
    try:
        return _begin(ask, client=client, reference=reference, now=now)
    except Refused as refusal:
        return refused(refusal)


def charge_event(ask: Ask, *, client: Client, reference: Reference, now: datetime) -> Answer:
    """
    Charge a message, an event or some units at once: all of `units`, or nothing.

    The same request again gets the same answer and is charged once.
    """
    try:
        return _begin(ask, client=client, reference=reference, now=now, is_event=True)
    except Refused as refusal:
        return refused(refusal)


def repeated(ask: Ask, seen: Seen) -> Answer | None:
    """
    Return the stored answer if the request was answered before, None if it is new.

    Raises Refused for a request that is older than the last answered, or another under its number.
    """
    if ask.sequence > seen.sequence:
        return None
    if ask.sequence < seen.sequence:
        raise Refused(Code.STALE_SEQUENCE, last_sequence=seen.sequence)
    if ask.fingerprint != seen.fingerprint:
        raise Refused(Code.SEQUENCE_REUSED, last_sequence=seen.sequence)
    return Answer(Code.OK, seen.answer)


def _begin(
    ask: Ask, *, client: Client, reference: Reference, now: datetime, is_event: bool = False
) -> Answer:
    at = _start(ask, now)
    for _try in range(TRIES):
        seen = look(client_id=client.id, session=ask.session, key=_key(ask, client), at=at)
        if seen.id is not None:
            if (answer := repeated(ask, seen)) is not None:
                return answer
            raise Refused(Code.SESSION_EXISTS, last_sequence=seen.sequence)
        case = open_case(ask, seen, client=client, reference=reference, at=at)
        if is_event:
            new = _event(ask, case, reference=reference, at=at, now=now)
        else:
            new = _first_slice(ask, case, client=client, at=at, now=now)
        key = record_key(client.format, ask.record_id or (ask.session,))
        outcome = writing.begin(new, case, ask, client=client, record_key=key)
        if outcome not in _AGAIN:
            return new.answer
    raise Refused(Code.BUSY)


def _grant(case: Case, *, wanted: int) -> Grant:
    """Decide what a new session may have. Raises Refused if that is nothing."""
    grant = decide_grant(case.tariff, used=0, wanted=wanted, money=case.money)
    if not grant.length:
        raise Refused(grant.code if grant.code is not Code.OK else Code.BAD_UNITS)
    return grant


def _first_slice(ask: Ask, case: Case, *, client: Client, at: int, now: datetime) -> Writing:
    grant = _grant(case, wanted=ask.units or client.slice_of(ask.kind))
    validity = validity_of(client, ask.kind, grant.length)
    return Writing(
        used=0,
        granted=grant.length,
        held=grant.priced.amount,
        units=case.tariff.units_of(grant.priced),
        sequence=ask.sequence,
        fingerprint=ask.fingerprint,
        answer=accepted(writing.granted_values(grant, used=0, validity=validity)),
        now=now,
        expires_at=now + timedelta(seconds=validity + client.grace),
        started_at=at,
        sizes=writing.sizes_of(case.tariff),
    )


def _event(ask: Ask, case: Case, *, reference: Reference, at: int, now: datetime) -> Writing:
    units = ask.units or 1
    grant = _grant(case, wanted=units)
    if grant.length < units:
        raise Refused(grant.code if grant.code is not Code.OK else Code.BAD_UNITS)
    billed, band, amount, taken = writing.price_of(case.tariff, grant.priced, reference)
    told = {"amount": str(amount), "billed": billed, "units": units}
    return Writing(
        used=units,
        granted=units,
        held=amount,
        units=taken,
        sequence=ask.sequence,
        fingerprint=ask.fingerprint,
        answer=accepted(told),
        now=now,
        expires_at=now,
        started_at=at,
        ended=Ended(
            at=now,
            ending=ChargingSession.Ending.TERMINATED,
            billed=billed,
            band_id=band,
            amount=amount,
            bookable_at=now,
        ),
        sizes=writing.sizes_of(case.tariff),
    )


def validity_of(client: Client, kind: UsageKind, units: int) -> int:
    """Return in how many seconds the client must ask again: seconds of a call pass by themselves."""
    return min(client.validity, units) if kind.is_timed else client.validity


def _start(ask: Ask, now: datetime) -> int:
    """Return when it began. Raises Refused if that is too long ago or to come."""
    at = writing.started(ask, now)
    if not int((now - OLDEST).timestamp()) <= at <= int((now + NEWEST).timestamp()):
        raise Refused(Code.BAD_TIME)
    return at


def _key(ask: Ask, client: Client) -> int:
    key = key_of(ask, client)
    if key is None:
        raise Refused(Code.UNKNOWN_SUBSCRIBER)
    return key
