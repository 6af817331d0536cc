"""
Writes the demo's customers, contracts, accounts and services down, by COPY.

Services began long ago; what is older than the demo's first day was billed by the billing before
this one: a zero-amount billed period up to the first cycle keeps the chain of periods whole.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from accounts.domain.identifiers import subscriber_key
from accounts.domain.searching import search_text
from accounts.models import (
    Account,
    Contract,
    Customer,
    IdentifierUse,
    LegalEntity,
    PlanAssignment,
    PoolNumber,
    Subscription,
)
from accounts.operations import take_account_numbers, take_contract_numbers
from billing_project.demo.copying import copy_rows, reserve_ids
from billing_project.demo.people import DemoAccount, DemoCustomer
from billing_project.kernel.periods import cycle_of
from crm.models import Interaction
from invoicing.models import BilledPeriod
from tariffs.models import PlanVersion

ZONE: Final = ZoneInfo("Europe/Moscow")


@dataclass(frozen=True, slots=True)
class Established:
    """First ids of what was written; the rows follow in the order of the lists."""

    first_customer: int
    first_contract: int
    first_account: int
    first_subscription: int
    services: int


def establish(
    *,
    customers: list[DemoCustomer],
    accounts: list[DemoAccount],
    entity: LegalEntity,
    versions: dict[str, PlanVersion],
    first_day: date,
) -> Established:
    """Write everything down; `versions` are the published plan versions by plan code."""
    services = sum(len(account.services) for account in accounts)
    ids = Established(
        first_customer=reserve_ids(Customer, len(customers)),
        first_contract=reserve_ids(Contract, len(customers)),
        first_account=reserve_ids(Account, len(accounts)),
        first_subscription=reserve_ids(Subscription, services),
        services=services,
    )
    _customers(customers, ids)
    _contracts(customers, ids, entity=entity)
    _accounts(accounts, ids, entity=entity)
    _services(accounts, customers, ids=ids)
    _identifiers(accounts, ids)
    _plans(accounts, ids, versions=versions)
    _billed_before(accounts, ids, versions=versions, first_day=first_day)
    _interactions(customers, accounts, ids=ids, first_day=first_day)
    return ids


@cache
def noon(day: date) -> datetime:
    """Return a moment of the day in the operator's zone."""
    return datetime.combine(day, time(12), tzinfo=ZONE)


def midnight(day: date) -> datetime:
    """Return the moment the day begins in the operator's zone."""
    return datetime.combine(day, time(), tzinfo=ZONE)


def _customers(customers: list[DemoCustomer], ids: Established) -> None:
    columns = (
        "id kind name last_name first_name middle_name birth_date inn kpp phone email region address"
        " language time_zone search_text created_at"
    ).split()
    rows = (
        (
            ids.first_customer + place, person.kind, person.name, *person.parts, person.birth_date,
            person.inn, "", person.phone, person.email, person.region, person.address, "ru",
            "Europe/Moscow",
            search_text(person.name, person.phone, person.email, person.address),
            noon(person.since),
        )
        for place, person in enumerate(customers)
    )  # fmt: skip
    copy_rows(Customer, columns, rows)


def _contracts(customers: list[DemoCustomer], ids: Established, *, entity: LegalEntity) -> None:
    years = Counter(person.since.year for person in customers)
    numbers = {
        year: iter(take_contract_numbers(legal_entity=entity, year=year, count=count))
        for year, count in years.items()
    }
    rows = (
        (
            ids.first_contract + place,
            next(numbers[person.since.year]),
            ids.first_customer + place,
            entity.pk,
            person.since,
        )
        for place, person in enumerate(customers)
    )
    copy_rows(Contract, ("id", "number", "customer_id", "legal_entity_id", "signed_on"), rows)


def _accounts(accounts: list[DemoAccount], ids: Established, *, entity: LegalEntity) -> None:
    columns = (
        "id number contract_id customer_id kind currency credit_class credit_limit cycle_day opened_on"
    ).split()
    numbers = take_account_numbers(count=len(accounts))
    rows = (
        (
            ids.first_account + place, number,
            ids.first_contract + account.customer, ids.first_customer + account.customer,
            account.kind, entity.currency, "standard", account.credit_limit, account.cycle_day,
            account.opened_on,
        )
        for place, (account, number) in enumerate(zip(accounts, numbers, strict=True))
    )  # fmt: skip
    copy_rows(Account, columns, rows)


def _flat(accounts: list[DemoAccount]) -> list[tuple[int, DemoAccount, int]]:
    """(place of the account, account, place among its services), in the order of subscription ids."""
    return [
        (place, account, which)
        for place, account in enumerate(accounts)
        for which in range(len(account.services))
    ]


