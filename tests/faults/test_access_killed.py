"""Access and messages in the middle of which the power goes: what was not finished is done once."""

import subprocess
import sys

import pytest
from django.db import connection

from accounts.models import Account
from billing_project.kernel.models import BusinessEvent, EventInbox
from dunning import operations, queries
from dunning.models import AccessChange, ServiceAccess
from notifications import operations as notifications_operations
from notifications import queries as notifications_queries
from notifications.models import Message
from tests import people
from tests.checks import broken_promises
from tests.people import NOON
from tests.services import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
SUBSCRIBERS = 4_000
ALL = {"account_from": 0, "account_to": 2**62}

MANY = """
    WITH account AS (
        INSERT INTO accounts_account (number, contract_id, customer_id, kind, currency,
               credit_class, credit_limit, cycle_day, opened_on)
        SELECT 'x' || n, %(contract)s, %(customer)s, 'prepaid', 'RUB', 'standard', 0, 1,
               '2026-01-01' FROM generate_series(1, %(count)s) n
        RETURNING id
    ), service AS (
        INSERT INTO accounts_subscription (account_id, service, state, address, ordered_at)
        SELECT id, 'internet', 'active', '', '2026-01-01' FROM account RETURNING id, account_id
    )
    INSERT INTO accounts_planassignment (account_id, subscription_id, plan_version_id, active_from)
    SELECT account_id, id, %(version)s, '2026-01-01' FROM service
"""
DEBTS = """
    INSERT INTO accounts_accountbalance (account_id, money)
    SELECT id, -10 FROM accounts_account WHERE number LIKE 'x%'
"""


@pytest.fixture
def debtors() -> None:
    """Four thousand accounts ten roubles below zero, about which nobody has decided."""
    account: Account = people.open_account_for("Иванова", "Мария")
    values = {
        "contract": account.contract_id,
        "customer": account.customer_id,
        "version": people.plan_version("home", service="internet").pk,
        "count": SUBSCRIBERS,
    }
    with connection.cursor() as cursor:
        cursor.execute(MANY, values)
        cursor.execute(DEBTS)


def _run_and_kill(program: str, environment: dict[str, str], *, half: type) -> int:
    """Run the program in a process and kill it once `half` has its first rows; how many."""
    setup = "import django; django.setup()\nfrom tests.people import NOON\n"
    process = subprocess.Popen([sys.executable, "-c", setup + program], env=environment)
    try:
        wait_for(half.objects.exists, seconds=60)
    finally:
        process.kill()
        process.wait(10)
    return int(half.objects.count())


def test_an_audit_killed_halfway_is_finished_by_the_next(
    debtors: None, process_environment: dict[str, str]
) -> None:
    program = """
from dunning import operations
operations.audit_all(account_from=0, account_to=2**62, now=NOON)
"""
    done = _run_and_kill(program, process_environment, half=ServiceAccess)
    # Whole portions only; the first holds an account without services.
    assert done % 1_000 == 999
    assert 0 < done < SUBSCRIBERS
    rest = operations.audit_all(**ALL, now=NOON)
    assert rest.restricted == SUBSCRIBERS - done
    assert AccessChange.objects.filter(new="slow").count() == SUBSCRIBERS
    assert BusinessEvent.objects.filter(kind="access.restricted").count() == SUBSCRIBERS
    assert broken_promises(queries.invariants()) == []
    assert operations.audit_all(**ALL, now=NOON) == operations.Decided()


def test_reading_killed_halfway_tells_everybody_once(
    debtors: None, process_environment: dict[str, str]
) -> None:
    operations.audit_all(**ALL, now=NOON)
    program = """
from notifications import operations
operations.read_events(now=NOON)
"""
    written = _run_and_kill(program, process_environment, half=Message)
    assert 0 < written < SUBSCRIBERS
    notifications_operations.read_events(now=NOON)
    told = Message.objects.filter(event_kind="access.restricted", channel="inbox")
    assert told.count() == SUBSCRIBERS
    assert told.values("account_id").distinct().count() == SUBSCRIBERS
    assert not EventInbox.objects.filter(consumer="notifications").exists()
    assert broken_promises(notifications_queries.invariants()) == []
