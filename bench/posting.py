"""
Single postings in real time, each a transaction with its key row, by clients of their own processes.

Beside them, in the same run: a bare update of a balance, which is what the machine gives, and the
product's whole `accounts.operations.post`, Python included.
"""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from typing import Any, Final

import psycopg2

from bench.figures import Figure
from bench.setting import DAY, NOW, Setting

CLIENTS: Final = 2
ROUNDS: Final = 3
#: Posts a second of two clients together.
LEAST: Final = 5_000
KIND, CONTRA, FUND = 30, 20, 1
BARE: Final = """
    UPDATE accounts_accountbalance SET money = money + %s WHERE account_id = %s
"""
PREPARE: Final = """
    PREPARE post (bigint, bigint) AS SELECT * FROM accounts_post($1, %s::smallint, $2, %s::numeric,
        %s::date, %s::smallint, %s::smallint, %s::timestamptz, NULL, NULL, NULL, NULL, 'bench', '')
"""
AMOUNT: Final = Decimal("-1.00")


def measure(setting: Setting) -> None:
    """Let the clients post in turn by each way, the rounds alternating; tell the best of each."""
    ways = {"bare update of a balance": bare, "posts, key row included": post, "operation": whole}
    rates, posts = dict.fromkeys(ways, 0.0), setting.options.posts
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as clients:
        for number in range(ROUNDS):
            for name, way in ways.items():
                rates[name] = max(rates[name], _rate(clients, way, number=number, posts=posts))
    for name, rate in rates.items():
        least = LEAST if way_is_gated(name) else None
        setting.tell(Figure(f"posting: {name}, {CLIENTS} clients", rate, "a second", least=least))
    ratio = rates["posts, key row included"] / rates["bare update of a balance"]
    setting.tell(Figure("posting: posts to bare updates", ratio, "times"))
    setting.tell(Figure("posting: balances that are not the sum", _broken(), "", most=0))


def way_is_gated(name: str) -> bool:
    """Whether the gate of the issue is about this way."""
    return name.startswith("posts")


def _rate(
    clients: ProcessPoolExecutor, way: Callable[..., float], *, number: int, posts: int
) -> float:
    """Return posts a second of all clients together: of the slowest one's time."""
    spans = list(clients.map(partial(way, number=number, posts=posts), range(CLIENTS)))
    return CLIENTS * posts / max(spans)


def bare(client: int, *, number: int, posts: int) -> float:
    """Add nothing to balances, one transaction each; return the seconds."""
    cursor, accounts = _connected()
    chance = random.Random(f"{client}-{number}")
    cursor.execute("PREPARE bare (numeric, bigint) AS " + BARE % ("$1", "$2"))
    began = time.perf_counter()
    for _ in range(posts):
        cursor.execute("EXECUTE bare (0, %s)", [chance.choice(accounts)])
    return time.perf_counter() - began


def post(client: int, *, number: int, posts: int) -> float:
    """Post by the ledger's function, one transaction each; return the seconds."""
    cursor, accounts = _connected()
    chance = random.Random(f"{client}-{number}")
    first = _first_ref(client, number, posts)
    cursor.execute(PREPARE, [KIND, AMOUNT, DAY, CONTRA, FUND, NOW])
    began = time.perf_counter()
    for ref in range(first, first + posts):
        cursor.execute("EXECUTE post (%s, %s)", [chance.choice(accounts), ref])
    return time.perf_counter() - began


def whole(client: int, *, number: int, posts: int) -> float:
    """Post by the product's operation; return the seconds."""
    import django

    django.setup()
    from django.db import connection

    from accounts.domain.kinds import Kind
    from accounts.domain.posting import Posting
    from accounts.operations import post as post_them
    from billing_project.kernel import queue

    # Nobody is to be woken by a measurement: the workers' queue would be full of it.
    queue.nudge = lambda _task: None

    _cursor, accounts = _connected()
    connection.ensure_connection()
    chance = random.Random(f"{client}-{number}")
    first = _first_ref(client, number, posts) + posts
    began = time.perf_counter()
    for ref in range(first, first + posts):
        posting = Posting(
            account_id=chance.choice(accounts),
            kind=Kind.ADJUSTMENT,
            ref=ref,
            amount=AMOUNT,
            business_date=DAY,
        )
        post_them(postings=[posting], now=NOW, actor="bench")
    return time.perf_counter() - began


def _first_ref(client: int, number: int, posts: int) -> int:
    return 1_000_000 + (number * CLIENTS + client) * 2 * posts


def _connected() -> tuple[Any, list[int]]:
    """Give a cursor of a connection that commits each statement, and the accounts to post to."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SELECT account_id FROM accounts_accountbalance LIMIT 200000")
    return cursor, [account for (account,) in cursor.fetchall()]


def _broken() -> int:
    from accounts.queries.invariants import BALANCE_IS_SUM
    from billing_project.kernel.invariants import find_violations

    return len(find_violations(BALANCE_IS_SUM))
