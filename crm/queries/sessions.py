"""
Online sessions as people look at them: whose, what is used, what is reserved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts import queries as accounts_queries
from accounts.models import Account
from invoicing.domain.wording import quantity
from rating.models import ChargingSession
from rating.queries import charging
from tariffs.domain.deck import UsageKind

PAGE: Final = 50
UNIT_OF: Final = {
    UsageKind.VOICE: "second",
    UsageKind.SMS: "message",
    UsageKind.DATA: "byte",
    UsageKind.SESSION: "byte",
}


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with its account, what is used as people write it, and whether it is overdue."""

    session: ChargingSession
    account: Account
    used: str
    granted: str
    is_late: bool


def list_sessions(
    *, account_number: str = "", before: int | None = None, now: datetime, language: str
) -> list[SessionView]:
    """List sessions that run or hold money, newest first; of one account if its number is given."""
    ids: Sequence[int] | None = None
    if account_number:
        account = accounts_queries.find_account(account_number)
        ids = [account.pk] if account else []
    found = charging.list_sessions(account_ids=ids, before=before, limit=PAGE)
    accounts = Account.objects.in_bulk({session.account_id for session in found})
    return [
        SessionView(
            session=session,
            account=accounts[session.account_id],
            used=_units(session.kind, session.used, language),
            granted=_units(session.kind, session.granted, language),
            is_late=session.ended_at is None and session.expires_at < now,
        )
        for session in found
    ]


def _units(kind: int, units: int, language: str) -> str:
    return quantity(units, unit=UNIT_OF[UsageKind(kind)], language=language)


def find_session(session_id: int) -> ChargingSession | None:
    """Find a session."""
    return ChargingSession.objects.filter(pk=session_id).first()
