"""The whole product under the launcher: it comes up, answers, and nothing of it outlives a kill."""

import http.client
import signal

import pytest

from billing_project.launcher.processes import free_port
from tests.system.conftest import SECONDS, Launcher, asked, descendants, living, wait_until

PROGRAMS = (
    "wsgi:application",
    "net_wsgi:application",
    "--pool solo",
    "--max-tasks-per-child",
    "beat",
)


@pytest.fixture
def ports(launcher: Launcher) -> dict[str, int]:
    chosen = {"web": free_port(), "net": free_port()}
    launcher.env["RETEL_PORT"] = str(chosen["web"])
    launcher.env["RETEL_NET_PORT"] = str(chosen["net"])
    return chosen


def status(port: int, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def commands(pid: int) -> list[str]:
    return [" ".join(asked(member.cmdline, [])) for member in descendants(pid)]


def test_comes_up_answers_and_dies_with_its_launcher(
    launcher: Launcher, ports: dict[str, int]
) -> None:
    process = launcher.start("run")
    wait_until(lambda: process.poll() is not None or status(ports["net"], "/ready") == 200)
    wait_until(lambda: process.poll() is not None or status(ports["web"], "/ready") == 200)
    running = commands(process.pid)
    assert [words for words in PROGRAMS if not any(words in line for line in running)] == []
    token = (launcher.state / "retel_net_token").read_text()
    assert (launcher.state / "retel_net_token").stat().st_mode & 0o777 == 0o600
    assert status(ports["net"], "/metrics") == 401
    assert status(ports["net"], "/metrics", Authorization=f"Bearer {token}") == 404

    family = descendants(process.pid)
    process.kill()
    wait_until(
        lambda: not living(family),
        seconds=30,
        why=lambda: [(member.pid, asked(member.cmdline, [])) for member in living(family)],
    )


def test_ends_clean_on_interrupt_with_the_database_last(
    launcher: Launcher, ports: dict[str, int]
) -> None:
    process = launcher.start("run")
    wait_until(lambda: process.poll() is not None or status(ports["web"], "/ready") == 200)
    family = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert living(family) == []
    log = (launcher.state / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log
    # Nobody was still talking to the database when it went.
    assert "terminating connection due to administrator command" not in log
