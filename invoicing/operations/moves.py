"""
Subscribers moved by the operator to a new version of their plan, with the notice it promises.

A move is a change of plan that was announced, not agreed: the event of its being scheduled is what
tells the subscriber. It is executed in the night of its day as every other change.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_project.kernel.operations import record_events
from invoicing.queries.moves import MOVERS
from tariffs import queries as tariffs_queries

SCHEDULE: Final = f"""
    INSERT INTO invoicing_planchange (account_id, subscription_id, plan_version_id, effective_on,
        quote, state, requested_at, close_reason, actor, on_behalf_of, is_move, fee)
    SELECT m.account_id, m.subscription_id, v.id, m.effective_on,
           jsonb_build_object(
               'is_move', true, 'plan_version_id', v.id, 'name_ru', p.name_ru, 'name_en', p.name_en,
               'effective_on', m.effective_on, 'fee_before', m.fee::text, 'next_fee', v.fee::text,
               'fee_period', v.fee_period, 'cost_now', '0.00'),
           'scheduled', %(now)s, '', %(actor)s, '', true, 0
      FROM ({MOVERS}) m
      JOIN tariffs_planversion v ON v.id = %(plan_version_id)s
      JOIN tariffs_plan p ON p.id = v.plan_id
     ORDER BY m.account_id, m.subscription_id
    ON CONFLICT DO NOTHING
    RETURNING id
"""

EVENTS: Final = """
    SELECT c.account_id, a.customer_id, c.subscription_id, c.requested_at,
           jsonb_build_object('change_id', c.id, 'plan_version_id', c.plan_version_id,
               'effective_on', c.effective_on, 'quote', c.quote, 'reason', %(reason)s::text)
      FROM invoicing_planchange c JOIN accounts_account a ON a.id = c.account_id
     WHERE c.id = ANY(%(ids)s)
"""


class UnableToMove(Exception):
    """The version moves nobody: it isn't published, or its subscribers' versions are kept."""


@transaction.atomic
def move_to_new_version(
    *,
    plan_version_id: int,
    business_date: date,
    now: datetime,
    actor: str,
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Schedule the change for everyone who has an earlier version of the plan; return for how many.

    Nobody is moved earlier than the version says, nor before its days of notice have passed since
    `business_date`. Whoever has a change of their own scheduled, or was told of this move before,
    is left alone: it may be run every night. Writes `plan.change_scheduled` for each.
    """
    version = tariffs_queries.get_plan_version(plan_version_id)
    move = tariffs_queries.find_move(version)
    if version.published_at is None or not move.former_ids:
        raise UnableToMove(_("This version moves nobody."))
    values: dict[str, Any] = {
        "plan_version_id": plan_version_id,
        "former_ids": list(move.former_ids),
        "earliest_on": max(move.earliest_on, business_date + timedelta(days=move.notice_days)),
        "is_renewal": move.is_renewal,
        "account_from": account_from,
        "account_to": account_to,
        "now": now,
        "actor": actor,
    }
    with connection.cursor() as cursor:
        cursor.execute(SCHEDULE, values)
        ids = [row[0] for row in cursor.fetchall()]
    if ids:
        record_events(
            kind="plan.change_scheduled",
            source_sql=EVENTS,
            params={"ids": ids, "reason": _("A new version of the plan.")},
            actor=actor,
        )
    return len(ids)


def announce_moves(*, business_date: date, now: datetime, actor: str) -> int:
    """Schedule whoever is to be moved by any version; return how many, 0 the second time."""
    return sum(
        move_to_new_version(
            plan_version_id=due.plan_version_id, business_date=business_date, now=now, actor=actor
        )
        for due in tariffs_queries.list_moves_due(on=business_date)
    )
