"""
Online charging over HTTP: the real `net` process under load, beside a bare view on the same server.

Prepaid subscribers with money, eight kept connections. Rates that end in a gate are those of the
issue; those of the bare view and of a request that does nothing show what the machine gives.
"""

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.figures import Figure
from bench.setting import Setting

CONNECTIONS: Final = 8
REQUESTS: Final = 2_000
ROUNDS: Final = 6
MONEY: Final = Decimal("500.00")
NUMBERS: Final = ("79210000099", "79031234567", "79119876543", "12125550100")
SESSIONS_OF_ONE: Final = 50
#: Requests a second, milliseconds, and parts of the bare view's rate.
LEAST_RESERVE, LEAST_AUTHORISE, MOST_P99, LEAST_OF_BARE = 1_500, 2_500, 15, 0.45
INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS bench_identifier ON accounts_identifieruse"
    " USING gist (key, tstzrange(active_from, active_to))",
    "CREATE INDEX IF NOT EXISTS bench_plan ON accounts_planassignment"
    " USING gist (account_id, subscription_id, tstzrange(active_from, active_to))",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load: where it listens, and its process."""

    address: str
    process: int

    def computed(self) -> tuple[float, float]:
        """Return the processor seconds that its workers took so far, and those of PostgreSQL."""
        workers = _below(self.process)
        return sum(map(_seconds, workers)), sum(map(_seconds, _backends()))


def measure(setting: Setting) -> None:
    """Start both servers and put them under load in turn, so that both meet the same machine."""
    token = _prepare()
    random.seed(7)
    people = min(setting.options.subscribers, 100_000)
    with (
        _server("bench.charging_bare:application") as bare,
        _server("billing_project.net_wsgi:application") as own,
    ):
        # The first request of each process loads the prices.
        _fire(own, _authorisations(token, people, 400))
        told = _in_turn(bare, own, token=token, people=people)
        _forget_bare()
        crowd = _crowd(own, token)
    _tell(setting, told)
    setting.tell(Figure("charging: 50 sessions of one account", crowd["rate"], "requests/s"))
    note = str(crowd["codes"])
    setting.tell(Figure("charging: 50 sessions of one account p99", crowd["p99"], "ms", note=note))
    setting.tell(Figure("charging: roubles below the limit", _overspent(), "", most=0))


def _in_turn(
    bare: Server, own: Server, *, token: str, people: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the rounds of each kind of request."""
    told: dict[str, list[dict[str, Any]]] = {}
    for number in range(ROUNDS):
        starts = _reservations(token, people, name=f"own-{number}")
        rounds = {
            "noop": (bare, _plain(people, "/noop", number)),
            "authorise, bare": (bare, _plain(people, "/authorise", number)),
            "authorise": (own, _authorisations(token, people)),
            "reserve, bare": (bare, _plain(people, "/reserve", number)),
            "reserve": (own, starts),
            "terminate": (own, _ends(starts)),
        }
        for kind, (server, requests) in rounds.items():
            told.setdefault(kind, []).append(_fire(server, requests))
    return told


def _plain(people: int, path: str, number: int) -> list[Any]:
    return [_asked("", people, path, session=f"bare-{number}-{place}") for place in range(REQUESTS)]


