"""
A small operator for measurements and for the tests of rating: catalogue, sources, subscribers.

The catalogue has what makes rating hard: bands over midnight and weekends, two kinds of increments,
connection fees, allowances shared by calls of one month, a zone without a price.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from django.core.management import call_command
from django.db import connection

from accounts import operations as accounts_operations
from accounts.domain.identifiers import subscriber_key
from accounts.models import (
    Account,
    Contract,
    Customer,
    IdentifierUse,
    LegalEntity,
    PlanAssignment,
    Subscription,
)
from bench import rows
from rating.models import UsageSource
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import AllowanceDraft, BandDraft, RateDraft, TermsDraft
from tariffs.models import PlanVersion, RateDeck, Zone, ZonePrefix

BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
MIB: Final = 1_048_576
FIRST_NUMBER: Final = 79_210_000_000
#: Every so many subscribers have an internet service too, its login `user<number>`.
LOGIN_EVERY: Final = 10
ROWS_AT_ONCE: Final = 10_000
#: Foreign prefixes are spread over so many zones.
FOREIGN_ZONES: Final = 300

ZONES: Final = {
    "home": ("local", ("7921", "7812")),
    "country": ("long_distance", ("7",)),
    "usa": ("international", ("1",)),
    "georgia": ("international", ("995",)),
    "help": ("free", ("112", "101")),
}
EVENING: Final = BandDraft("evening", "Вечер", "Evening", from_second=72_000, to_second=28_800)
DAY: Final = BandDraft("day", "День", "Day", from_second=28_800, to_second=72_000)
WEEKEND: Final = BandDraft("weekend", "Выходные", "Weekend", weekdays=(6, 7), priority=5)
ANY: Final = BandDraft("any", "Всегда", "Always")


@dataclass(frozen=True, slots=True)
class Operator:
    """What was made; subscriber i has the number FIRST_NUMBER + i."""

    sources: dict[str, UsageSource]
    accounts: list[Account]
    subscriptions: list[Subscription]
    mobile: PlanVersion
    internet: PlanVersion


def number_of(place: int) -> str:
    """Return the number of the subscriber at a place."""
    return str(FIRST_NUMBER + place)


def build_operator(*, subscribers: int, posted_from: datetime = BEGAN) -> Operator:
    """Make the operator; the services are active from `posted_from`."""
    sources = make_sources()
    mobile, internet = build_catalogue()
    make_people(subscribers, (mobile, internet), since=posted_from)
    accounts = list(Account.objects.order_by("number"))
    subscriptions = list(Subscription.objects.order_by("account__number", "-service"))
    return Operator(sources, accounts, subscriptions, mobile, internet)


def set_up(*, subscribers: int, prefixes: int) -> None:
    """Make the operator of a measurement: a large one in a minute, without objects in memory."""
    call_command("migrate", verbosity=0)
    make_sources()
    plans = build_catalogue(prefixes=prefixes)
    drop_exclusions()
    make_people(subscribers, plans)


def make_sources() -> dict[str, UsageSource]:
    """Make the two sources: a switch and Retel's own CSV."""
    return {
        code: UsageSource.objects.create(code=code, name=code, format=form)
        for code, form in (("msc-1", "asterisk"), ("csv-1", "retel_csv"))
    }


def foreign_prefixes(count: int) -> list[int]:
    """Return so many prefixes of three to six digits that no zone of the small world has."""
    digits = (range(200, 700), range(2_000, 7_000), range(20_000, 70_000), range(200_000, 700_000))
    return [prefix for some in digits for prefix in some][:count]


def build_catalogue(*, prefixes: int = 0) -> tuple[PlanVersion, PlanVersion]:
    """Make zones, decks and two plans: mobile and internet; and more foreign zones if wanted."""
    for code, (zone_class, digits) in ZONES.items():
        _zone(code, zone_class, digits)
    foreign = [str(prefix) for prefix in foreign_prefixes(prefixes)]
    for number in range(min(FOREIGN_ZONES, len(foreign))):
        _zone(f"abroad-{number}", "international", foreign[number::FOREIGN_ZONES])
    decks = {
        "voice": _deck(
            "voice", [DAY, EVENING, WEEKEND], rates=_voice_rates(), terms=_voice_terms()
        ),
        "sms": _flat_deck("sms", "2.5", unit=1, step=1),
        "data": _flat_deck("data", "0.9", unit=MIB, step=65_536),
    }
    session = _flat_deck("session", "0.01", unit=MIB, step=MIB)
    mobile = _plan(
        "mobile",
        decks,
        [
            AllowanceDraft("voice", 3600, ("local",)),
            AllowanceDraft("sms", 5),
            AllowanceDraft("data", 500 * MIB),
        ],
    )
    return mobile, _plan("internet", {"session": session}, [])


def _zone(code: str, zone_class: str, prefixes: Iterable[str]) -> None:
    zone = Zone.objects.create(code=code, name_ru=code, name_en=code, zone_class=zone_class)
    ZonePrefix.objects.bulk_create(ZonePrefix(zone=zone, prefix=digits) for digits in prefixes)


