"""What notifications can tell: the inbox, the work for people, and what wording needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Customer
from billing_project.kernel.invariants import Invariant
from notifications.domain.values import Person
from notifications.models import Channel, Message, Preference, Template

#: A message waiting for so long is an alarm.
OVERDUE: Final = timedelta(hours=2)

PERSONS: Final = """
    SELECT w.account_id, w.customer_id, c.id,
           CASE WHEN c.first_name <> '' THEN trim(c.first_name || ' ' || c.middle_name)
                ELSE c.name END,
           c.email, c.language, c.time_zone, coalesce(a.number, ''), coalesce(a.currency, 'RUB')
      FROM unnest(%s::bigint[], %s::bigint[]) AS w (account_id, customer_id)
      LEFT JOIN accounts_account a ON a.id = w.account_id
      JOIN accounts_customer c ON c.id = coalesce(nullif(w.customer_id, 0), a.customer_id)
"""

# What wording wants to know of a service and a plan that an event names by id only.
SERVICES: Final = """
    SELECT s.id, s.service, coalesce((
               SELECT i.value FROM accounts_identifieruse i WHERE i.subscription_id = s.id
                ORDER BY i.active_to DESC NULLS FIRST, i.kind, i.value LIMIT 1), '')
      FROM accounts_subscription s WHERE s.id = ANY(%s)
"""
PLANS: Final = """
    SELECT v.id, p.name_ru, p.name_en, v.fee::text
      FROM tariffs_planversion v JOIN tariffs_plan p ON p.id = v.plan_id WHERE v.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and body of a template."""

    subject: str
    body: str


#: (event kind, channel, language) -> the current wording.
Wordings = Mapping[tuple[str, str, str], Wording]


def list_inbox(*, customer_id: int, before: int | None = None, limit: int = 20) -> list[Message]:
    """List the customer's inbox, newest first; `before` is the id of the last one seen."""
    messages = _inbox(customer_id).order_by("-pk")
    if before is not None:
        messages = messages.filter(pk__lt=before)
    return list(messages[:limit])


def count_unread(customer_id: int) -> int:
    """Count the messages in the customer's inbox that were not read."""
    return _inbox(customer_id).filter(read_at__isnull=True).count()


def list_undelivered(*, before: int | None = None, limit: int = 50) -> list[Message]:
    """List the work for people: messages that failed, or whose outcome is unknown, newest first."""
    messages = Message.objects.filter(
        state__in=[Message.State.FAILED, Message.State.UNKNOWN]
    ).order_by("-pk")
    if before is not None:
        messages = messages.filter(pk__lt=before)
    return list(messages[:limit])


def list_persons(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Person]:
    """
    Return (account id, customer id) -> whom to write to; 0 = no account, or the account's customer.
    """
    unique = sorted(set(pairs))
    columns = [[pair[0] for pair in unique], [pair[1] for pair in unique]]
    with connection.cursor() as cursor:
        cursor.execute(PERSONS, columns)
        return {(row[0], row[1]): Person(*row[2:]) for row in cursor.fetchall()}


def list_services(subscription_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return subscription id -> its service and its (last) number or login, as events name them."""
    with connection.cursor() as cursor:
        cursor.execute(SERVICES, [sorted(set(subscription_ids))])
        return {row[0]: {"service": row[1], "identifier": row[2]} for row in cursor.fetchall()}


def list_plans(plan_version_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return plan version id -> the plan's names and fee, as events name them."""
    with connection.cursor() as cursor:
        cursor.execute(PLANS, [sorted(set(plan_version_ids))])
        return {
            row[0]: {"plan_ru": row[1], "plan_en": row[2], "fee": row[3]}
            for row in cursor.fetchall()
        }


def list_wanted(customer_ids: Iterable[int]) -> dict[int, dict[tuple[str, str], bool]]:
    """Return customer id -> {(category, channel): wanted} for those who chose something."""
    wanted: dict[int, dict[tuple[str, str], bool]] = {}
    chosen = Preference.objects.filter(customer_id__in=list(customer_ids)).order_by("pk")
    for row in chosen:
        wanted.setdefault(row.customer_id, {})[row.category, row.channel] = row.is_wanted
    return wanted


def list_wordings(event_kinds: Iterable[str]) -> Wordings:
    """Return the current wordings of the kinds."""
    templates = Template.objects.filter(event_kind__in=list(event_kinds), is_current=True)
    return {
        (row.event_kind, row.channel, row.language): Wording(row.subject, row.body)
        for row in templates.order_by("pk")
    }


def list_preferences(customer: Customer) -> "QuerySet[Preference]":
    """List what the customer chose."""
    return Preference.objects.filter(customer=customer).order_by("category", "channel")


def _inbox(customer_id: int) -> "QuerySet[Message]":
    return Message.objects.filter(
        customer_id=customer_id, channel=Channel.INBOX, state=Message.State.SENT
    )


def invariants() -> list[Invariant]:
    """Return the promises of notifications."""
    return [
        Invariant(
            name="one message per event, customer and channel",
            sql="""
                SELECT event_id, customer_id, channel, count(*) FROM notifications_message
                 GROUP BY event_id, customer_id, channel HAVING count(*) > 1
            """,
            why="A person is told the same thing twice on one channel.",
        ),
        Invariant(
            name="a message has a moment of sending exactly when it was sent",
            sql="""
                SELECT id, account_id, state, sent_at FROM notifications_message
                 WHERE (state = 'sent') <> (sent_at IS NOT NULL)
            """,
            why="The state of the message does not fit what is known of it.",
        ),
        Invariant(
            name="what is in the inbox was worded, and was told of an event",
            sql="""
                SELECT m.id, m.account_id, m.event_id FROM notifications_message m
                 WHERE m.state <> 'failed' AND (m.body = '' OR NOT EXISTS (
                       SELECT 1 FROM kernel_businessevent e
                        WHERE e.account_id = m.account_id AND e.id = m.event_id))
            """,
            why="A message is empty, or about something that never happened.",
        ),
    ]


def alarms(*, now: datetime) -> list[Invariant]:
    """Return what needs a person though no promise is broken."""
    before = (now - OVERDUE).isoformat()
    return [
        Invariant(
            name="messages that failed or whose outcome is unknown",
            sql="""
                SELECT id, account_id, channel, state, error FROM notifications_message
                 WHERE state IN ('failed', 'unknown')
            """,
            why="The address is wrong, the wording lacks a value, or a worker was killed.",
        ),
        Invariant(
            name="messages that wait too long",
            sql=f"""
                SELECT id, account_id, channel, attempts, error FROM notifications_message
                 WHERE state IN ('queued', 'sending') AND created_at < '{before}'
            """,
            why="Workers are down, or the channel does not answer.",
        ),
    ]
