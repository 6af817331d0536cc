"""Where the services are, as settings see it."""

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_project.launcher import running


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(running, "noted", lambda: _noted(tmp_path))
    (tmp_path / running.NOTE).write_text(json.dumps({"DATABASE_URL": "db", "REDIS_URL": "vk"}))
    return tmp_path


_noted = running.noted


@pytest.fixture
def living_launcher(state: Path) -> Iterator[None]:
    with (state / running.LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class TestAddresses:
    def test_are_those_the_living_launcher_noted(self, living_launcher: None) -> None:
        assert (running.database_url(), running.redis_url()) == ("db", "vk")
        assert not running.is_missing()

    def test_of_a_dead_launcher_are_not_used(self, state: Path) -> None:
        assert (running.database_url(), running.redis_url()) == (running.NO_DATABASE, "")
        assert running.is_missing()

    def test_in_the_environment_come_first(
        self, living_launcher: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "named")
        assert (running.database_url(), running.redis_url()) == ("named", "vk")
