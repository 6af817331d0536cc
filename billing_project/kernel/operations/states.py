"""
The one writer of states (decision B4): a guarded update and its fact row, for one or a million.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.utils.translation import gettext as _
from django_fsm import FSMField

from billing_project.kernel.sql import Params, bind, id_array

# Rows are locked in the order of their ids, so that two mass moves can't deadlock.
MOVE: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT t.id, t.{field} AS old, {account} AS account_id FROM {table} t
         WHERE {chosen} AND t.{field} = ANY(%s)
         ORDER BY t.id FOR NO KEY UPDATE
    ), moved AS (
        UPDATE {table} t SET {field} = %s FROM wanted w WHERE t.id = w.id
        RETURNING t.id, w.old, w.account_id
    ), facts AS (
        INSERT INTO kernel_statechange
            (model, object_id, account_id, old, new, changed_at, actor, on_behalf_of, reason)
        SELECT %s, id, account_id, old, %s, %s, %s, %s, %s FROM moved ORDER BY id
    )
    SELECT id FROM moved ORDER BY id
"""


class UnableToChangeState(Exception):
    """The graph of states knows no way to the state asked for."""


def change_state(
    *,
    model: type[models.Model],
    to: str,
    at: datetime,
    actor: str,
    ids: Iterable[int] | None = None,
    ids_sql: str = "",
    params: Params = None,
    on_behalf_of: str = "",
    reason: str = "",
    field: str = "state",
) -> list[int]:
    """
    Move rows to the state `to`; return the ids that moved.

    Rows that are in a state from which the graph has no move to `to` stay as they are: compare
    the answer with what you asked. Give `ids`, or `ids_sql` (a select of one column) with `params`.
    """
    sources = allowed_sources(model, to, field=field)
    with connection.cursor() as cursor:
        if ids is None:
            chosen = f"t.id IN ({bind(cursor, ids_sql, params)})"
        else:
            # As an array: joined with the few rows that are thought to be in the old state, ten
            # thousand ids have been looked up ten thousand times.
            chosen = bind(cursor, "t.id = ANY(%s::bigint[])", [id_array(ids)])
        statement = MOVE.format(
            field=connection.ops.quote_name(field),
            table=connection.ops.quote_name(model._meta.db_table),
            account=_account_column(model),
            chosen=chosen,
        )
        facts: list[Any] = [model._meta.label_lower, to, at, actor, on_behalf_of, reason]
        cursor.execute(statement, [sources, to, *facts])
        return [row[0] for row in cursor.fetchall()]


def allowed_sources(model: type[models.Model], to: str, *, field: str = "state") -> list[str]:
    """
    Return the states from which the model's graph has a move to `to`.

    The graph is the FSM field's transitions, or `model.MOVES`: new state -> old states.
    """
    column = model._meta.get_field(field)
    if isinstance(column, FSMField):
        moves = column.get_all_transitions(model)
        sources = sorted({str(move.source) for move in moves if str(move.target) == str(to)})
    else:
        sources = sorted(str(old) for old in getattr(model, "MOVES", {}).get(to, ()))
    if not sources:
        message = _("%(model)s has no move to the state “%(state)s”.")
        raise UnableToChangeState(message % {"model": model._meta.label, "state": to})
    return sources


def _account_column(model: type[models.Model]) -> str:
    for name in ("account", "account_id"):
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        return "coalesce(t.account_id, 0)"
    return "0"
