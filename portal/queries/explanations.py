"""
Why a record cost what it did, in sentences: how much was counted, at which price, from which package.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.queries import Entry
from billing_project.kernel.money import round_money
from portal.domain import wording
from portal.queries.words import FEE_PERIODS, name_gateway, say_quantity
from rating import queries as rating_queries
from rating.domain.twin import Segment
from rating.models import PricedUsage
from rating.queries import Explanation
from tariffs.domain.deck import UsageKind
from tariffs.models import Band

MEBIBYTE = 1024 * 1024


def explain(rows: Sequence[PricedUsage], *, currency: str) -> list[tuple[str, ...]]:
    """Return the sentences of each record, in their order; none where nothing was counted."""
    if not rows:
        return []
    bands = _band_names({row.deck_version_id for row in rows})
    return [
        tuple(_sentences(answer, bands=bands, currency=currency))
        for answer in rating_queries.explain_usage(rows)
    ]


def explain_entry(entry: Entry, *, currency: str) -> tuple[str, ...]:
    """Return the sentences of a ledger entry that was not made from usage."""
    told = entry.explanation or {}
    if entry.kind in {Kind.FEE, Kind.FEE_CREDIT} and "period_start" in told:
        return (_explain_fee(told, currency=currency),)
    if entry.kind is Kind.PAYMENT and "gateway" in told:
        return (name_gateway(str(told["gateway"])),)
    return (str(told["reason"]),) if told.get("reason") else ()


def _explain_fee(told: dict[str, Any], *, currency: str) -> str:
    language = (get_language() or "ru")[:2]
    values = {
        "plan": told.get(f"plan_{language}") or told.get("plan", ""),
        "days": told.get("days", ""),
        "period": _period(told, language=language),
        "fee": "",
    }
    if told.get("fee"):
        values["fee"] = wording.format_money(
            Decimal(told["fee"]), currency=currency, language=language
        )
    unit = FEE_PERIODS.get(str(told.get("fee_period")), "")
    values["unit"] = str(unit)
    return _("Plan “%(plan)s”, %(fee)s %(unit)s; charged for %(days)s days, %(period)s.") % values


def _period(told: dict[str, Any], *, language: str) -> str:
    first = date.fromisoformat(told["period_start"])
    last = date.fromisoformat(told["period_end"]) - timedelta(days=1)
    days = [wording.day(one, language=language, today=last) for one in (first, last)]
    return days[0] if first == last else " – ".join(days)


def _sentences(
    answer: Explanation, *, bands: dict[tuple[int, str], str], currency: str
) -> Iterator[str]:
    kind = UsageKind(answer.usage.kind)
    if not answer.agrees:
        yield _("Priced by the terms that were in force then.")
        return
    if not answer.billed_units:
        yield _("Too short to be charged.")
    elif answer.billed_units != answer.usage.quantity:
        billed = say_quantity(kind.code, answer.billed_units)
        yield _("Counted as %(billed)s: the plan counts in whole steps.") % {"billed": billed}
    if answer.connection_fee:
        yield _("Connection: %(amount)s.") % {"amount": _price(answer.connection_fee, currency)}
    for segment in answer.segments:
        band = bands.get((answer.usage.deck_version_id, segment.band_code), "")
        yield _segment(segment, kind=kind, band=band, currency=currency)


def _segment(segment: Segment, *, kind: UsageKind, band: str, currency: str) -> str:
    values = {"used": say_quantity(kind.code, segment.units), "band": band}
    if segment.allowance_id is not None:
        return _("%(used)s from what the plan includes.") % values
    values["price"] = _unit_price(segment.price, unit=segment.unit, kind=kind, currency=currency)
    if band:
        return _("%(used)s at %(price)s, %(band)s.") % values
    return _("%(used)s at %(price)s.") % values


def _unit_price(price: Decimal, *, unit: int, kind: UsageKind, currency: str) -> str:
    values = {"price": _price(price, currency), "unit": say_quantity(kind.code, unit)}
    if kind is UsageKind.VOICE and unit == 60:
        return _("%(price)s a minute") % values
    if kind is UsageKind.SMS and unit == 1:
        return _("%(price)s a message") % values
    if unit == MEBIBYTE:
        return _("%(price)s a megabyte") % values
    return _("%(price)s for %(unit)s") % values


def _price(price: Decimal, currency: str) -> str:
    """Write a price; those with parts of a kopeck keep them."""
    language = (get_language() or "ru")[:2]
    if price == round_money(price):
        return wording.format_money(price, currency=currency, language=language)
    figures = f"{price.normalize():f}"
    symbol = wording.SYMBOLS.get(currency, currency)
    if language == "ru":
        return f"{figures.replace('.', ',')}{wording.NO_BREAK}{symbol}"
    return f"{symbol}{figures}"


def _band_names(deck_versions: set[int]) -> dict[tuple[int, str], str]:
    """Return the names of tariff times; where there is only one, it needs no name."""
    rows = list(Band.objects.filter(deck_version_id__in=deck_versions).order_by("pk"))
    is_english = get_language() == "en"
    counts: dict[int, int] = {}
    for row in rows:
        counts[row.deck_version_id] = counts.get(row.deck_version_id, 0) + 1
    return {
        (row.deck_version_id, row.code): row.name_en if is_english else row.name_ru
        for row in rows
        if counts[row.deck_version_id] > 1
    }
