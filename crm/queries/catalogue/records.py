"""
Calls, messages and sessions of an account, each with why it cost what it did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from accounts.models import Account
from crm.queries.catalogue import words
from crm.queries.catalogue.preview import CrmWords, band_names
from rating import queries as rating_queries
from rating.models import PricedUsage
from rating.queries import Explanation, telling
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind

PAGE: Final = 40

Key = tuple[datetime, int, int, int]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record in words; no steps if today's computation doesn't explain its amount."""

    started_at: datetime
    what: str
    number: str
    zone: str
    quantity: str
    amount: Decimal
    is_included: bool
    steps: tuple[telling.Step, ...]


def find_account(account_id: int) -> Account | None:
    """Return an account with its customer."""
    rows = Account.objects.filter(pk=account_id).select_related("contract__customer")
    return rows.first()


def list_records(account_id: int, *, before: Key | None = None) -> tuple[list[RecordView], str]:
    """Return a page of records, the newest first, and the key of the next page."""
    rows = rating_queries.list_usage(account_id=account_id, before=before, limit=PAGE)
    names = tariffs_queries.zone_names(language="ru" if words.is_russian() else "en")
    bands = {pk: band_names(pk) for pk in {row.deck_version_id for row in rows}}
    views = [
        _view(answer, zone=names.get(answer.usage.zone_id, ""), bands=bands)
        for answer in (rating_queries.explain_usage(rows) if rows else [])
    ]
    return views, _key(rows) if len(rows) == PAGE else ""


def _view(answer: Explanation, *, zone: str, bands: dict[int, dict[str, str]]) -> RecordView:
    row, kind = answer.usage, UsageKind(answer.usage.kind)
    steps: list[telling.Step] = []
    if answer.agrees:
        steps = telling.tell(
            answer.priced,
            kind=kind,
            quantity=row.quantity,
            deck=answer.deck,
            names=telling.Names(zone=zone, bands=bands[row.deck_version_id]),
            words=CrmWords(),
        )
    return RecordView(
        started_at=row.started_at,
        what=str(words.KINDS[kind.code]),
        number=str(row.other_number) if row.other_number else "",
        zone=zone,
        quantity=words.quantity(kind.code, row.quantity),
        amount=row.amount,
        is_included=row.allowance_used > 0,
        steps=tuple(steps),
    )


def _key(rows: Sequence[PricedUsage]) -> str:
    started_at, *numbers = rating_queries.key_of(rows[-1])
    return "~".join([started_at.isoformat(), *map(str, numbers)])


def read_key(text: str) -> Key | None:
    """Return the key that a page's address carries; None for anything else."""
    try:
        started, source, record, revision = text.split("~")
        moment = datetime.fromisoformat(started)
        return (moment, int(source), int(record), int(revision)) if moment.tzinfo else None
    except ValueError:
        return None
