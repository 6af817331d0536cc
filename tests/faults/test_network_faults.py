"""The network as it is: slow, broken, rude, answering twice; a worker killed while it asks."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from billing_project.kernel.invariants import find_violations
from provisioning import operations, queries
from provisioning.domain.signing import is_signed
from provisioning.models import Gateway, NetworkOrder, NetworkState
from provisioning.operations import SentOrders, sending
from tests.services import WebhookEndpoint, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SLOW = {"level": "slow", "speed_kbps": 512, "plan": "home", "identifiers": ["ivanova"]}
OPEN = SLOW | {"level": "open", "speed_kbps": 100_000}


@pytest.fixture(autouse=True)
def _gateway(webhook_endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWORK_SECRET", "between us")
    Gateway.objects.update(
        kind="webhook", url=webhook_endpoint.url, secret_variable="NETWORK_SECRET"
    )


def _order(desired: dict, service_id: int = 7) -> None:
    operations.order(
        account_id=1,
        subscription_id=service_id,
        service="internet",
        action="set_access",
        desired=desired,
        now=NOW,
    )


def _send(after: timedelta = timedelta(0)) -> SentOrders:
    return operations.send_waiting(now=NOW + after)


def _broken() -> list[str]:
    return [promise.name for promise in queries.invariants() if find_violations(promise)]


def test_an_order_goes_out_signed_and_is_confirmed(webhook_endpoint: WebhookEndpoint) -> None:
    _order(SLOW)
    assert _send() == SentOrders(confirmed=1)
    order, request = NetworkOrder.objects.get(), webhook_endpoint.received[0]
    assert request.json == {
        "order": order.pk,
        "account": 1,
        "service": 7,
        "action": "set_access",
        "desired": SLOW,
    }
    assert request.headers["Idempotency-Key"] == f"order-{order.pk}"
    timestamp = int(request.headers["X-Retel-Timestamp"])
    signature = request.headers["X-Retel-Signature"]
    assert timestamp == int(NOW.timestamp())
    assert is_signed(request.body, secret="between us", timestamp=timestamp, signature=signature)
    assert (order.state, order.confirmed_at) == ("confirmed", NOW)
    assert NetworkState.objects.get(pk=7).confirmed == SLOW
    assert _send() == SentOrders()
    assert len(webhook_endpoint.received) == 1


def test_a_network_that_fails_is_asked_again_later(webhook_endpoint: WebhookEndpoint) -> None:
    webhook_endpoint.answers = [(500, {}), (503, {}), (200, b"not json")]
    _order(SLOW)
    assert _send() == SentOrders(later=1)
    assert _send(timedelta(seconds=1)) == SentOrders()
    for minutes in (1, 2):
        assert _send(timedelta(minutes=minutes)) == SentOrders(later=1)
    assert _send(timedelta(minutes=4)) == SentOrders(confirmed=1)
    order = NetworkOrder.objects.get()
    assert (order.attempts, order.state, order.error) == (4, "confirmed", "")
    keys = {request.headers["Idempotency-Key"] for request in webhook_endpoint.received}
    assert keys == {f"order-{order.pk}"}


def test_a_refusal_is_final_and_becomes_work_for_a_person(
    webhook_endpoint: WebhookEndpoint,
) -> None:
    webhook_endpoint.answers = [(404, {"reason": "no such port"})]
    _order(SLOW)
    assert _send() == SentOrders(failed=1)
    assert _send(timedelta(hours=1)) == SentOrders()
    assert [order.error for order in queries.list_failed()] == ["HTTP 404 no such port"]
    assert not NetworkState.objects.exists()


def test_tries_end_in_failure(webhook_endpoint: WebhookEndpoint) -> None:
    webhook_endpoint.always = (500, {})
    _order(SLOW)
    NetworkOrder.objects.update(attempts=19)
    assert _send() == SentOrders(failed=1)
    assert NetworkOrder.objects.get().attempts == 20


def test_a_lost_answer_is_asked_for_again_and_does_no_harm(
    webhook_endpoint: WebhookEndpoint,
) -> None:
    webhook_endpoint.answers = ["hang up"]
    _order(SLOW)
    assert _send() == SentOrders(later=1)
    assert _send(timedelta(minutes=1)) == SentOrders(confirmed=1)
    first, second = webhook_endpoint.received
    assert first.json == second.json
    assert webhook_endpoint.state == {7: SLOW}


def test_an_order_superseded_while_it_waits_is_never_sent_again(
    webhook_endpoint: WebhookEndpoint,
) -> None:
    webhook_endpoint.answers = [(500, {})]
    _order(SLOW)
    _send()
    _order(OPEN)
    assert _send(timedelta(minutes=1)) == SentOrders(confirmed=1)
    assert _send(timedelta(hours=1)) == SentOrders()
    assert webhook_endpoint.state == {7: OPEN}
    states = NetworkOrder.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["superseded", "confirmed"]


def test_orders_of_one_service_go_one_after_the_other(webhook_endpoint: WebhookEndpoint) -> None:
    webhook_endpoint.answers = [0.6]
    _order(SLOW)
    slow_worker = threading.Thread(target=_in_own_connection, args=(_send,))
    slow_worker.start()
    wait_for(lambda: webhook_endpoint.received)
    _order(OPEN)
    assert _send(timedelta(seconds=1)) == SentOrders()
    slow_worker.join(5)
    assert _send(timedelta(seconds=2)) == SentOrders()
    sent = [request.json["desired"]["level"] for request in webhook_endpoint.received]
    assert sent == ["slow", "open"]
    assert NetworkState.objects.get(pk=7).confirmed == OPEN
    assert _broken() == []


def test_two_claimers_never_put_one_service_on_the_wire_twice() -> None:
    _order(SLOW)
    claimed = sending._claim(now=NOW, limit=10, resting=())
    # What another worker's older snapshot would still see as waiting:
    _order(OPEN)
    assert [claim.order.desired for claim in claimed] == [SLOW]
    assert sending._claim(now=NOW, limit=10, resting=()) == []
    assert NetworkOrder.objects.filter(state="sending").count() == 1


def test_an_unreachable_gateway_is_left_alone_and_costs_the_others_nothing(
    webhook_endpoint: WebhookEndpoint,
) -> None:
    dead = Gateway.objects.create(
        code="dead", kind="webhook", url="http://127.0.0.1:9/", services=["fixed"]
    )
    for service_id in range(100, 160):
        _order(SLOW, service_id=service_id)
    NetworkOrder.objects.update(gateway=dead)
    _order(SLOW)
    answer = _send()
    assert (answer.confirmed, answer.failed) == (1, 0)
    assert webhook_endpoint.state == {7: SLOW}
    tried = NetworkOrder.objects.filter(gateway=dead, attempts=1).count()
    assert 8 <= tried <= 16
    assert NetworkOrder.objects.filter(gateway=dead, state="queued").count() == 60


def test_a_worker_killed_between_sending_and_noting_is_made_good(
    webhook_endpoint: WebhookEndpoint, process_environment: dict[str, str]
) -> None:
    webhook_endpoint.answers = [30]
    _order(SLOW)
    worker = subprocess.Popen([sys.executable, "-c", SEND_IN_A_PROCESS], env=process_environment)
    wait_for(lambda: webhook_endpoint.received, seconds=30)
    worker.kill()
    worker.wait(10)
    assert NetworkOrder.objects.get().state == "sending"
    assert _send(timedelta(minutes=1)) == SentOrders()
    assert _send(timedelta(minutes=3)) == SentOrders(confirmed=1)
    first, second = webhook_endpoint.received
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert webhook_endpoint.state == {7: SLOW}
    assert _broken() == []


def test_a_worker_given_up_for_lost_notes_nothing_any_more() -> None:
    _order(SLOW)
    (lost,) = sending._claim(now=NOW, limit=10, resting=())
    (taken,) = sending._claim(now=NOW + timedelta(minutes=3), limit=10, resting=())
    assert (lost.attempts, taken.attempts) == (1, 2)
    late = sending.Note(lost, "failed", 1, None, "late")
    assert sending._note([late], now=NOW) == SentOrders()
    assert NetworkOrder.objects.get().state == "sending"


def _in_own_connection(call: Callable[[], object]) -> None:
    from django.db import connection

    try:
        call()
    finally:
        connection.close()


SEND_IN_A_PROCESS = f"""
import django
django.setup()
from datetime import datetime
from provisioning import operations
operations.send_waiting(now=datetime.fromisoformat("{NOW.isoformat()}"))
"""


def test_a_claim_bears_its_own_moment_however_long_the_batches_before_took(
    monkeypatch: pytest.MonkeyPatch, webhook_endpoint: WebhookEndpoint
) -> None:
    clock = iter([0, 300, 600])
    monkeypatch.setattr(sending, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(sending, "BATCH", 1)
    for service_id in (7, 8):
        _order(SLOW, service_id)
    assert _send() == SentOrders(confirmed=2)
    claimed = NetworkOrder.objects.order_by("id").values_list("claimed_at", flat=True)
    assert list(claimed) == [NOW, NOW + timedelta(minutes=5)]
    stamps = [int(request.headers["X-Retel-Timestamp"]) for request in webhook_endpoint.received]
    assert stamps == [int(NOW.timestamp()), int(NOW.timestamp()) + 300]
