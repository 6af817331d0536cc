"""A night takes hours: what it claims late is claimed at that moment, not when it began."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest

from billing_project import night_steps
from billing_project.kernel.models import JobRun
from billing_project.night import Night
from provisioning import operations as provisioning
from provisioning.operations import SentOrders

BEGAN = datetime(2026, 11, 22, 1, tzinfo=UTC)


def test_the_network_is_told_at_the_present_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = []

    def send(*, now: datetime, limit: int) -> SentOrders:
        moments.append(now)
        return SentOrders()

    monkeypatch.setattr(provisioning, "send_waiting", send)
    night = Night(date(2026, 11, 21), BEGAN, began=time.monotonic() - 7200)
    night_steps.tell_network(night, JobRun(), lambda _done, _total: None)
    assert timedelta(hours=2) <= moments[0] - BEGAN < timedelta(hours=2, minutes=1)
