"""
Call detail (детализация): each call, message and session of a month.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import IdentifierUse
from billing_project.kernel.periods import add_months
from portal.queries.explanations import explain
from portal.queries.people import AccountChoice
from portal.queries.words import USAGE, say_quantity
from rating import queries as rating_queries
from rating.models import PricedUsage
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind

PAGE = 30
#: How many months back the filter offers.
MONTHS = 12


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """What the subscriber asked to see; `before` is the key of the last row seen."""

    month: date
    subscription_id: int | None
    before: str


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One record in words; `lines` say why it cost what it did."""

    started_at: datetime
    title: str
    other: str
    zone: str
    about: str
    quantity: str
    amount: Decimal
    is_included: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A page of call detail with its filter."""

    month: date
    months: tuple[date, ...]
    services: tuple[tuple[int, str], ...]
    subscription_id: int | None
    rows: tuple[UsageRow, ...]
    next_key: str


def get_usage_page(account: AccountChoice, *, chosen: UsageFilter, now: datetime) -> UsagePage:
    """Return a page of the month's records, newest first, with their zones' names."""
    services = _services(account.id)
    rows = _list_rows(account.id, chosen=chosen)
    reasons = explain(rows, currency=account.currency)
    zones = tariffs_queries.zone_names(language=(get_language() or "ru")[:2]) if rows else {}
    titles = dict(services)
    return UsagePage(
        month=chosen.month,
        months=_months(timezone.localdate(now)),
        services=services,
        subscription_id=chosen.subscription_id,
        rows=tuple(
            _view(row, zones=zones, titles=titles, lines=lines)
            for row, lines in zip(rows, reasons, strict=True)
        ),
        next_key=_key(rows[-1]) if len(rows) == PAGE else "",
    )


def _list_rows(account_id: int, *, chosen: UsageFilter) -> list[PricedUsage]:
    return rating_queries.list_usage(
        account_id=account_id,
        subscription_id=chosen.subscription_id,
        first=_start(chosen.month),
        end=_start(add_months(chosen.month, 1)),
        before=_read_key(chosen.before),
        limit=PAGE,
    )


def _view(
    row: PricedUsage, *, zones: dict[int, str], titles: dict[int, str], lines: tuple[str, ...]
) -> UsageRow:
    kind = UsageKind(row.kind)
    return UsageRow(
        started_at=row.started_at,
        title=str(USAGE[kind.code]),
        other=str(row.other_number) if row.other_number else "",
        zone=zones.get(row.zone_id, ""),
        about=titles.get(row.subscription_id, ""),
        quantity=say_quantity(kind.code, row.quantity),
        amount=row.amount,
        is_included=row.allowance_used > 0,
        lines=lines if row.amount or row.allowance_used else (),
    )


def _services(account_id: int) -> tuple[tuple[int, str], ...]:
    """Return the account's services with the number or login each had last."""
    uses = IdentifierUse.objects.filter(account_id=account_id).order_by("subscription_id", "-pk")
    last = uses.distinct("subscription_id")
    return tuple(last.values_list("subscription_id", "value"))


def _months(on: date) -> tuple[date, ...]:
    first = on.replace(day=1)
    return tuple(add_months(first, -back) for back in range(MONTHS))


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _key(row: PricedUsage) -> str:
    started_at, *numbers = rating_queries.key_of(row)
    return "~".join([started_at.isoformat(), *map(str, numbers)])


def _read_key(text: str) -> tuple[datetime, int, int, int] | None:
    try:
        started, source, record, revision = text.split("~")
        moment = datetime.fromisoformat(started)
        return (moment, int(source), int(record), int(revision)) if moment.tzinfo else None
    except ValueError:
        return None
