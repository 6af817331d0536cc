"""
Named subscribers for tests, made by the product's own operations.
"""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts import operations
from accounts.models import Account, Customer, LegalEntity, Subscription
from tariffs.models import Plan, PlanVersion

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=MOSCOW)
TODAY = date(2026, 11, 2)
CLERK = "staff:1"


def ladoga() -> LegalEntity:
    """The operator's legal entity."""
    entity, _ = LegalEntity.objects.get_or_create(
        inn="7830002293",
        defaults={
            "name": "Ладога Телеком",
            "full_name": "ООО «Ладога Телеком»",
            "address": "Санкт-Петербург",
        },
    )
    return entity


def person(last_name: str, first_name: str, **contact: str) -> Customer:
    """A private person."""
    return operations.create_person(
        last_name=last_name, first_name=first_name, now=NOON, actor=CLERK, **contact
    )


def open_account_for(
    last_name: str, first_name: str, *, kind: str = "prepaid", credit_limit: str = "0.00"
) -> Account:
    """A new person with a contract and one account."""
    return open_account(person(last_name, first_name), kind=kind, credit_limit=credit_limit)


def open_account(
    customer: Customer, *, kind: str = "prepaid", credit_limit: str = "0.00"
) -> Account:
    """One more account of the customer, under a contract of its own."""
    contract = operations.sign_contract(
        customer=customer, legal_entity=ladoga(), signed_on=TODAY, now=NOON, actor=CLERK
    )
    return operations.open_account(
        contract=contract,
        kind=kind,
        credit_limit=Decimal(credit_limit),
        on=TODAY,
        now=NOON,
        actor=CLERK,
    )


def plan_version(code: str = "start", *, service: str = "mobile") -> PlanVersion:
    """A published version of a plan that is on sale."""
    plan, _ = Plan.objects.get_or_create(
        code=code, defaults={"name_ru": code, "name_en": code, "service": service}
    )
    return PlanVersion.objects.create(
        plan=plan,
        number=plan.versions.count() + 1,
        fee=Decimal("300.00"),
        on_sale_from=date(2026, 1, 1),
        published_at=datetime(2026, 1, 1, tzinfo=MOSCOW),
    )


def order_mobile(account: Account, *, number: str) -> Subscription:
    """A mobile service, ordered, with a number that is put into the pool first."""
    operations.add_pool_numbers(kind="msisdn", values=[number])
    return operations.order_service(
        account=account,
        service="mobile",
        plan_version=plan_version(),
        identifiers=[("msisdn", number)],
        now=NOON,
        actor=CLERK,
    )
