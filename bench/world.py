"""
A small operator for measurements and for the tests of rating: catalogue, sources, subscribers.

The catalogue has what makes rating hard: bands over midnight and weekends, two kinds of increments,
connection fees, allowances shared by calls of one month, a zone without a price.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Final

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
    sources = {
        code: UsageSource.objects.create(code=code, name=code, format=form)
        for code, form in (("msc-1", "asterisk"), ("csv-1", "retel_csv"))
    }
    mobile, internet = build_catalogue()
    accounts, subscriptions = _people(subscribers, (mobile, internet), since=posted_from)
    return Operator(sources, accounts, subscriptions, mobile, internet)


def build_catalogue() -> tuple[PlanVersion, PlanVersion]:
    """Make zones, decks and two plans: mobile and internet."""
    for code, (zone_class, prefixes) in ZONES.items():
        zone = Zone.objects.create(code=code, name_ru=code, name_en=code, zone_class=zone_class)
        ZonePrefix.objects.bulk_create(ZonePrefix(zone=zone, prefix=digits) for digits in prefixes)
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


def _people(
    subscribers: int, plans: tuple[PlanVersion, PlanVersion], *, since: datetime
) -> tuple[list[Account], list[Subscription]]:
    """Make an account with a mobile service each, all under one contract, in bulk."""
    entity = LegalEntity.objects.create(name="Bench", full_name="Bench", inn="7800000000")
    customer = Customer.objects.create(kind="company", name="Bench", created_at=since)
    contract = Contract.objects.create(
        number="B-1", customer=customer, legal_entity=entity, signed_on=since.date()
    )
    accounts = Account.objects.bulk_create(
        (
            Account(
                number=f"{place:09d}",
                contract=contract,
                customer=customer,
                kind="postpaid",
                opened_on=since.date(),
            )
            for place in range(subscribers)
        ),
        batch_size=ROWS_AT_ONCE,
    )
    accounts_operations.open_balances()
    subscriptions: list[Subscription] = []
    identifiers: list[IdentifierUse] = []
    for place, account in enumerate(accounts):
        subscriptions.append(_service(account, "mobile", since))
        if place % LOGIN_EVERY == 0:
            subscriptions.append(_service(account, "internet", since))
    subscriptions = Subscription.objects.bulk_create(subscriptions, batch_size=ROWS_AT_ONCE)
    places = count()
    for subscription in subscriptions:
        is_mobile = subscription.service == "mobile"
        if is_mobile:
            place = next(places)
        value = number_of(place) if is_mobile else f"user{place}"
        identifiers.append(_identifier(subscription, value, since))
    IdentifierUse.objects.bulk_create(identifiers, batch_size=ROWS_AT_ONCE)
    PlanAssignment.objects.bulk_create(
        (
            PlanAssignment(
                account_id=subscription.account_id,
                subscription=subscription,
                plan_version=plans[0] if subscription.service == "mobile" else plans[1],
                active_from=since,
            )
            for subscription in subscriptions
        ),
        batch_size=ROWS_AT_ONCE,
    )
    return accounts, subscriptions


def _service(account: Account, service: str, since: datetime) -> Subscription:
    return Subscription(
        account=account, service=service, state="active", ordered_at=since, activated_at=since
    )


def _identifier(subscription: Subscription, value: str, since: datetime) -> IdentifierUse:
    return IdentifierUse(
        kind="msisdn" if subscription.service == "mobile" else "login",
        value=value,
        key=subscriber_key(value),
        account_id=subscription.account_id,
        subscription=subscription,
        active_from=since,
    )