def _services(
    accounts: list[DemoAccount], customers: list[DemoCustomer], *, ids: Established
) -> None:
    rows = (
        (
            ids.first_subscription + place,
            ids.first_account + owner,
            account.services[which].service,
            Subscription.State.ACTIVE,
            ""
            if account.services[which].service == "mobile"
            else customers[account.customer].address,
            noon(account.opened_on),
            noon(account.opened_on),
        )
        for place, (owner, account, which) in enumerate(_flat(accounts))
    )
    columns = ("id", "account_id", "service", "state", "address", "ordered_at", "activated_at")
    copy_rows(Subscription, columns, rows)


def _identifiers(accounts: list[DemoAccount], ids: Established) -> None:
    flat = _flat(accounts)
    copy_rows(
        PoolNumber,
        ("kind", "value", "beauty", "is_free"),
        (
            (service.identifier_kind, service.identifier, "plain", False)
            for account in accounts
            for service in account.services
        ),
    )
    rows = (
        (
            account.services[which].identifier_kind,
            account.services[which].identifier,
            subscriber_key(account.services[which].identifier),
            ids.first_account + owner,
            ids.first_subscription + place,
            noon(account.opened_on),
        )
        for place, (owner, account, which) in enumerate(flat)
    )
    columns = ("kind", "value", "key", "account_id", "subscription_id", "active_from")
    copy_rows(IdentifierUse, columns, rows)


def _plans(
    accounts: list[DemoAccount], ids: Established, *, versions: dict[str, PlanVersion]
) -> None:
    rows = (
        (
            ids.first_account + owner,
            ids.first_subscription + place,
            versions[account.services[which].plan].pk,
            noon(account.opened_on),
        )
        for place, (owner, account, which) in enumerate(_flat(accounts))
    )
    columns = ("account_id", "subscription_id", "plan_version_id", "active_from")
    copy_rows(PlanAssignment, columns, rows)


def _billed_before(
    accounts: list[DemoAccount],
    ids: Established,
    *,
    versions: dict[str, PlanVersion],
    first_day: date,
) -> None:
    def start_of_chain(account: DemoAccount) -> date:
        start = cycle_of(first_day, cycle_day=account.cycle_day).start
        return start if start > account.opened_on else account.opened_on + timedelta(days=1)

    rows = (
        (
            ids.first_account + owner,
            ids.first_subscription + place,
            versions[account.services[which].plan].pk,
            "fee",
            account.opened_on,
            start_of_chain(account),
            0,
            account.opened_on,
        )
        for place, (owner, account, which) in enumerate(_flat(accounts))
    )
    columns = (
        "account_id subscription_id plan_version_id kind period_start period_end amount charged_on"
    ).split()
    copy_rows(BilledPeriod, columns, rows)


_TALKS: Final = (
    (
        "call_in",
        "Спросил, почему интернет стал медленнее. Объяснил порядок, предложил обещанный платёж.",
    ),
    ("call_in", "Уточнила остаток минут и дату следующего списания."),
    ("call_out", "Позвонили по заявке на подключение, согласовали время визита мастера."),
    ("visit", "Был в офисе на Ладожской, оплатил наличными, взял копию договора."),
    ("note", "Просит звонить после 18:00."),
    (
        "call_in",
        "Не проходили междугородные звонки при нулевом балансе; после оплаты доступ восстановлен.",
    ),
    ("letter", "Прислала заявление о смене адреса доставки счетов."),
    ("call_in", "Интересовался переходом на тариф с большим пакетом минут со следующего месяца."),
)


def _interactions(
    customers: list[DemoCustomer],
    accounts: list[DemoAccount],
    *,
    ids: Established,
    first_day: date,
) -> None:
    own: dict[int, int] = {}
    for place, account in enumerate(accounts):
        own.setdefault(account.customer, ids.first_account + place)
    rows = []
    for place, person in enumerate(customers):
        rows.append((ids.first_customer + place, own[place], "note", "Первое обращение: заявка на подключение.",
                     noon(person.since - timedelta(days=3)), "staff:1"))  # fmt: skip
        for turn in range(place % 3):
            kind, text = _TALKS[(place + turn) % len(_TALKS)]
            day = first_day + timedelta(days=(place * 7 + turn * 29) % 80)
            rows.append((ids.first_customer + place, own[place], kind, text, noon(day), "staff:1"))
    columns = ("customer_id", "account_id", "kind", "text", "happened_at", "actor")
    copy_rows(Interaction, columns, rows)
