"""The schedule names tasks that exist, and every task runs on a queue that some worker serves."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from billing_project.celery import app
from billing_project.launcher import product

SERVED = {*product.QUEUES, product.SOLO_QUEUE}


@pytest.fixture(scope="module", autouse=True)
def _all_tasks() -> None:
    app.loader.import_default_modules()
    app.autodiscover_tasks(force=True)


def own_tasks() -> list[str]:
    """Return the names of the product's own tasks."""
    return sorted(name for name in app.tasks if not name.startswith("celery."))


def unknown_tasks(schedule: Mapping[str, Mapping[str, Any]], known: Iterable[str]) -> list[str]:
    """Return the entries of a beat table whose task nobody defines."""
    return sorted(name for name, entry in schedule.items() if entry["task"] not in set(known))


def queue_of(task: str) -> str:
    """Return the queue a task goes to when sent by name."""
    router = app.amqp.router.route({}, task)
    return str(getattr(app.tasks[task], "queue", None) or _name(router.get("queue")))


def _name(queue: object) -> str:
    return str(getattr(queue, "name", queue) or app.conf.task_default_queue)


def test_the_schedule_names_real_tasks() -> None:
    assert unknown_tasks(app.conf.beat_schedule or {}, own_tasks()) == []


def test_every_task_runs_on_a_queue_that_is_served() -> None:
    assert {task: queue_of(task) for task in own_tasks() if queue_of(task) not in SERVED} == {}


def test_a_planted_entry_is_found() -> None:
    planted = {"night": {"task": "no.such.task"}, "real": {"task": "rating.load"}}
    assert unknown_tasks(planted, ["rating.load"]) == ["night"]


def test_a_planted_queue_is_found() -> None:
    @app.task(name="tests.planted", queue="nobody_serves_this")
    def planted() -> None:
        """Never sent."""

    try:
        assert queue_of("tests.planted") not in SERVED
    finally:
        app.tasks.pop("tests.planted")
