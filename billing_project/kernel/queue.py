"""
Nudges: a message to a worker that rows wait for it (decision C2).

The rows are the truth; a lost nudge costs a delay, since the schedule drains them too.
"""

import logging
import time
from dataclasses import dataclass
from typing import Final

from celery import current_app
from django.conf import settings
from django.db import connection
from prometheus_client import Counter

log = logging.getLogger(__name__)

#: After a failure nobody tries for so long: the broker's timeout is paid once, not per payment.
REST_SECONDS: Final = 5.0
FAILURES: Final = Counter("retel_nudges_failed", "Nudges that the broker did not take.")


@dataclass(slots=True)
class Circuit:
    """Open until a moment of the process's monotonic clock."""

    open_until: float = 0.0


circuit = Circuit()


@dataclass(frozen=True, slots=True)
class _Nudge:
    """A callable that on_commit can compare, so that a task is nudged once per transaction."""

    task_name: str

    def __call__(self) -> None:
        _send(self.task_name)


def nudge(task_name: str) -> None:
    """Wake the task after commit, once per transaction; without a broker do nothing."""
    if not settings.CELERY_BROKER_URL:
        return
    wanted, savepoints = _Nudge(task_name), set(connection.savepoint_ids)
    for entry in connection.run_on_commit:
        # One noted inside a savepoint that may still be rolled back does not count.
        if entry[1] == wanted and set(entry[0]) <= savepoints:
            return
    connection.on_commit(wanted, robust=True)


def _send(task_name: str) -> None:
    if time.monotonic() < circuit.open_until:
        FAILURES.inc()
        return
    try:
        current_app.send_task(task_name, ignore_result=True, retry=False)
    except Exception:  # whatever the broker's client raises: the payment is committed already
        circuit.open_until = time.monotonic() + REST_SECONDS
        FAILURES.inc()
        log.warning("no nudge to %s: the broker does not answer", task_name, exc_info=True)
