"""
The set-up of an empty installation, in one transaction: all of it or nothing.
"""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts_operations
from accounts.domain.identifiers import UnreadablePhone
from accounts.models import LegalEntity
from crm.domain.installation import FirstPlan, Installation, NumberRange
from crm.queries import installation as installation_queries
from invoicing.models import NumberSeries
from rating.models import UsageSource
from tariffs import operations as tariffs_operations
from tariffs import queries as tariffs_queries
from tariffs.domain.drafts import AllowanceDraft, BandDraft, RateDraft, TermsDraft
from tariffs.domain.world import UnableToNameHomeRegion
from tariffs.models import Holiday, RateDeck, TaxRate

#: Any time; the operator refines it later in a new version of the deck.
ALWAYS: Final = BandDraft(code="always", name_ru="круглосуточно", name_en="round the clock")
_PER_MINUTE: Final = TermsDraft()
_PER_MESSAGE: Final = TermsDraft(first_increment=1, next_increment=1)
#: A key of ours among PostgreSQL's advisory locks: one set-up at a time.
_LOCK: Final = 7_001


class UnableToSetUp(Exception):
    """The installation is set up already, or something on the page can't be."""


@transaction.atomic
def set_up(*, installation: Installation, on: date, now: datetime) -> LegalEntity:
    """Write the legal entity, tax, calendar, numbering, zones, numbers, first plan and source."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if installation_queries.is_set_up():
        raise UnableToSetUp(_("This installation is set up already."))
    tariffs_operations.ensure_reference_data()
    _write_zones(installation)
    _write_tax(installation.plan.tax_category, installation.tax_percent, on=on)
    Holiday.objects.bulk_create(
        [Holiday(day=day, name=name) for day, name in installation.holidays],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["name"],
    )
    for numbers in installation.numbers:
        _write_numbers(numbers)
    _write_plan(installation, on=on, now=now)
    UsageSource.objects.create(**asdict(installation.source), time_zone=installation.time_zone)
    entity = LegalEntity.objects.create(**asdict(installation.company), is_default=True)
    NumberSeries.objects.create(legal_entity=entity, year=on.year, prefix=installation.bill_prefix)
    return entity


def _write_zones(installation: Installation) -> None:
    own = tuple(_common_prefix(numbers) for numbers in installation.numbers)
    try:
        tariffs_operations.ensure_world_zones(
            home_region=installation.home_region, own_prefixes=own
        )
    except UnableToNameHomeRegion as error:
        message = _("No Russian region has the code “%(code)s”.")
        raise UnableToSetUp(message % {"code": installation.home_region}) from error


def _common_prefix(numbers: NumberRange) -> str:
    """Return the digits in common, so that calls among own numbers are local."""
    pairs = zip(numbers.first, numbers.last, strict=True)
    same = next((at for at, (low, high) in enumerate(pairs) if low != high), len(numbers.first))
    return numbers.first[:same]


def _write_tax(category: str, percent: Decimal, *, on: date) -> None:
    """Change the rate in force from today on, if the operator's is another."""
    try:
        in_force = tariffs_queries.get_tax_percent(category=category, on=on)
    except tariffs_queries.UnknownTaxRate:
        TaxRate.objects.create(category=category, percent=percent, valid_from=date(2000, 1, 1))
        return
    if in_force == percent:
        return
    later = TaxRate.objects.filter(category=category, valid_from__gt=on)
    current = TaxRate.objects.filter(category=category, valid_from__lte=on).latest("valid_from")
    if current.valid_from == on:
        TaxRate.objects.filter(pk=current.pk).update(percent=percent)
        return
    ends = later.order_by("valid_from").values_list("valid_from", flat=True).first()
    TaxRate.objects.filter(pk=current.pk).update(valid_to=on)
    TaxRate.objects.create(category=category, percent=percent, valid_from=on, valid_to=ends)


def _write_numbers(numbers: NumberRange) -> None:
    try:
        accounts_operations.add_pool_range(
            kind=numbers.kind, first=f"+{numbers.first}", last=f"+{numbers.last}"
        )
    except (accounts_operations.UnableToAddNumbers, UnreadablePhone) as error:
        message = _("%(first)s – %(last)s is no range of telephone numbers.")
        values = {"first": numbers.first, "last": numbers.last}
        raise UnableToSetUp(message % values) from error


def _write_plan(installation: Installation, *, on: date, now: datetime) -> None:
    plan = installation.plan
    decks = {"voice": _voice_deck(installation, on=on, now=now)}
    if plan.service == "mobile":
        decks["sms"] = _sms_deck(installation, on=on, now=now)
    allowances = [AllowanceDraft("voice", plan.minutes * 60)] if plan.minutes else []
    created = tariffs_operations.create_plan(
        code=plan.code,
        name_ru=plan.name_ru,
        name_en=plan.name_en,
        service=plan.service,
        account_kind=plan.account_kind,
        audience="all",
    )
    version = tariffs_operations.draft_plan_version(
        plan=created,
        fee=plan.fee,
        on_sale_from=on.replace(day=1),
        decks=decks,
        allowances=allowances,
        tax_category=plan.tax_category,
    )
    tariffs_operations.publish_plan_version(version_id=version.pk, now=now)


def _voice_deck(installation: Installation, *, on: date, now: datetime) -> RateDeck:
    prices = {
        "local": installation.plan.local_price,
        "long_distance": installation.plan.long_distance_price,
        "international": installation.plan.international_price,
        "free": Decimal(0),
    }
    rates = [
        RateDraft(ALWAYS.code, price, zone_class=zone_class) for zone_class, price in prices.items()
    ]
    return _publish_deck(installation, "voice", rates, on=on, now=now)


def _sms_deck(installation: Installation, *, on: date, now: datetime) -> RateDeck:
    rates = [RateDraft(ALWAYS.code, installation.plan.sms_price, unit=1)]
    return _publish_deck(installation, "sms", rates, on=on, now=now)


def _publish_deck(
    installation: Installation, kind: str, rates: list[RateDraft], *, on: date, now: datetime
) -> RateDeck:
    plan: FirstPlan = installation.plan
    deck = tariffs_operations.create_deck(
        code=f"{plan.code}-{kind}"[:40], name=f"{plan.name_ru}: {kind}"[:120], usage_kind=kind
    )
    version = tariffs_operations.draft_deck_version(
        deck=deck,
        # Files of the days before the set-up may still come in.
        valid_from=_start_of_last_month(on),
        bands=[ALWAYS],
        rates=rates,
        time_zone=installation.time_zone,
        terms=[_PER_MESSAGE if kind == "sms" else _PER_MINUTE],
    )
    tariffs_operations.publish_deck_version(version_id=version.pk, now=now)
    return deck


def _start_of_last_month(on: date) -> date:
    return date(on.year - (on.month == 1), (on.month - 2) % 12 + 1, 1)
