"""
Compensation for outages by rule: recorded, looked at, approved, given; set-based, once a service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from billing_project.kernel import queue
from billing_project.kernel.operations import change_state, record_events
from invoicing.models import Compensation, Outage, OutageRule
from invoicing.queries import compensation as queries

#: The task that gives what was approved.
TASK: Final = "bills.compensate"

WRITE: Final = """
    INSERT INTO invoicing_compensation
        (account_id, outage_id, subscription_id, plan_version_id, minutes, daily_fee, amount,
         business_date)
    SELECT account_id, {outage}, subscription_id, plan_version_id, minutes, daily_fee, amount,
           '{business_date}'::date
      FROM ({affected}) x WHERE amount > 0 ORDER BY account_id, subscription_id
    ON CONFLICT DO NOTHING
"""
POSTINGS: Final = """
    SELECT c.account_id, c.id, c.amount, c.business_date, c.subscription_id,
           jsonb_build_object('outage', o.id, 'plan_version', c.plan_version_id,
               'minutes', c.minutes, 'daily_fee', c.daily_fee::text, 'percent', o.percent::text,
               'unit', o.unit, 'started_at', o.started_at, 'ended_at', o.ended_at,
               'title_ru', left('Компенсация за перерыв: ' || o.title_ru, 200),
               'title_en', left('Compensation for an outage: ' || o.title_en, 200))
      FROM invoicing_compensation c JOIN invoicing_outage o ON o.id = c.outage_id
     WHERE c.outage_id = %(outage)s
       AND c.account_id >= %(account_from)s AND c.account_id < %(account_to)s
"""
# One event an account: its services' sums together, only for what was written now.
EVENTS: Final = """
    SELECT c.account_id, a.customer_id, min(c.subscription_id), %(now)s::timestamptz,
           jsonb_build_object('outage_id', o.id, 'amount', sum(c.amount)::text,
               'about_ru', o.title_ru, 'about_en', o.title_en, 'reason', o.title_ru)
      FROM invoicing_compensation c
      JOIN invoicing_outage o ON o.id = c.outage_id
      JOIN accounts_account a ON a.id = c.account_id
     WHERE c.outage_id = %(outage)s AND c.id > %(after)s
       AND c.account_id >= %(account_from)s AND c.account_id < %(account_to)s
     GROUP BY c.account_id, a.customer_id, o.id
"""


class UnableToCompensate(Exception):
    """The outage is recorded wrongly, or not in the state for this; `field` of a form."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRecord:
    """What happened, when, to whom (see `models.Outage`), by which rule it is made good."""

    title_ru: str
    title_en: str
    started_at: datetime
    ended_at: datetime
    selection: Mapping[str, Any]
    rule_id: int
    request_id: str


def save_rule(
    *, name_ru: str, name_en: str, unit: str, percent: Decimal, from_minutes: int
) -> OutageRule:
    """Write a rule; what an outage was given by an earlier one stays as it was."""
    if not 0 < percent <= 1000 or unit not in OutageRule.Unit.values:
        raise UnableToCompensate(_("A share is more than 0 % of the daily fee."), field="percent")
    rule: OutageRule = OutageRule.objects.create(
        name_ru=name_ru, name_en=name_en, unit=unit, percent=percent, from_minutes=from_minutes
    )
    return rule


def record_outage(*, record: OutageRecord, now: datetime, actor: str) -> Outage:
    """Record an outage as a draft; the same request answers with what it made."""
    if record.ended_at <= record.started_at or record.ended_at > now:
        text = _("An outage ends after it begins, and is over when it is compensated.")
        raise UnableToCompensate(text, field="ended_at")
    if not set(record.selection) <= set(queries.NARROWS) or not any(record.selection.values()):
        raise UnableToCompensate(_("Say which services had none: a kind, a place, a plan."))
    rule = OutageRule.objects.get(pk=record.rule_id)
    outage, _is_new = Outage.objects.get_or_create(
        request_id=record.request_id,
        defaults={
            "title_ru": record.title_ru,
            "title_en": record.title_en,
            "started_at": record.started_at,
            "ended_at": record.ended_at,
            "selection": dict(record.selection),
            "unit": rule.unit,
            "percent": rule.percent,
            "from_minutes": rule.from_minutes,
            "recorded_by": actor,
            "recorded_at": now,
        },
    )
    return outage


@transaction.atomic
def approve_outage(
    *, outage_id: int, limit: Decimal, business_date: date, now: datetime, actor: str
) -> Outage:
    """
    Let an outage be compensated; a task does it.

    Who recorded it may approve it up to `limit` in all; above it somebody else has to.
    """
    outage = Outage.objects.get(pk=outage_id)
    cost = queries.preview(outage).amount
    if outage.recorded_by == actor and cost > limit:
        raise UnableToCompensate(
            _("Somebody else has to approve it: it costs %(sum)s.") % {"sum": cost}
        )
    if not change_state(
        model=Outage, ids=[outage_id], to=Outage.State.APPROVED, at=now, actor=actor
    ):
        raise UnableToCompensate(_("This was decided already."))
    Outage.objects.filter(pk=outage_id).update(
        approved_by=actor, approved_at=now, business_date=business_date
    )
    queue.nudge(TASK)
    return Outage.objects.get(pk=outage_id)


def cancel_outage(*, outage_id: int, now: datetime, actor: str) -> Outage:
    """Give up an outage of which nothing was given yet."""
    if Compensation.objects.filter(outage_id=outage_id).exists() or not change_state(
        model=Outage, ids=[outage_id], to=Outage.State.CANCELLED, at=now, actor=actor
    ):
        raise UnableToCompensate(_("This was decided already."))
    return Outage.objects.get(pk=outage_id)


def apply_outage(*, outage_id: int, now: datetime) -> int:
    """Give what an approved outage is worth; return how many services were given. Again: none."""
    outage = Outage.objects.get(pk=outage_id)
    if outage.state != Outage.State.APPROVED:
        return 0
    given = 0
    for account_from, account_to in accounts_queries.list_account_ranges():
        given += _apply_range(outage, (account_from, account_to), now=now)
    change_state(
        model=Outage, ids=[outage_id], to=Outage.State.APPLIED, at=now, actor=outage.approved_by
    )
    return given


def apply_all(*, now: datetime) -> int:
    """Give what approved outages are worth; for the task."""
    waiting = Outage.objects.filter(state=Outage.State.APPROVED).order_by("pk")
    return sum(apply_outage(outage_id=pk, now=now) for pk in waiting.values_list("pk", flat=True))


@transaction.atomic
def _apply_range(outage: Outage, accounts_range: tuple[int, int], *, now: datetime) -> int:
    account_from, account_to = accounts_range
    sql, values = queries.affected(outage, account_from=account_from, account_to=account_to)
    latest = Compensation.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with connection.cursor() as cursor:
        statement = WRITE.format(outage=outage.pk, business_date=outage.business_date, affected=sql)
        cursor.execute(statement, values)
        written: int = cursor.rowcount
    bounds = {"outage": outage.pk, "account_from": account_from, "account_to": account_to}
    accounts.post_many(
        source_sql=POSTINGS,
        params=bounds,
        kind=Kind.COMPENSATION,
        now=now,
        actor=outage.approved_by,
    )
    if written:
        record_events(
            kind="compensation.given",
            source_sql=EVENTS,
            params={**bounds, "now": now, "after": latest},
            actor=outage.approved_by,
        )
    return written
