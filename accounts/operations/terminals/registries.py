"""
Daily registries of terminals, laid beside what we have, line by line, set-based.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from accounts.domain.notices import AccountBy
from accounts.formats.terminal_registry import Layout, Line, read_registry
from accounts.models.terminals import Terminal, TerminalRegistry
from accounts.operations.intake import (
    ReceivedMany,
    receive_many,
    refresh_after,
    settle_waiting,
)

COPY: Final = """
    COPY accounts_terminalregistryline
        (registry_id, place, external_id, amount, account_hint, account_key, paid_at, outcome)
    FROM STDIN WITH (FORMAT csv, NULL '\\N')
"""
COMPARE: Final = """
    WITH compared AS (
        SELECT l.id, n.id AS notice_id, CASE
                 WHEN n.id IS NULL THEN 'missing_here'
                 WHEN (n.amount, n.account_key) <> (l.amount, l.account_key) THEN 'differs'
                 WHEN n.state = 'unassigned' OR (n.state = 'credited' AND p.state = 'posted')
                      THEN 'matched'
                 ELSE 'not_credited' END AS outcome
          FROM accounts_terminalregistryline l
          LEFT JOIN accounts_paymentnotice n
            ON n.gateway = %(gateway)s AND n.external_id = l.external_id AND n.what = 'payment'
          LEFT JOIN accounts_payment p ON p.id = n.payment_id
         WHERE l.registry_id = %(registry_id)s AND l.place > 0
    )
    UPDATE accounts_terminalregistryline l SET outcome = c.outcome, notice_id = c.notice_id
      FROM compared c
     WHERE l.id = c.id AND (l.outcome, l.notice_id) IS DISTINCT FROM (c.outcome, c.notice_id)
"""
# Refused and cancelled payments are rightly not in the registry.
_STANDING: Final = """
    n.gateway = %(gateway)s AND n.business_date = %(on)s AND n.what = 'payment'
    AND (n.state = 'unassigned' OR (n.state = 'credited' AND p.state = 'posted'))
"""
FORGET_MISSING_THERE: Final = f"""
    DELETE FROM accounts_terminalregistryline l
     WHERE l.registry_id = %(registry_id)s AND l.place = 0
       AND NOT EXISTS (SELECT 1 FROM accounts_paymentnotice n
            LEFT JOIN accounts_payment p ON p.id = n.payment_id
            WHERE n.id = l.notice_id AND {_STANDING})
"""
NOTE_MISSING_THERE: Final = f"""
    INSERT INTO accounts_terminalregistryline (registry_id, place, external_id, amount,
        account_hint, account_key, paid_at, outcome, notice_id)
    SELECT %(registry_id)s, 0, n.external_id, n.amount, n.account_hint, n.account_key, n.paid_at,
           'missing_there', n.id
      FROM accounts_paymentnotice n LEFT JOIN accounts_payment p ON p.id = n.payment_id
     WHERE {_STANDING}
       AND NOT EXISTS (SELECT 1 FROM accounts_terminalregistryline l
            WHERE l.registry_id = %(registry_id)s AND l.external_id = n.external_id)
     ORDER BY n.id
"""
MISSING_HERE: Final = """
    SELECT %(gateway)s, l.external_id, l.amount, 'RUB', l.account_hint, %(by)s, l.account_key,
           l.paid_at, %(on)s::date, '', concat_ws(';', %(file)s, l.place, l.external_id, l.paid_at,
           l.account_hint, l.amount)
      FROM accounts_terminalregistryline l
     WHERE l.registry_id = %(registry_id)s AND l.outcome = 'missing_here'
"""


def receive_registry(
    *, terminal_id: int, on: date, data: bytes, file_name: str, now: datetime, actor: str
) -> TerminalRegistry:
    """
    Store a day's registry and lay it beside what we have; the same file again changes nothing.

    Raises UnreadableRegistry (of `formats.terminal_registry`) with its faults; nothing is stored
    then. Where the terminal's row says so, what is missing with us is taken in.
    """
    terminal = Terminal.objects.get(pk=terminal_id)
    digest = sha256(data).hexdigest()
    known = {"terminal": terminal, "business_date": on, "sha256": digest}
    registry = TerminalRegistry.objects.filter(**known).first()
    if registry is None:
        layout = Layout(
            columns=terminal.columns,
            by=AccountBy(terminal.account_by),
            on=on,
            zone=timezone.get_default_timezone(),
        )
        lines = read_registry(data, layout)
        draft = TerminalRegistry(
            **known, data=data, file_name=file_name[:200], received_at=now, actor=actor
        )
        registry = _store(draft, lines)
        refresh_after(len(lines))
    # What was stored a moment ago is not missing.
    settle_waiting(now=now, actor="system:intake")
    compare_registry(registry_id=registry.pk)
    if terminal.takes_missing:
        take_missing(registry_id=registry.pk, now=now, actor=actor)
    return registry


@transaction.atomic
def _store(draft: TerminalRegistry, lines: Iterable[Line]) -> TerminalRegistry:
    registry, is_new = TerminalRegistry.objects.get_or_create(
        terminal=draft.terminal,
        business_date=draft.business_date,
        sha256=draft.sha256,
        defaults={
            "data": draft.data,
            "file_name": draft.file_name,
            "received_at": draft.received_at,
            "actor": draft.actor,
        },
    )
    if is_new:
        _copy(registry.pk, lines)
    return registry


def _copy(registry_id: int, lines: Iterable[Line]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    for line in lines:
        written = (line.place, line.txn_id, line.amount, line.account, line.key)
        writer.writerow((registry_id, *written, line.paid_at.isoformat(), "missing_here"))
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(COPY, text)


@transaction.atomic
def compare_registry(*, registry_id: int) -> None:
    """Lay a registry beside what we have now; again: no change."""
    # Two at once would note what is missing there twice.
    registry = TerminalRegistry.objects.select_for_update(no_key=True).get(pk=registry_id)
    values: dict[str, int | str | date] = {
        "registry_id": registry_id,
        "gateway": registry.terminal.gateway,
        "on": registry.business_date,
    }
    with connection.cursor() as cursor:
        for statement in (COMPARE, FORGET_MISSING_THERE, NOTE_MISSING_THERE):
            cursor.execute(statement, values)


def take_missing(*, registry_id: int, now: datetime, actor: str) -> ReceivedMany:
    """
    Take in the payments that only the registry has, each once; doubtful ones wait for a person.
    """
    registry = TerminalRegistry.objects.select_related("terminal").get(pk=registry_id)
    values = {
        "registry_id": registry_id,
        "gateway": registry.terminal.gateway,
        "by": registry.terminal.account_by,
        "on": registry.business_date,
        "file": registry.file_name,
    }
    done = receive_many(source_sql=MISSING_HERE, params=values, now=now, actor=actor)
    compare_registry(registry_id=registry_id)
    return done
