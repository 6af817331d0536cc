"""
The page of a bill that explains its usage: the dearest records step by step, what was free, and
what was taken out of included volumes.

It reads the records in force when it is printed: a record priced again later explains itself by
its new price, and what that changed stands on a later bill.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_project.kernel.money import ZERO
from invoicing.domain import wording
from invoicing.domain.charges import USAGE_TITLES
from invoicing.models import Bill
from rating import queries as rating_queries
from rating.models import AllowanceUse, PricedUsage
from rating.queries import telling
from rating.queries.usage import Explanation, in_force
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import UsageKind
from tariffs.models import Allowance

#: Records told step by step: those that cost most.
DEAREST: Final = 12
#: Kinds of usage by the words a bill has for them: (Russian, English, unit).
TITLES: Final = {
    UsageKind(int(kind) - 9): words
    for kind, words in USAGE_TITLES.items()
    if int(kind) - 9 in set(UsageKind)
}


@dataclass(frozen=True, slots=True)
class PaperWords:
    """How paper writes money and volumes in an explanation."""

    language: str
    currency: str

    def price(self, amount: Decimal) -> str:
        """Write an amount with as many decimals as it has."""
        return wording.price(amount, language=self.language, currency=self.currency)

    def quantity(self, kind: str, units: int) -> str:
        """Write seconds, messages or bytes."""
        unit = TITLES[UsageKind.from_code(kind)][2]
        return wording.quantity(units, unit=unit, language=self.language)

    def unit_price(self, kind: str, amount: Decimal, unit: int) -> str:
        """Write a price per minute, message or megabyte."""
        values = {"price": self.price(amount), "unit": self.quantity(kind, unit)}
        if kind == "voice" and unit == 60:
            return _("%(price)s a minute") % values
        if kind == "sms" and unit == 1:
            return _("%(price)s a message") % values
        if unit == wording.MIB:
            return _("%(price)s a megabyte") % values
        return _("%(price)s for %(unit)s") % values


def explain_bill(bill: Bill, *, language: str) -> dict[str, Any] | None:
    """
    Return what the page shows, in the language that is switched on; None if no usage was recorded.

    {"records": [{"title", "when", "steps", "amount"}], "free": [{"title", "count", "quantity"}],
    "volumes": [{"title", "taken"}], "words"}.
    """
    words = PaperWords(language, bill.currency)
    rows = _usage(bill)
    records = list(_records(rows, words=words))
    free = list(_free(rows, language=language))
    volumes = list(_volumes(bill, words=words))
    if not (records or free or volumes):
        return None
    return {
        "records": records,
        "free": free,
        "volumes": volumes,
        "words": {
            "title": _("How usage was charged"),
            "note": _("By the records of the network as they were priced when this was printed."),
            "records": _("What cost most"),
            "free": _("What cost nothing"),
            "volumes": _("Included volumes"),
        },
    }


def _usage(bill: Bill) -> Any:
    """Return the priced rows in force of the bill's period."""
    rows = PricedUsage.objects.filter(
        account_id=bill.account_id,
        started_at__gte=_midnight(bill.period_start),
        started_at__lt=_midnight(bill.period_end),
    )
    return in_force(rows)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _records(rows: Any, *, words: PaperWords) -> Iterator[dict[str, Any]]:
    """Yield the records that cost most, each with the steps of its price."""
    order = ("-amount", "started_at", "source_id", "record_key")
    dearest = list(rows.filter(amount__gt=ZERO).order_by(*order)[:DEAREST])
    zones = tariffs_queries.zone_names(language=words.language)
    for told in rating_queries.explain_usage(dearest):
        usage = told.usage
        number = wording.phone(str(usage.other_number)) if usage.other_number else ""
        kind = TITLES[UsageKind(usage.kind)][words.language == "en"]
        moment = timezone.localtime(usage.started_at)
        day = wording.day(moment.date(), language=words.language)
        yield {
            "title": ", ".join(filter(None, (kind, zones.get(usage.zone_id, ""), number))),
            "when": f"{day}, {moment:%H:%M}",
            "steps": _steps(told, words=words),
            "amount": wording.money(usage.amount, language=words.language, currency=words.currency),
        }


def _steps(told: Explanation, *, words: PaperWords) -> list[str]:
    if not told.agrees:
        return [_("Priced by the terms that were in force then.")]
    steps = telling.tell(
        told.priced,
        kind=UsageKind(told.usage.kind),
        quantity=told.usage.quantity,
        deck=told.deck,
        names=telling.Names(),
        words=words,
    )
    return [step.text for step in steps]


def _free(rows: Any, *, language: str) -> Iterator[dict[str, Any]]:
    """Yield what cost nothing, by kind and zone."""
    sums = (
        rows.filter(amount=ZERO)
        .values("kind", "zone_id")
        .annotate(count=Count("*"), total=Sum("quantity"))
        .order_by("kind", "-total", "zone_id")
    )
    zones = tariffs_queries.zone_names(language=language)
    for row in sums:
        ru, en, unit = TITLES[UsageKind(row["kind"])]
        named = ru if language == "ru" else en, zones.get(row["zone_id"], "")
        yield {
            "title": ": ".join(filter(None, named)),
            "count": row["count"],
            "quantity": wording.quantity(row["total"], unit=unit, language=language),
        }


def _volumes(bill: Bill, *, words: PaperWords) -> Iterator[dict[str, str]]:
    """Yield the included volumes of the bill's period, each with what was taken of it."""
    uses = AllowanceUse.objects.filter(
        account_id=bill.account_id,
        period__gte=_as_number(bill.period_start),
        period__lt=_as_number(bill.period_end),
    )
    granted: dict[int, int] = defaultdict(int)
    used: dict[int, int] = defaultdict(int)
    for use in uses:
        # What was carried to the next period had been granted in this one all the same.
        granted[use.allowance_id] += use.granted + max(use.carried, 0)
        used[use.allowance_id] += use.used
    for row in _allowances(sorted(granted)):
        ru, en, _unit = TITLES[UsageKind.from_code(row.usage_kind)]
        yield {
            "title": _named(row, ru if words.language == "ru" else en, language=words.language),
            "taken": _("%(used)s taken of %(granted)s")
            % {
                "used": _volume(row, used[row.pk], words=words),
                "granted": _volume(row, granted[row.pk], words=words),
            },
        }


def _allowances(ids: Sequence[int]) -> list[Allowance]:
    rows = Allowance.objects.filter(pk__in=ids).order_by("pk")
    return list(rows.select_related("plan_version__plan", "package_version__package"))


def _named(row: Allowance, kind: str, *, language: str) -> str:
    """Return «Звонки, «Компас»»: what is included, and where it comes from."""
    if row.plan_version is not None:
        offer: Any = row.plan_version.plan
    elif row.package_version is not None:
        offer = row.package_version.package
    else:
        return kind
    return f"{kind}, «{offer.name_ru}»" if language == "ru" else f"{kind}, “{offer.name_en}”"


def _volume(row: Allowance, amount: int, *, words: PaperWords) -> str:
    if row.is_money:
        return words.price(Decimal(amount) / 100)
    return words.quantity(row.usage_kind, amount)


def _as_number(day: date) -> int:
    return day.year * 10000 + day.month * 100 + day.day
