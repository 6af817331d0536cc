"""People with services and plans for tests of fees and bills; days are in Moscow."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from django.db import connection

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, LegalEntity, Subscription
from billing_project.kernel import operations as kernel
from invoicing import operations
from tariffs import operations as tariffs
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Plan, PlanVersion

ACTOR = "system:test"
MOSCOW = ZoneInfo("Europe/Moscow")
_numbers = count(1)


def at(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=MOSCOW)


def make_entity(inn: str = "7801000001") -> LegalEntity:
    names = {"name": "Ладога", "full_name": "ООО «Ладога Телеком»", "address": "Санкт-Петербург"}
    return LegalEntity.objects.get_or_create(inn=inn, defaults=names)[0]


def make_account(
    *,
    cycle_day: int = 1,
    opened_on: date = date(2026, 1, 1),
    kind: str = "postpaid",
    entity: LegalEntity | None = None,
    company: bool = False,
) -> Account:
    kernel.ensure_months(first=date(2025, 11, 1), last=date(2026, 12, 1))
    now = at(opened_on, 8)
    if company:
        customer = accounts.create_company(
            name="ООО «Берег»", inn="7801234564", now=now, actor=ACTOR
        )
    else:
        customer = accounts.create_person(
            last_name="Иванова", first_name="Мария", now=now, actor=ACTOR
        )
    contract = accounts.sign_contract(
        customer=customer,
        legal_entity=entity or make_entity(),
        signed_on=opened_on,
        now=now,
        actor=ACTOR,
    )
    return accounts.open_account(
        contract=contract, kind=kind, cycle_day=cycle_day, on=opened_on, now=now, actor=ACTOR
    )


def make_plan(code: str = "", **words: str) -> Plan:
    code = code or f"plan{next(_numbers)}"
    names = {"name_ru": f"Тариф {code}", "name_en": f"Plan {code}", "service": "mobile"}
    return tariffs.create_plan(code=code, audience="all", **{**names, **words})


def make_version(fee: str = "310.00", *, plan: Plan | None = None, **terms: object) -> PlanVersion:
    allowances = [AllowanceDraft("voice", minutes * 60) for minutes in terms.pop("minutes", [])]
    draft = tariffs.draft_plan_version(
        plan=plan or make_plan(),
        fee=Decimal(fee),
        on_sale_from=date(2025, 1, 1),
        allowances=allowances,
        **terms,
    )
    return tariffs.publish_plan_version(version_id=draft.pk, now=at(date(2025, 1, 1)))


def connect(account: Account, version: PlanVersion, *, on: date = date(2026, 1, 1)) -> Subscription:
    subscription = accounts.order_service(
        account=account,
        service=version.plan.service,
        plan_version=version,
        now=at(on, 9),
        actor=ACTOR,
    )
    return accounts.activate_service(subscription_id=subscription.pk, now=at(on, 10), actor=ACTOR)


def charge(on: date, **changes: int) -> int:
    return operations.charge_fees(business_date=on, now=at(on, 23), actor=ACTOR, **changes)


def bill(on: date, **changes: int) -> int:
    return operations.issue_bills(business_date=on, now=at(on, 23), actor=ACTOR, **changes)


def post(
    account: Account,
    amount: str,
    *,
    on: date,
    kind: Kind = Kind.ONE_OFF,
    ref: int = 0,
    about: int | None = None,
    explanation: dict | None = None,
) -> None:
    posting = Posting(
        account_id=account.pk,
        kind=kind,
        ref=ref or next(_numbers),
        amount=Decimal(amount),
        business_date=on,
        about_subscription_id=about,
        explanation=explanation,
    )
    accounts.post(postings=[posting], now=at(on), actor=ACTOR)


def pay(account: Account, amount: str, *, on: date) -> None:
    accounts.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="cash",
        external_id=str(next(_numbers)),
        paid_at=at(on),
        business_date=on,
        now=at(on),
        actor=ACTOR,
    )


def ledger(account: Account, *kinds: Kind) -> list[tuple[str, Decimal]]:
    """Kinds and amounts of an account's entries in the order they were made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, amount FROM accounts_ledgerentry WHERE account_id = %s ORDER BY id",
            [account.pk],
        )
        rows = [(Kind(kind), amount) for kind, amount in cursor.fetchall()]
    return [(kind.name, amount) for kind, amount in rows if not kinds or kind in kinds]


def days_from(first: date, number: int) -> list[date]:
    return [first + timedelta(days=step) for step in range(number)]


def break_rules(table: str, sql: str) -> None:
    """Change rows as no code may: with the table's triggers and checks out of the way."""
    with connection.cursor() as cursor:
        # Deferred checks that wait would stand in the way of the triggers' switch.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
