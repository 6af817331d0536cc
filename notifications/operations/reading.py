"""
Events become messages: decided by policy, worded, written once; many at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from billing_project.kernel import queue
from billing_project.kernel.events import NOTIFICATIONS
from billing_project.kernel.models import BusinessEvent
from billing_project.kernel.operations import take_inbox
from notifications import channels, queries
from notifications.domain.policy import (
    CATEGORY_OF,
    EMAIL,
    INBOX,
    Address,
    choose_addresses,
    is_told,
)
from notifications.domain.values import LANGUAGES, Person, build_values
from notifications.domain.wording import UnableToWord, render, render_line

NUDGE: Final = "notifications.deliver"
PORTION: Final = 2_000

#: (column, PostgreSQL type) in the order of `_row`.
COLUMNS: Final = (
    ("event_id", "bigint"),
    ("event_kind", "text"),
    ("account_id", "bigint"),
    ("customer_id", "bigint"),
    ("channel", "text"),
    ("recipient", "text"),
    ("category", "text"),
    ("language", "text"),
    ("subject", "text"),
    ("body", "text"),
    ("state", "text"),
    ("error", "text"),
)
NAMES: Final = ", ".join(name for name, _type in COLUMNS)
ARRAYS: Final = ", ".join(f"%s::{kind}[]" for _name, kind in COLUMNS)
WRITE: Final = f"""
    WITH written AS (
        INSERT INTO notifications_message
            ({NAMES}, attempts, created_at, next_try_at, sent_at)
        SELECT m.*, 0, %s, CASE WHEN m.state = 'queued' THEN %s::timestamptz END,
               CASE WHEN m.state = 'sent' THEN %s::timestamptz END
          FROM unnest({ARRAYS}) AS m ({NAMES})
        ON CONFLICT (account_id, event_id, recipient, channel) DO NOTHING
        RETURNING channel
    )
    SELECT channel, count(*) FROM written GROUP BY channel
"""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """How many events were read, and messages written for each channel."""

    events: int = 0
    inbox: int = 0
    email: int = 0

    @property
    def messages(self) -> int:
        """Messages on all channels."""
        return self.inbox + self.email

    def __add__(self, other: "Told") -> "Told":
        return Told(self.events + other.events, self.inbox + other.inbox, self.email + other.email)


@dataclass(frozen=True, slots=True)
class _Words:
    """What a message is made of: whom it is for, the values, the templates."""

    person: Person
    values: Mapping[str, str]
    wordings: queries.Wordings


def read_events(*, now: datetime, limit: int | None = None) -> Told:
    """
    Turn waiting events into messages, a portion per transaction, until none waits (or `limit`).

    A message is unique per event, recipient and channel, so that whatever is killed or run twice
    tells a person once. Inbox messages are delivered by being written.
    """
    total = Told()
    while limit is None or total.events < limit:
        told = _read_portion(now=now)
        if not told.events:
            break
        total += told
    return total


@transaction.atomic
def _read_portion(*, now: datetime) -> Told:
    events = take_inbox(consumer=NOTIFICATIONS, limit=PORTION)
    if not events:
        return Told()
    rows = list(_compose(events))
    counts = _write(rows, now=now) if rows else {}
    if counts.get(EMAIL):
        queue.nudge(NUDGE)
    return Told(len(events), counts.get(INBOX, 0), counts.get(EMAIL, 0))


def _compose(events: Sequence[BusinessEvent]) -> Iterator[Row]:
    """Word every event for every address; a few queries for all of them together."""
    told = [event for event in events if is_told(event.kind, event.data)]
    persons = queries.list_persons([(event.account_id, event.customer_id or 0) for event in told])
    wanted = queries.list_wanted({person.customer_id for person in persons.values()})
    wordings = queries.list_wordings({event.kind for event in told})
    facts = _gather_facts(told)
    ready = channels.list_ready()
    for event in told:
        person = persons.get((event.account_id, event.customer_id or 0))
        if person is None:
            continue
        addresses = choose_addresses(
            CATEGORY_OF[event.kind],
            customer_id=person.customer_id,
            email=person.email,
            wanted=wanted.get(person.customer_id, {}),
            channels=ready,
        )
        if addresses:
            values = build_values(facts(event), person=person, happened_at=event.happened_at)
            wording = _Words(person, values, wordings)
            yield from _word(event, addresses=addresses, words=wording)


def _gather_facts(
    events: Sequence[BusinessEvent],
) -> Callable[[BusinessEvent], Mapping[str, Any]]:
    """Read what the events name by id only; return a function from an event to all it tells."""
    services = queries.list_services(
        event.subscription_id for event in events if event.subscription_id
    )
    plans = queries.list_plans(_plan_of(event) for event in events if _plan_of(event))

    def tell(event: BusinessEvent) -> Mapping[str, Any]:
        service = services.get(event.subscription_id or 0, {})
        return {**service, **plans.get(_plan_of(event), {}), **event.data}

    return tell


def _plan_of(event: BusinessEvent) -> int:
    return int(event.data.get("plan_version_id") or 0)


def _word(event: BusinessEvent, *, addresses: Iterable[Address], words: _Words) -> Iterator[Row]:
    person, values, wordings = words.person, words.values, words.wordings
    language = person.language if person.language in LANGUAGES else LANGUAGES[0]
    for address in addresses:
        wording = wordings.get((event.kind, address.channel, language))
        subject = body = error = ""
        try:
            if wording is None:
                message = f"no template: {event.kind}, {address.channel}, {language}"
                raise UnableToWord(message)
            subject = render_line(wording.subject, values=values)[:200]
            body = render(wording.body, values=values)
        except UnableToWord as fault:
            # Kept as a failed message: it is work for a person, and holds up nobody else.
            error = str(fault)[:250]
        yield _row(event, person, address, (language, subject, body, error))


def _row(  # noqa: PLR0917 - one row, whose parts belong together
    event: BusinessEvent, person: Person, address: Address, words: tuple[str, str, str, str]
) -> Row:
    language, subject, body, error = words
    state = "failed" if error else "sent" if address.channel == INBOX else "queued"
    return (
        *(event.pk, event.kind, event.account_id, person.customer_id),
        *(address.channel, address.recipient, CATEGORY_OF[event.kind]),
        *(language, subject, body, state, error),
    )


def _write(rows: Sequence[Row], *, now: datetime) -> dict[str, int]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [now, now, now, *columns])
        return dict(cursor.fetchall())
