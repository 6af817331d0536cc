"""
Why a record cost what it did, in sentences: how much was counted, at which price, from which package.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from rating.models import PricedUsage
from rating.queries import Explanation, telling
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
    if not answer.agrees:
        yield _("Priced by the terms that were in force then.")
        return
    version_id = answer.usage.deck_version_id
    names = telling.Names(
        bands={band: name for (deck, band), name in bands.items() if deck == version_id}
    )
    steps = telling.tell(
        answer.priced,
        kind=UsageKind(answer.usage.kind),
        quantity=answer.usage.quantity,
        deck=answer.deck,
        names=names,
        words=PortalWords(currency),
    )
    for step in steps:
        yield step.text


@dataclass(frozen=True, slots=True)
class PortalWords:
    """How the portal writes money and volumes in an explanation."""

    currency: str

    def price(self, amount: Decimal) -> str:
        """Write a price; those with parts of a kopeck keep them."""
        return _price(amount, self.currency)

    def quantity(self, kind: str, units: int) -> str:
        """Write seconds, messages or bytes."""
        return say_quantity(kind, units)

    def unit_price(self, kind: str, amount: Decimal, unit: int) -> str:
        """Write a price per minute, message or megabyte."""
        values = {"price": self.price(amount), "unit": self.quantity(kind, unit)}
        if kind == "voice" and unit == 60:
            return _("%(price)s a minute") % values
        if kind == "sms" and unit == 1:
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
