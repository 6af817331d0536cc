"""Online charging in a real process: kills, lost connections, repeats after them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from bench.world import FIRST_NUMBER, build_operator
from billing_project.launcher.processes import free_port
from billing_project.launcher.state import ROOT
from rating import queries
from rating.models import ChargingSession, PricedUsage
from rating.operations import charging
from rating.queries.charging import MEMORY
from tests.checks import broken_promises
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import COUNTRY, Switch, figures

pytestmark = pytest.mark.django_db(transaction=True)
WHO = {"subscriber": str(FIRST_NUMBER), "number": COUNTRY}


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A switch of an operator whose first subscriber has 1,000 roubles, prepaid."""
    operator = build_operator(subscribers=2)
    Account.objects.update(kind="prepaid")
    world.give(operator, "1000.00")
    MEMORY.forget()
    yield world.switch(operator)
    MEMORY.forget()


class Net:
    """The net process as it is run in production, and a connection to it."""

    def __init__(self, environment: dict[str, str], token: str) -> None:
        self.environment, self.token = environment, token
        # Any port: of two processes begun at once on one, each would get some of the requests.
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *("billing_project.net_wsgi:application", "--host", "127.0.0.1"),
                *("--port", str(self.port), "--workers", "1", "--blocking-threads", "2"),
                *("--log-level", "warning"),
            ],
            cwd=ROOT,
            env=self.environment,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.get("/health") == 200:
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail("the net process does not answer")

    def get(self, path: str) -> int:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        link.request("GET", path)
        return link.getresponse().status

    def post(self, verb: str, **body: Any) -> tuple[int, dict[str, Any]]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.token}"}
        link.request("POST", f"/net/charging/{verb}", json.dumps(body), headers)
        answer = link.getresponse()
        return answer.status, json.loads(answer.read())

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)


@pytest.fixture
def net(switch: Switch, process_environment: dict[str, str]) -> Iterator[Net]:
    started = Net(process_environment, switch.token)
    yield started
    started.kill()


def test_a_call_through_the_real_process(net: Net, switch: Switch) -> None:
    account = switch.operator.accounts[0].pk
    status, told = net.post("reserve", session="a", units=60, **WHO)
    assert (status, told.get("granted")) == (200, 60), told
    assert figures(account)[1] == Decimal(told["held"])
    # Killed between two requests; the client repeats the last one and goes on.
    net.kill()
    net.start()
    assert net.post("reserve", session="a", units=60, **WHO) == (200, told)
    status, ended = net.post("terminate", session="a", sequence=1, used=59)
    assert (status, ended["amount"]) == (200, told["held"])
    assert figures(account) == (Decimal("1000.00"), Decimal(told["held"]))
    assert broken_promises(queries.invariants()) == []


def test_the_process_survives_lost_connections(net: Net) -> None:
    assert net.post("authorise", **WHO)[0] == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0
    codes = [net.post("authorise", **WHO)[0] for _ in range(8)]
    # Each thread finds its connection gone once, says so, and has a new one.
    assert set(codes) <= {200, 503}
    assert codes[-1] == 200


def test_the_token_of_the_process_opens_no_charging(net: Net) -> None:
    net.token = os.environ.get("RETEL_NET_TOKEN", "of-the-network")
    assert net.post("authorise", **WHO)[0] == 401


BOOK = """
import os, sys, django
django.setup()
from django.utils import timezone
from rating.operations import charging
from rating.operations.charging import booking
name = sys.argv[1]
kept = getattr(booking, name)
def die(*args, **kwargs):
    kept(*args, **kwargs)
    os._exit(9)
setattr(booking, name, die)
charging.settle(business_date=timezone.localdate(), now=timezone.now())
"""


@pytest.mark.parametrize("after", ["_let_go", "_count", "note_span", "post_batch", "_close"])
def test_booking_killed_anywhere_is_done_once(
    switch: Switch, process_environment: dict[str, str], after: str
) -> None:
    account = switch.operator.accounts[0].pk
    switch.now = timezone.now()
    for name in ("a", "b", "c"):
        switch.told("reserve", name, number=COUNTRY if name == "a" else world.HOME, units=60)
        switch.told("terminate", name, 1, used=60)
    money, held = figures(account)
    killed = subprocess.run(
        [sys.executable, "-c", BOOK, after], cwd=ROOT, env=process_environment, check=False
    )
    assert killed.returncode == 9
    assert figures(account) == (money, held)
    assert not PricedUsage.objects.exists()
    now = timezone.now()
    charging.settle(business_date=timezone.localdate(now), now=now)
    assert figures(account) == (money - held, Decimal("0.00"))
    assert ChargingSession.objects.exclude(batch_id=None).count() == 3
    assert broken_promises(queries.invariants()) == []
