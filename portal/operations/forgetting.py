"""
Old tries to sign in and codes, forgotten: people's addresses are kept no longer than of use.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

#: Tries are kept so long for the audit; limits look at minutes.
ATTEMPTS_KEPT: Final = timedelta(days=90)
#: Codes end within minutes; kept while somebody may ask why one didn't work.
CODES_KEPT: Final = timedelta(days=7)
#: Rows of one statement: a table left alone for years is cleaned in short transactions.
PORTION: Final = 10_000

FORGET: Final = """
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE {moment} < %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows went."""

    attempts: int
    codes: int


def forget_sign_ins(*, now: datetime) -> Forgotten:
    """Delete tries and codes that are old, a portion per transaction; again: nothing more."""
    return Forgotten(
        attempts=_forget("portal_signinattempt", "tried_at", before=now - ATTEMPTS_KEPT),
        codes=_forget("portal_onetimecode", "created_at", before=now - CODES_KEPT),
    )


def _forget(table: str, moment: str, *, before: datetime) -> int:
    statement = FORGET.format(table=table, moment=moment)
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [before, PORTION])
            gone: int = cursor.rowcount
        total += gone
        if gone < PORTION:
            return total
