"""
Loading a statement that was confirmed: its lines become notices of payments, set-based.
"""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import BankStatement
from accounts.operations.intake import receive_many
from accounts.queries import statements as queries
from billing_project.kernel import queue
from billing_project.kernel.operations import change_state

GATEWAY: Final = "bank"
ACTOR: Final = "system:bank"
#: The task that finishes what was confirmed.
TASK: Final = "payments.load_statements"
#: One confirmation, one end of loading at a time: each has to see the lines of the one before.
CONFIRM_LOCK: Final = 7_306_012

MARK_DUPLICATES: Final = """
    UPDATE accounts_bankstatementline l
       SET fate = 'duplicate'
     WHERE l.statement_id = %s AND l.fate <> 'duplicate'
       AND EXISTS (SELECT 1 FROM accounts_bankstatementline o
                     JOIN accounts_bankstatement s ON s.id = o.statement_id
                    WHERE o.external_id = l.external_id AND o.statement_id <> l.statement_id
                      AND s.state IN ('loading', 'loaded'))
"""
# The purpose is the comment; what else helps a person to find the payer is the message.
NOTICES: Final = """
    SELECT 'bank', l.external_id, l.amount, l.currency,
           CASE WHEN l.fate = 'credit' THEN a.number ELSE '' END,
           CASE WHEN l.fate = 'credit' THEN 'given' ELSE 'number' END,
           CASE WHEN l.fate = 'credit' THEN l.account_id::text ELSE '' END,
           l.credited_on::timestamp AT TIME ZONE %s, l.credited_on,
           l.purpose,
           concat_ws(E'\n', l.kind || ' ' || l.number || ' ' || l.issued_on, l.payer_name,
                     l.payer_inn, l.payer_account, l.purpose)
      FROM accounts_bankstatementline l LEFT JOIN accounts_account a ON a.id = l.account_id
     WHERE l.statement_id = %s AND l.fate <> 'duplicate'
"""
# A line that came before leads to what became of it then; so do the lines of statements that were
# loaded sooner and repeat what this one brings.
LINK: Final = """
    UPDATE accounts_bankstatementline l
       SET notice_id = n.id
      FROM (SELECT DISTINCT external_id FROM accounts_bankstatementline
             WHERE statement_id = %s) AS mine
      JOIN accounts_paymentnotice n
        ON n.gateway = 'bank' AND n.external_id = mine.external_id AND n.what = 'payment'
     WHERE l.external_id = mine.external_id AND l.notice_id IS NULL
       AND l.statement_id IN (SELECT id FROM accounts_bankstatement
                               WHERE state IN ('loading', 'loaded'))
"""


class UnableToLoadStatement(Exception):
    """It was set aside, or confirmed already."""


@transaction.atomic
def confirm_statement(*, statement_id: int, now: datetime, actor: str) -> BankStatement:
    """
    Let a received statement be loaded; `finish_statement` does it, and may be run again.

    What another statement brought meanwhile is marked as a duplicate. Confirmed before: the same
    answer. Raises UnableToLoadStatement if it was set aside.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CONFIRM_LOCK])
        moved = change_state(
            model=BankStatement,
            ids=[statement_id],
            to=BankStatement.State.LOADING,
            at=now,
            actor=actor,
        )
        if moved:
            rows = BankStatement.objects.filter(pk=statement_id)
            rows.update(confirmed_at=now, confirmed_by=actor)
            cursor.execute(MARK_DUPLICATES, [statement_id])
    queue.nudge(TASK)
    statement = BankStatement.objects.get(pk=statement_id)
    if statement.state == BankStatement.State.DISCARDED:
        raise UnableToLoadStatement(_("This statement was set aside: bring the file again."))
    return statement


def finish_statement(*, statement_id: int, now: datetime) -> bool:
    """
    Make notices of a confirmed statement's lines; may be killed anywhere and run again.

    Return whether it was this call that finished it. Stands in no transaction of the caller's.
    """
    statement = BankStatement.objects.get(pk=statement_id)
    if statement.state != BankStatement.State.LOADING:
        return False
    receive_many(
        source_sql=NOTICES,
        params=[settings.TIME_ZONE, statement_id],
        now=now,
        actor=statement.confirmed_by or ACTOR,
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CONFIRM_LOCK])
            cursor.execute(LINK, [statement_id])
        return bool(
            change_state(
                model=BankStatement,
                ids=[statement_id],
                to=BankStatement.State.LOADED,
                at=now,
                actor=ACTOR,
            )
        )


def finish_statements(*, now: datetime) -> int:
    """Finish every confirmed statement that was left half; return how many there were."""
    waiting = queries.list_unfinished()
    return sum(finish_statement(statement_id=each, now=now) for each in waiting)


def discard_statement(*, statement_id: int, now: datetime, actor: str) -> None:
    """Set a statement aside that was not confirmed; raises UnableToLoadStatement if it was."""
    moved = change_state(
        model=BankStatement,
        ids=[statement_id],
        to=BankStatement.State.DISCARDED,
        at=now,
        actor=actor,
    )
    if not moved:
        raise UnableToLoadStatement(_("This statement is not waiting any more."))