def _prepare() -> str:
    """Make everybody prepaid with money; return the token of a client."""
    from django.db import connection

    from accounts import operations as accounts_operations
    from accounts.domain.kinds import Kind
    from accounts.models import Account
    from bench.setting import DAY, NOW
    from rating.models import UsageSource
    from rating.operations import charging

    with connection.cursor() as cursor:
        for index in INDEXES:
            cursor.execute(index)
    Account.objects.update(kind="prepaid")
    accounts_operations.post_many(
        source_sql="SELECT a.id, a.id, %s::numeric, %s::date, NULL::bigint, NULL::jsonb"
        " FROM accounts_account a ORDER BY a.id LIMIT 100000",
        params=[MONEY, DAY],
        kind=Kind.OPENING,
        now=NOW,
        actor="system:bench",
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    source = UsageSource.objects.get(code="csv-1")
    return charging.add_client(code="bench", name="bench", source=source)


def _asked(token: str, people: int, path: str, **more: Any) -> list[Any]:
    from bench.world import FIRST_NUMBER

    body = {
        "subscriber": str(FIRST_NUMBER + random.randrange(people)),
        "number": random.choice(NUMBERS),
        **more,
    }
    return [path, token, body]


def _authorisations(token: str, people: int, count: int = REQUESTS) -> list[Any]:
    return [_asked(token, people, "/net/charging/authorise") for _ in range(count)]


def _reservations(token: str, people: int, *, name: str) -> list[Any]:
    return [
        _asked(token, people, "/net/charging/reserve", session=f"{name}-{place}")
        for place in range(REQUESTS)
    ]


def _ends(starts: list[list[Any]]) -> list[Any]:
    """End the sessions within their slices, as switches do."""
    return [
        [
            "/net/charging/terminate",
            token,
            {"session": body["session"], "sequence": 1, "used": random.randrange(60)},
        ]
        for _path, token, body in starts
    ]


def _crowd(server: Server, token: str) -> dict[str, Any]:
    """Fifty connections, each with sessions of the first subscriber, begun, gone on with, ended."""
    from bench.world import FIRST_NUMBER

    requests: list[Any] = []
    who = {"subscriber": str(FIRST_NUMBER), "number": NUMBERS[1], "units": 60}
    for number in range(6):
        names = [f"crowd-{number}-{place}" for place in range(SESSIONS_OF_ONE)]
        requests += [["/net/charging/reserve", token, {"session": n, **who}] for n in names]
        for verb, sequence in (("update", 1), ("terminate", 2)):
            body = {"sequence": sequence, "used": 60, "units": 60}
            requests += [[f"/net/charging/{verb}", token, {"session": n, **body}] for n in names]
    return _fire(server, requests, connections=SESSIONS_OF_ONE)


def _overspent() -> float:
    """How far the poorest prepaid account is below what it may spend."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(money + floor - held) FROM accounts_accountbalance WHERE money > 0"
        )
        return float(max(-cursor.fetchone()[0], 0))


def _forget_bare() -> None:
    """Give back what the bare view reserved."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rating_chargingsession")
        # The bench owns this database; the product has one writer.
        cursor.execute(
            "SELECT accounts_hold(account_id, -held, false) FROM accounts_accountbalance WHERE held <> 0"
        )


def _fire(server: Server, requests: list[Any], *, connections: int = CONNECTIONS) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.load", server.address, str(connections)]
    workers, backends = server.computed()
    told = subprocess.run(
        command, input=json.dumps(requests), stdout=subprocess.PIPE, text=True, check=True
    )
    after = server.computed()
    taken = {"workers": after[0] - workers, "backends": after[1] - backends}
    each = {name: seconds / len(requests) * 1_000_000 for name, seconds in taken.items()}
    return {**json.loads(told.stdout), **each}


def _below(process: int) -> list[int]:
    """List the processes that a process started, and theirs."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [number for child in map(int, children) for number in (child, *_below(child))]


def _backends() -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return [row[0] for row in cursor.fetchall()]


def _seconds(process: int) -> float:
    """Return what a process, with its threads, took of processors; nothing of one elsewhere."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _server(target: str) -> Iterator[Server]:
    """Run a granian as in production on a free port."""
    from billing_project.launcher.processes import free_port

    port = free_port(preferred=8190)
    address = f"127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", target),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
        *("--blocking-threads", "2", "--no-access-log", "--log-level", "warning"),
    ]
    server = subprocess.Popen(command, env=dict(os.environ))
    try:
        for _ in range(600):
            time.sleep(0.1)
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                continue
        yield Server(address, server.pid)
    finally:
        server.terminate()
        server.wait(20)


def _tell(setting: Setting, told: dict[str, list[dict[str, Any]]]) -> None:
    best = {kind: max(rounds, key=lambda one: one["rate"]) for kind, rounds in told.items()}
    least = {"authorise": LEAST_AUTHORISE, "reserve": LEAST_RESERVE}
    setting.tell(Figure("charging: a view that does nothing", best["noop"]["rate"], "requests/s"))
    for kind in ("authorise", "reserve", "terminate"):
        one, name = best[kind], f"charging: {kind}"
        note = str(one["codes"])
        setting.tell(Figure(name, one["rate"], "requests/s", least=least.get(kind), note=note))
        setting.tell(Figure(f"{name} p50", one["p50"], "ms"))
        most = MOST_P99 if kind in least else None
        setting.tell(Figure(f"{name} p99", one["p99"], "ms", most=most))
        _tell_computed(setting, name, told[kind])
        if kind in least:
            bare = told[f"{kind}, bare"]
            fastest = best[f"{kind}, bare"]["rate"]
            setting.tell(Figure(f"{name}, bare view", fastest, "requests/s"))
            # Of rounds that followed each other: they met the machine in the same state.
            pairs = zip(told[kind], bare, strict=True)
            part = median(own["rate"] / other["rate"] for own, other in pairs)
            setting.tell(Figure(f"{name} / bare view", part, "", least=LEAST_OF_BARE))


def _tell_computed(setting: Setting, name: str, rounds: list[dict[str, Any]]) -> None:
    """Tell the processor time of a request: it says the same on a machine that others use."""
    for who in ("workers", "backends"):
        taken = median(one[who] for one in rounds)
        setting.tell(Figure(f"{name}, computed by {who}", taken, "µs"))