def _flat_deck(kind: str, price: str, *, unit: int, step: int) -> RateDeck:
    return _deck(
        kind,
        [ANY],
        rates=[RateDraft("any", Decimal(price), unit=unit)],
        terms=[TermsDraft(first_increment=step, next_increment=step)],
    )


def _voice_terms() -> list[TermsDraft]:
    return [
        TermsDraft(first_increment=60, next_increment=60, grace_units=2),
        TermsDraft(zone_code="usa", first_increment=60, next_increment=1),
    ]


def _voice_rates() -> list[RateDraft]:
    prices = {"local": "1.2", "long_distance": "3.45", "international": "19.99", "free": "0"}
    factors = {"day": Decimal(1), "evening": Decimal("0.5"), "weekend": Decimal("0.75")}
    fee = {"international": Decimal("1.5")}
    return [
        RateDraft(
            band,
            Decimal(price) * factor,
            zone_class=zone_class,
            connection_fee=fee.get(zone_class, Decimal(0)),
        )
        for zone_class, price in prices.items()
        for band, factor in factors.items()
    ]


def _deck(
    kind: str, bands: list[BandDraft], *, rates: list[RateDraft], terms: list[TermsDraft]
) -> RateDeck:
    deck = tariffs_operations.create_deck(code=kind, name=kind, usage_kind=kind)
    version = tariffs_operations.draft_deck_version(
        deck=deck, valid_from=date(2026, 1, 1), bands=bands, rates=rates, terms=terms
    )
    tariffs_operations.publish_deck_version(version_id=version.pk, now=BEGAN)
    return deck


def _plan(code: str, decks: dict[str, RateDeck], allowances: list[AllowanceDraft]) -> PlanVersion:
    plan = tariffs_operations.create_plan(code=code, name_ru=code, name_en=code, service=code)
    version = tariffs_operations.draft_plan_version(
        plan=plan,
        fee=Decimal("300.00"),
        on_sale_from=date(2026, 1, 1),
        decks=decks,
        allowances=allowances,
    )
    return tariffs_operations.publish_plan_version(version_id=version.pk, now=BEGAN)


def drop_exclusions() -> None:
    """Let a million people be made in a minute: what they exclude doesn't happen here."""
    with connection.cursor() as cursor:
        for table, name in (
            ("accounts_identifieruse", "identifieruse_no_overlap"),
            ("accounts_planassignment", "planassignment_no_overlap"),
        ):
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def make_people(
    subscribers: int, plans: tuple[PlanVersion, PlanVersion], *, since: datetime = BEGAN
) -> None:
    """Make an account with a mobile service each, all under one contract, set by set in SQL."""
    entity = LegalEntity.objects.create(name="Bench", full_name="Bench", inn="7800000000")
    customer = Customer.objects.create(kind="company", name="Bench", created_at=since)
    contract = Contract.objects.create(
        number="B-1", customer=customer, legal_entity=entity, signed_on=since.date()
    )
    account = Account(contract=contract, customer=customer, kind="postpaid", opened_on=since.date())
    people = f"generate_series(0, {subscribers - 1}) AS i"
    rows.insert(account, f"{people} ORDER BY i", number="lpad(i::text, 9, '0')")
    accounts_operations.open_balances()
    services = f"""accounts_account a, (VALUES ('mobile'), ('internet')) AS s (service)
        WHERE a.contract_id = {contract.pk}
          AND (s.service = 'mobile' OR a.number::bigint % {LOGIN_EVERY} = 0)
        ORDER BY a.number, s.service DESC"""
    service = Subscription(state="active", ordered_at=since, activated_at=since)
    rows.insert(service, services, account_id="a.id", service="s.service")
    _make_identifiers(since)
    of_plan = f"CASE service WHEN 'mobile' THEN {plans[0].pk} ELSE {plans[1].pk} END"
    rows.insert(
        PlanAssignment(active_from=since),
        "accounts_subscription s ORDER BY s.id",
        account_id="s.account_id",
        subscription_id="s.id",
        plan_version_id=of_plan,
    )


def _make_identifiers(since: datetime) -> None:
    """Numbers are their own keys; the key of a login is made by Python, so the logins are few."""
    numbers = """accounts_subscription s JOIN accounts_account a ON a.id = s.account_id
        WHERE s.service = 'mobile' ORDER BY s.id"""
    number = f"({FIRST_NUMBER} + a.number::bigint)"
    rows.insert(
        IdentifierUse(kind="msisdn", active_from=since),
        numbers,
        value=f"{number}::text",
        key=number,
        account_id="s.account_id",
        subscription_id="s.id",
    )
    found = Subscription.objects.filter(service="internet").values_list(
        "id", "account_id", "account__number"
    )
    IdentifierUse.objects.bulk_create(
        (
            IdentifierUse(
                kind="login",
                value=f"user{int(number)}",
                key=subscriber_key(f"user{int(number)}"),
                account_id=account_id,
                subscription_id=pk,
                active_from=since,
            )
            for pk, account_id, number in found
        ),
        batch_size=ROWS_AT_ONCE,
    )
