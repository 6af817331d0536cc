"""Mail as it is: refusing, slow, hanging up, down; a worker killed while it sends."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing_project.kernel.models import StateChange
from notifications import operations, queries
from notifications.models import Message
from notifications.operations import Delivered
from tests.checks import broken_promises
from tests.services import SmtpServer, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _write(count: int = 1, **changes: Any) -> list[int]:
    values: dict[str, Any] = {
        "event_kind": "bill.issued",
        "customer_id": 31,
        "channel": "email",
        "recipient": "maria@example.org",
        "category": "money",
        "language": "ru",
        "subject": "Счёт готов",
        "body": "Готов счёт за октябрь.",
        "next_try_at": NOW,
        "created_at": NOW,
    } | changes
    rows = [Message.objects.create(event_id=number, **values) for number in range(count)]
    return [row.pk for row in rows]


def _deliver(after: timedelta = timedelta(0)) -> Delivered:
    return operations.deliver(now=NOW + after)


def test_a_message_is_mailed_once(smtp_server: SmtpServer) -> None:
    [key] = _write()
    assert _deliver() == Delivered(sent=1)
    [mail] = smtp_server.messages
    assert (mail["Subject"], mail["To"]) == ("Счёт готов", "maria@example.org")
    assert mail.get_content().strip() == "Готов счёт за октябрь."
    assert mail["X-Retel-Message"] == f"message-{key}"
    assert mail["Message-ID"].startswith(f"<message-{key}@")
    message = Message.objects.get()
    assert (message.state, message.sent_at, message.attempts) == ("sent", NOW, 1)
    assert _deliver(timedelta(hours=9)) == Delivered()
    assert len(smtp_server.messages) == 1


def test_many_go_over_one_connection_and_each_once(smtp_server: SmtpServer) -> None:
    _write(30)
    assert _deliver() == Delivered(sent=30)
    assert len({mail["X-Retel-Message"] for mail in smtp_server.messages}) == 30
    assert len(smtp_server.messages) == 30


def test_try_later_is_tried_later(smtp_server: SmtpServer) -> None:
    smtp_server.faults = ["451 try later"]
    _write()
    assert _deliver() == Delivered(later=1)
    message = Message.objects.get()
    assert (message.state, message.attempts, message.sent_at) == ("queued", 1, None)
    assert message.error.startswith("451")
    assert _deliver(timedelta(seconds=20)) == Delivered()
    assert _deliver(MINUTE) == Delivered(sent=1)
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize("where", ["recipient", "data"])
def test_a_refusal_is_final_and_spares_the_others(smtp_server: SmtpServer, where: str) -> None:
    if where == "recipient":
        smtp_server.refused = {"nobody@example.org"}
    else:
        smtp_server.faults = ["550 no such person"]
    _write(recipient="nobody@example.org")
    _write(recipient="maria@example.org")
    assert _deliver() == Delivered(sent=1, failed=1)
    assert smtp_server.recipients == ["maria@example.org"]
    [failed] = queries.list_undelivered()
    assert (failed.recipient, failed.error[:3]) == ("nobody@example.org", "550")
    assert _deliver(timedelta(days=1)) == Delivered()


def test_a_server_that_takes_it_and_hangs_up_leaves_it_unknown(smtp_server: SmtpServer) -> None:
    smtp_server.faults = ["hang up"]
    _write()
    assert _deliver() == Delivered(unknown=1)
    assert len(smtp_server.messages) == 1
    assert _deliver(timedelta(days=1)) == Delivered()
    assert len(smtp_server.messages) == 1


def test_a_server_that_does_not_answer_in_time_leaves_it_unknown(smtp_server: SmtpServer) -> None:
    smtp_server.faults = [3]
    _write()
    assert _deliver() == Delivered(unknown=1)
    assert _deliver(timedelta(days=1)) == Delivered()


def test_an_unknown_message_goes_again_on_a_persons_word(smtp_server: SmtpServer) -> None:
    smtp_server.faults = ["hang up"]
    [message_id] = _write()
    _deliver()
    assert operations.requeue(message_ids=[message_id], now=NOW, actor="staff:1") == [message_id]
    assert _deliver() == Delivered(sent=1)
    assert StateChange.objects.get(model="notifications.message").actor == "staff:1"
    assert operations.requeue(message_ids=[message_id], now=NOW, actor="staff:1") == []


def test_a_server_that_is_down_costs_no_try_and_holds_up_nobody(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    _write(20)
    assert _deliver() == Delivered(later=1)
    assert set(Message.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_all_of_them_go_once_it_is_back(settings: Any, smtp_server: SmtpServer) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    _write(5)
    _deliver()
    settings.EMAIL_PORT = port
    assert _deliver(timedelta(minutes=6)) == Delivered(sent=5)
    assert len(smtp_server.messages) == 5


def test_a_message_in_the_inbox_is_left_alone(smtp_server: SmtpServer) -> None:
    _write(channel="inbox")
    assert _deliver() == Delivered()
    assert smtp_server.messages == []


def test_a_worker_killed_while_it_sends_leaves_it_unknown_and_the_rest_waiting(
    smtp_server: SmtpServer, process_environment: dict[str, str]
) -> None:
    smtp_server.faults = [30]
    _write(3)
    environment = process_environment | {"RETEL_EMAIL_PORT": str(smtp_server.port)}
    worker = subprocess.Popen([sys.executable, "-c", DELIVER_IN_A_PROCESS], env=environment)
    wait_for(lambda: Message.objects.filter(state="sending").exists(), seconds=30)
    wait_for(lambda: not smtp_server.faults)
    worker.kill()
    worker.wait(10)
    assert _deliver(MINUTE) == Delivered()
    later = _deliver(timedelta(minutes=16))
    assert later == Delivered(sent=2, unknown=1)
    unknown = Message.objects.get(state="unknown")
    sent = {mail["X-Retel-Message"] for mail in smtp_server.messages}
    assert f"message-{unknown.pk}" not in sent
    assert len(smtp_server.messages) == 2
    assert _deliver(timedelta(days=1)) == Delivered()
    assert broken_promises(queries.alarms(now=NOW))[0].startswith("messages that failed")


DELIVER_IN_A_PROCESS = f"""
import django
django.setup()
from datetime import datetime
from django.conf import settings
settings.EMAIL_TIMEOUT = 60
from notifications import operations
operations.deliver(now=datetime.fromisoformat("{NOW.isoformat()}"))
"""
