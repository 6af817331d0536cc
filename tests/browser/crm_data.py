"""A customer with a history and a night at work, for the pictures of the CRM."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts import operations as accounts_operations
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account
from billing_project.kernel.models import JobRun
from crm.operations import notes
from dunning import operations as dunning_operations
from tests import people

NAMES = [
    ("Иванова", "Мария", "Сергеевна"),
    ("Иванов", "Пётр", "Ильич"),
    ("Иванова", "Ольга", "Павловна"),
]


def a_busy_customer(actor: str) -> Account:
    """Мария: two services, a month of charges and payments, in debt since yesterday."""
    accounts = [_customer(place, actor) for place in range(len(NAMES))]
    account, now = accounts[0], timezone.now()
    _live(account)
    for each in accounts:
        dunning_operations.decide_accounts(account_ids=[each.pk], now=now, actor="system:nightly")
    notes.write_note(
        customer_id=account.customer_id,
        kind="call_in",
        text="Жалуется на медленный интернет. Объяснила про баланс, пополнит сегодня.",
        now=now,
        actor=actor,
    )
    return account


def _customer(place: int, actor: str) -> Account:
    last_name, first_name, middle_name = NAMES[place]
    began = timezone.now() - timedelta(days=40)
    customer = accounts_operations.create_person(
        last_name=last_name,
        first_name=first_name,
        middle_name=middle_name,
        phone=f"+7921777010{place}",
        address=f"Санкт-Петербург, ул. Савушкина, д. {12 + place}, кв. {place + 3}",
        now=began,
        actor=actor,
    )
    notes.write_note(
        customer_id=customer.pk,
        kind="call_in",
        text="Спрашивает о домашнем интернете, удобно вечером.",
        now=began,
        actor=actor,
    )
    contract = accounts_operations.sign_contract(
        customer=customer,
        legal_entity=people.ladoga(),
        signed_on=began.date(),
        now=began + timedelta(minutes=12),
        actor=actor,
    )
    account = accounts_operations.open_account(
        contract=contract,
        kind="prepaid",
        on=began.date(),
        now=began + timedelta(minutes=13),
        actor=actor,
    )
    _connect(account, place, actor)
    return account


def _connect(account: Account, place: int, actor: str) -> None:
    began = timezone.now() - timedelta(days=39)
    numbers = {"mobile": ("msisdn", f"7921555010{place}"), "internet": ("login", f"savush{place}")}
    for service, (kind, value) in numbers.items():
        accounts_operations.add_pool_numbers(kind=kind, values=[value])
        ordered = accounts_operations.order_service(
            account=account,
            service=service,
            plan_version=people.plan_version(
                {"mobile": "Старт"}.get(service, "Дом 100"), service=service
            ),
            identifiers=[(kind, value)],
            now=began,
            actor=actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        accounts_operations.activate_service(subscription_id=ordered.pk, now=began, actor=actor)


def _live(account: Account) -> None:
    now, today = timezone.now(), timezone.localdate()
    for days in (30, 12, 3):
        accounts_operations.take_payment(
            account_id=account.pk,
            amount=Decimal("450.50"),
            gateway="terminal",
            external_id=f"T-{account.pk}-{days}",
            paid_at=now - timedelta(days=days),
            business_date=today - timedelta(days=days),
            now=now - timedelta(days=days),
            actor="system:terminal",
        )
    charges = [(Kind.USAGE_VOICE, days, Decimal("-23.40")) for days in range(28, 0, -3)]
    charges += [(Kind.FEE, 32, Decimal("-650.00")), (Kind.FEE, 1, Decimal("-650.00"))]
    postings = [
        Posting(
            account_id=account.pk,
            kind=kind,
            ref=days,
            amount=amount,
            business_date=today - timedelta(days=days),
        )
        for kind, days, amount in charges
    ]
    accounts_operations.post(postings=postings, now=now, actor="system:nightly")


def a_moving_night() -> JobRun:
    """Yesterday's night, half done; returns the piece at work, 2,100 of its 5,000 rows done."""
    now, day = timezone.now(), timezone.localdate() - timedelta(days=1)
    states = {"load": "done", "price": "done", "fees": "done", "access": "running"}
    steps = ["load", "price", "fees", "access", "bills", "messages"]
    for position, step in enumerate(steps):
        state = states.get(step, "pending")
        piece = JobRun.objects.create(
            job="nightly",
            business_date=day,
            step=step,
            position=position,
            state=state,
            attempts=int(state != "pending"),
            rows_total=5_000,
            rows_done={"done": 5_000, "running": 2_100}.get(state, 0),
            started_at=now - timedelta(seconds=40) if state != "pending" else None,
            finished_at=now - timedelta(seconds=30) if state == "done" else None,
            heartbeat_at=now,
            summary={"records": 5_000, "priced": 4_950, "in suspense": 50}
            if step == "price"
            else {},
        )
        if state == "running":
            working = piece
    return working
