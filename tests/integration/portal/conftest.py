"""Alice with a password, a bill and two services; Bob, who must never see hers; a clerk."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, Subscription, User
from billing_project.kernel.periods import add_months
from dunning import operations as dunning_operations
from invoicing.models import Bill, BillLine
from notifications.models import Message
from tests import people

PASSWORD = "lake-ladoga-7"


def subscriber(account: Account, *, password: str | None = PASSWORD) -> User:
    """The log-in of the account's customer."""
    customer = account.customer
    return User.objects.create_user(
        f"c{customer.pk}", password, kind=User.Kind.SUBSCRIBER, customer=customer
    )


def open_account(last_name: str, first_name: str, **contact: str) -> Account:
    """A new person with contact data and a prepaid account."""
    return people.open_account(people.person(last_name, first_name, **contact))


def connect(account: Account, service: str, *, kind: str, value: str) -> Subscription:
    """A working service."""
    accounts_operations.add_pool_numbers(kind=kind, values=[value])
    subscription = accounts_operations.order_service(
        account=account,
        service=service,
        plan_version=people.plan_version(f"{service}-{account.pk}", service=service),
        identifiers=[(kind, value)],
        now=people.NOON,
        actor=people.CLERK,
    )
    accounts_operations.activate_service(
        subscription_id=subscription.pk, now=people.NOON, actor=people.CLERK
    )
    return subscription


def pay(account: Account, amount: str, *, paid_at: datetime | None = None) -> None:
    """Money at the cash desk."""
    paid_at = paid_at or timezone.now()
    accounts_operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="cash",
        external_id=f"{account.pk}-{amount}-{paid_at.timestamp()}",
        paid_at=paid_at,
        business_date=timezone.localdate(paid_at),
        now=paid_at,
        actor=people.CLERK,
    )


def charge(account: Account, amount: str, *, kind: Kind = Kind.FEE, ref: int = 1, **more) -> None:
    """A charge of today."""
    now = timezone.now()
    posting = Posting(
        account_id=account.pk,
        kind=kind,
        ref=ref,
        amount=-Decimal(amount),
        business_date=timezone.localdate(now),
        **more,
    )
    accounts_operations.post(postings=[posting], now=now, actor="system:test")


def decide(account: Account) -> None:
    """Let dunning decide access."""
    dunning_operations.decide_accounts(
        account_ids=[account.pk], now=timezone.now(), actor="system:test"
    )


def issue_bill(
    account: Account, *, number: int = 1, gross: str = "366.00", due_in_days: int = 10
) -> Bill:
    """The bill of last month, with one line."""
    today = timezone.localdate()
    this_month = today.replace(day=1)
    tax = (Decimal(gross) * 22 / 122).quantize(Decimal("0.01"))
    bill = Bill.objects.create(
        account=account,
        legal_entity=people.ladoga(),
        number=number,
        year=2026,
        number_text=f"Л-2026-{number:05d}",
        period_start=add_months(this_month, -1),
        period_end=this_month,
        issued_on=this_month,
        due_on=today + timedelta(days=due_in_days),
        opening=Decimal(0),
        net=Decimal(gross) - tax,
        tax=tax,
        gross=Decimal(gross),
        payments=Decimal(0),
        closing=Decimal(gross),
    )
    BillLine.objects.create(
        bill=bill,
        account_id=account.pk,
        position=1,
        kind="fee",
        title_ru="Абонентская плата",
        title_en="Plan fee",
        tax_percent=22,
        net=bill.net,
        tax=bill.tax,
        gross=bill.gross,
    )
    return bill


def write_letter(
    account: Account, *, event_id: int = 1, subject: str = "Платёж получен"
) -> Message:
    """A new message in the inbox of the account's customer."""
    return Message.objects.create(
        event_id=event_id,
        event_kind="payment.received",
        account_id=account.pk,
        customer_id=account.customer_id,
        channel="inbox",
        recipient=str(account.customer_id),
        category="money",
        language="ru",
        subject=subject,
        body="Мы получили 500 ₽.",
        state="sent",
        created_at=timezone.now(),
    )


@pytest.fixture
def alice(db: None) -> Account:
    """A prepaid account with 500 roubles; the log-in has PASSWORD."""
    account = open_account("Смирнова", "Алиса", phone="79111234567", email="alice@example.org")
    subscriber(account)
    pay(account, "500.00")
    return account


@pytest.fixture
def bob(db: None) -> Account:
    """Somebody else, with a password too."""
    account = open_account("Кузнецов", "Борис", phone="79117654321", email="bob@example.org")
    subscriber(account)
    return account


@pytest.fixture
def mobile(alice: Account) -> Subscription:
    """Alice's number in use."""
    return connect(alice, "mobile", kind="msisdn", value="79215550101")


@pytest.fixture
def internet(alice: Account) -> Subscription:
    """Alice's line."""
    return connect(alice, "internet", kind="login", value="smirnova")


@pytest.fixture
def clerk(db: None) -> User:
    """A member of staff with every permission."""
    return User.objects.create_superuser("clerk", PASSWORD)


@pytest.fixture
def as_alice(alice: Account, client: Client) -> Client:
    """A browser signed in as Alice."""
    client.force_login(alice.customer.users.get(), backend="portal.auth.SubscriberBackend")
    return client


@pytest.fixture
def as_bob(bob: Account) -> Client:
    """A browser signed in as Bob."""
    browser = Client()
    browser.force_login(bob.customer.users.get(), backend="portal.auth.SubscriberBackend")
    return browser
