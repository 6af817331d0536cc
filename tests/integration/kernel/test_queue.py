"""Nudges: after commit, once per transaction, never in the way of a committed payment."""

import pytest
from django.conf import settings
from django.db import connection, transaction

from billing_project.kernel import queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent; a broker is configured."""
    names: list[str] = []
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", "redis://broker.example")
    monkeypatch.setattr(queue.circuit, "open_until", 0.0)
    monkeypatch.setattr(
        queue.current_app._get_current_object(),
        "send_task",
        lambda name, **_options: names.append(name),
    )
    return names


def test_once_per_transaction_and_name(sent, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for name in ("access.drain", "access.drain", "network.send", "access.drain"):
            queue.nudge(name)
        assert sent == []
    assert sent == ["access.drain", "network.send"]


def test_a_nudge_of_a_rolled_back_savepoint_does_not_count(
    sent, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        savepoint = transaction.atomic()
        with savepoint:
            queue.nudge("access.drain")
            transaction.set_rollback(True)
        queue.nudge("access.drain")
    assert sent == ["access.drain"]


def test_one_inside_a_savepoint_and_one_outside_may_be_two(
    sent, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        queue.nudge("access.drain")
        with transaction.atomic():
            queue.nudge("access.drain")
    assert sent == ["access.drain"]


def test_without_a_broker_nothing_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", None)
    before = len(connection.run_on_commit)
    queue.nudge("access.drain")
    assert len(connection.run_on_commit) == before


def test_a_dead_broker_costs_one_try_and_a_rest(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    tries: list[str] = []

    def refuse(name: str, **_options: object) -> None:
        tries.append(name)
        raise ConnectionError

    monkeypatch.setattr(settings, "CELERY_BROKER_URL", "redis://broker.example")
    monkeypatch.setattr(queue.circuit, "open_until", 0.0)
    monkeypatch.setattr(queue.current_app._get_current_object(), "send_task", refuse)
    failed = queue.FAILURES._value.get()
    with django_capture_on_commit_callbacks(execute=True):
        queue.nudge("access.drain")
        queue.nudge("network.send")
    assert tries == ["access.drain"]
    assert queue.FAILURES._value.get() == failed + 2
