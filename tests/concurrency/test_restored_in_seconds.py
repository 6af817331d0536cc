"""A payment, a real worker, a real network endpoint, a real mail server: how long until it works."""

import pytest

from accounts.models import Account, Subscription
from dunning import queries as dunning_queries
from notifications.models import Message
from provisioning.models import Gateway, NetworkState
from tests import people
from tests.checks import broken_promises
from tests.people import NOON
from tests.services import SmtpServer, WebhookEndpoint, WorkerProcess, wait_for
from tests.subscribers import charge, connect, level_of, pay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("worker")]


@pytest.fixture
def account(webhook_endpoint: WebhookEndpoint) -> Account:
    Gateway.objects.update(kind="webhook", url=webhook_endpoint.url)
    customer = people.person("Иванова", "Мария", email="maria@example.org")
    return people.open_account(customer)


def _confirmed(subscription: Subscription) -> str:
    state = NetworkState.objects.filter(pk=subscription.pk).first()
    return state.confirmed["level"] if state else ""


def test_a_debt_restricts_and_a_payment_restores_within_seconds(
    account: Account,
    webhook_endpoint: WebhookEndpoint,
    smtp_server: SmtpServer,
    celery_worker: WorkerProcess,
) -> None:
    internet = connect(account)
    wait_for(lambda: _confirmed(internet) == "open", what=lambda: celery_worker.log)
    charge(account, "120.00")
    wait_for(lambda: _confirmed(internet) == "slow", what=lambda: celery_worker.log)
    pay(account, "120.00")
    took = wait_for(lambda: _confirmed(internet) == "open", what=lambda: celery_worker.log)
    assert took < 5
    assert level_of(internet) == "open"
    assert webhook_endpoint.state[internet.pk]["level"] == "open"
    wait_for(lambda: len(smtp_server.messages) == 4, what=lambda: celery_worker.log)
    inbox = Message.objects.filter(channel="inbox").order_by("pk")
    assert sorted(inbox.values_list("event_kind", flat=True)) == [
        "access.restored",
        "access.restricted",
        "payment.received",
        "service.activated",
    ]
    assert broken_promises(dunning_queries.invariants()) == []
    assert broken_promises(dunning_queries.alarms(now=NOON)) == []
