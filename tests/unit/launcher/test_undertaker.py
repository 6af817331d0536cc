"""What outlives a killed launcher is ended, group by group."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from billing_project.launcher import undertaker


@pytest.fixture
def stubborn() -> subprocess.Popen[bytes]:
    """A group whose members take no notice of anything but -9."""
    body = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.fork()\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", body], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_kills_a_group_that_outlives_its_grace(
    stubborn: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undertaker, "GRACE_SECONDS", 0.3)

    family = psutil.Process(stubborn.pid).children()
    assert len(family) == 1

    undertaker.main([f"{stubborn.pid}\n"])

    assert stubborn.wait(5) == -9
    assert [member.pid for member in family if member.is_running() and runs(member)] == []


def runs(process: psutil.Process) -> bool:
    """Whether it runs; one that was killed a moment ago may still have to be seen off."""
    gone, _alive = psutil.wait_procs([process], timeout=5)
    return not gone and process.status() != psutil.STATUS_ZOMBIE


def test_leaves_the_living_alone_when_the_launcher_stopped_by_itself(
    stubborn: subprocess.Popen[bytes],
) -> None:
    undertaker.main([f"{stubborn.pid}\n", f"{undertaker.ALL_STOPPED}\n"])

    assert stubborn.poll() is None
    os.killpg(stubborn.pid, 9)


def test_leaves_at_once_when_all_are_gone() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    gone.wait()
    began = time.monotonic()

    undertaker.main([f"{gone.pid}\n"])

    assert time.monotonic() - began < undertaker.GRACE_SECONDS


def test_leaves_the_signals_of_its_caller_alone() -> None:
    heard_by = signal.getsignal(signal.SIGINT)

    undertaker.main([f"{undertaker.ALL_STOPPED}\n"])

    assert signal.getsignal(signal.SIGINT) is heard_by
