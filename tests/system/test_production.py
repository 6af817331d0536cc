"""
Production as docker-compose.yml describes it, started and used: log-in, money, a page, a night.

Through pgbouncer where it is installed; elsewhere straight to the server, and the run says so.
`REQUIRE_PGBOUNCER=1` (set by `.ci/run`) makes it a failure to have none.
"""

import os
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from django.conf import global_settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Account, Payment, User
from accounts.models.ledger import AccountBalance
from billing_project import night_steps
from billing_project.invariants import broken_promises
from notifications.models import Message
from tests import people
from tests.integration.portal.conftest import connect, open_account, subscriber
from tests.machines import terminal
from tests.system.conftest import wait_until
from tests.system.production import PATIENCE, POOLER, Production, Visitor, pooling, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("system")]

PASSWORD = "lake-ladoga-7"
ABSENT = pytest.mark.skip(
    reason="pgbouncer is not installed: production ran straight to the server"
)
WAYS = (
    ["pgbouncer"]
    if POOLER or os.environ.get("REQUIRE_PGBOUNCER")
    else ["straight", pytest.param("pgbouncer", marks=ABSENT)]
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that whoever runs pgbouncer may enter, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="retel-production-"))
    made.chmod(0o755)
    yield made
    rmtree(made, ignore_errors=True)


@pytest.fixture
def alice(process_environment: dict[str, str], settings: Any) -> Account:
    """A subscriber with a log-in, in an installation that an administrator has just set up."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    call_command("createsuperuser", "--noinput", "--login", "root", verbosity=0)
    account = open_account("Лодкина", "Алиса", email="alice@example.net")
    connect(account, "internet", kind="login", value="lodkina")
    subscriber(account, password=PASSWORD)
    return account


@pytest.fixture(params=WAYS)
def product(
    request: pytest.FixtureRequest,
    alice: Account,
    folder: Path,
    process_environment: dict[str, str],
) -> Iterator[Production]:
    direct, redis = (process_environment[name] for name in ("DATABASE_URL", "REDIS_URL"))
    if request.param == "straight":
        with running(folder, direct=direct, pooled=direct, redis=redis) as product:
            yield product
        return
    pooler = folder / "pooler"
    pooler.mkdir()
    with (
        pooling(pooler, direct=direct) as pooled,
        running(folder, direct=direct, pooled=pooled, redis=redis) as product,
    ):
        yield product


def test_production_lets_in_takes_money_and_closes_the_day(
    product: Production, alice: Account
) -> None:
    nobody_strange_comes_in(product)
    a_terminal_pays(product, alice)
    the_subscriber_sees_it(product, alice)
    the_night_is_run_by_a_worker(product)
    assert broken_promises() == []
    assert product.ended == []
    faults = [
        line
        for name in product.processes
        for line in product.log(name).splitlines()
        if "Traceback" in line and "Invalid HTTP_HOST" not in line
    ]
    assert faults == []


def nobody_strange_comes_in(product: Production) -> None:
    """No demo users, no plain http, no doors of the network without the token, no debug pages."""
    web = Visitor(product.ports["web"])
    entered = web.post("/crm/login/", login="admin", password="ladoga-admin")
    assert (entered.status, User.objects.count()) == (200, 2)
    plain = Visitor(product.ports["web"]).get("/sign-in/", **{"X-Forwarded-Proto": "http"})
    assert (plain.status, plain.location) == (301, "https://billing.example.net/sign-in/")
    assert Visitor(product.ports["web"], host="evil.example").get("/").status == 400
    lost = web.get("/no/such/page")
    assert (lost.status, "DEBUG" in lost.text) == (404, False)
    net = Visitor(product.ports["net"])
    assert (net.get("/ready").status, net.get("/metrics").status) == (200, 401)


def a_terminal_pays(product: Production, alice: Account) -> None:
    """Five times the same payment, over https behind the proxy; a worker tells the subscriber."""
    _row, machine = terminal("qiwi")
    who = b64encode(f"qiwi:{machine.password}".encode()).decode()
    asked = (
        f"/terminals/qiwi/?command=pay&txn_id=7&account={alice.number}&sum=250.00"
        f"&txn_date={timezone.localtime():%Y%m%d%H%M%S}"
    )
    web = Visitor(product.ports["web"])
    answers = {web.get(asked, Authorization=f"Basic {who}").text for _ in range(5)}
    assert len(answers) == 1
    assert "<result>0</result>" in answers.pop()
    money = AccountBalance.objects.get(account_id=alice.pk).money
    assert (Payment.objects.count(), money) == (1, Decimal("250.00"))
    wait_until(
        lambda: Message.objects.filter(event_kind="payment.received").exists(),
        seconds=PATIENCE,
        why=lambda: product.log("worker"),
    )


def the_subscriber_sees_it(product: Production, alice: Account) -> None:
    """Signed in over https, the payment stands on the page."""
    web = Visitor(product.ports["web"])
    assert web.get("/").status == 302
    entered = web.post("/sign-in/", subject=alice.number, password=PASSWORD)
    assert entered.status == 302, entered.text
    page = web.get("/")
    assert (page.status, "250,00" in page.text) == (200, True)


def the_night_is_run_by_a_worker(product: Production) -> None:
    """The administrator sets the operator up, asks for the night, and the rating worker runs it."""
    web = Visitor(product.ports["web"])
    assert web.post("/crm/login/", login="root", password=PASSWORD).status == 302
    people.ladoga()
    asked = web.post("/crm/night/run/", page="/crm/night/")
    assert asked.status == 302, asked.text
    yesterday = timezone.localdate() - timedelta(days=1)
    wait_until(
        lambda: night_steps.is_closed(yesterday) or "Traceback" in product.log("rating"),
        seconds=PATIENCE,
        why=lambda: product.log("rating"),
    )
    assert night_steps.is_closed(yesterday), product.log("rating")
    shown = web.get(f"/crm/night/{yesterday}/")
    assert (shown.status, "100" in shown.text) == (200, True)
