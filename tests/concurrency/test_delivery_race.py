"""Many workers at the same messages: each is mailed once; without the claim it would not be."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from notifications import operations
from notifications.models import Message
from notifications.operations import delivering
from tests.services import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORKERS = 4


def _write(count: int) -> None:
    for number in range(count):
        Message.objects.create(
            event_id=number,
            event_kind="bill.issued",
            customer_id=31,
            channel="email",
            recipient="maria@example.org",
            category="money",
            language="ru",
            subject=f"Счёт {number}",
            body="Готов.",
            next_try_at=NOW,
            created_at=NOW,
        )


def _at_once(work: Callable[[], object]) -> None:
    barrier = threading.Barrier(WORKERS)

    def run() -> None:
        try:
            barrier.wait(10)
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def _subjects(smtp_server: SmtpServer) -> Counter[str]:
    return Counter(str(mail["Subject"]) for mail in smtp_server.messages)


def test_each_message_is_mailed_once(smtp_server: SmtpServer) -> None:
    _write(40)
    _at_once(lambda: operations.deliver(now=NOW, limit=40))
    assert _subjects(smtp_server) == Counter({f"Счёт {number}": 1 for number in range(40)})
    assert Message.objects.filter(state="sent", attempts=1).count() == 40


def test_without_the_guard_of_the_claim_it_is_mailed_many_times(
    smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(1)
    message_id = Message.objects.get().pk
    guard = "state = 'queued' AND next_try_at = %s"
    assert guard in delivering.CLAIM
    monkeypatch.setattr(
        delivering, "CLAIM", delivering.CLAIM.replace(guard, "%s::timestamptz IS NOT NULL")
    )
    everybody: Any = lambda **_where: [(message_id, "email")]  # noqa: E731 - the lease, broken
    monkeypatch.setattr(delivering, "_lease", everybody)
    _at_once(lambda: operations.deliver(now=NOW))
    assert _subjects(smtp_server)["Счёт 0"] > 1
