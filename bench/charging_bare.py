"""
What online charging is measured against: a bare WSGI view that runs the same two statements.

No framework, no prices: it reads a request, looks, writes a session with a fixed hold, answers.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import psycopg2

#: As the net process connects, see billing_project.net_settings.
LOOK_UPS = "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c jit=off"
LOOK = "SELECT rating_charging_look(%s, %s, %s, to_timestamp(%s), %s)"
BEGIN = f"SELECT rating_charging_begin({', '.join(['%s'] * 30)})"
_local = threading.local()


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /noop, /authorise (one statement) and /reserve (two)."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    told = b"{}" if environ["PATH_INFO"] == "/noop" else _answer(environ["PATH_INFO"], body)
    start(
        "200 OK",
        [("Content-Type", "application/json"), ("Content-Length", str(len(told)))],
    )
    return [told]


def _answer(path: str, body: bytes) -> bytes:
    asked = orjson.loads(body)
    cursor, now = _cursor(), int(time.time())
    session = asked.get("session")
    cursor.execute(LOOK, [1, session, int(asked["subscriber"]), now, "Europe/Moscow"])
    payer = orjson.loads(cursor.fetchone()[0])[1]
    if path == "/reserve":
        account, subscription, plan = payer[0], payer[1], payer[5]
        cursor.execute(
            BEGIN,
            [
                *(True, None, 1, session, account, subscription, 1, 1, now, asked["subscriber"]),
                *(int(asked["number"]), now, plan, 1, 1, 0, 300, 1, "[]", 0, 0, "{}"),
                *("now", "now", None, "", 0, 0, 0, None),
            ],
        )
        cursor.fetchone()
    return orjson.dumps({"result": "ok", "money": payer[6]})


def _cursor() -> Any:
    if not hasattr(_local, "cursor"):
        connection = psycopg2.connect(os.environ["DATABASE_URL"], options=LOOK_UPS)
        connection.autocommit = True
        _local.cursor = connection.cursor()
    return _local.cursor
