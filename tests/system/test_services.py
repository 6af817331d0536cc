"""The embedded PostgreSQL and Valkey: found, stopped cleanly, never orphaned, data kept."""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from tests.system.conftest import SECONDS, Launcher, asked, descendants, end, living, wait_until


def ask(url: str, statement: str) -> str:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)
        return str(cursor.fetchone()[0]) if cursor.description else ""


class TestServices:
    def test_note_their_addresses_for_our_eyes_only(self, launcher: Launcher) -> None:
        launcher.start_services()
        assert (launcher.state / "services.json").stat().st_mode & 0o777 == 0o600
        assert ask(launcher.note()["DATABASE_URL"], "SELECT upper('привет')") == "ПРИВЕТ"
        assert redis.Redis.from_url(launcher.note()["REDIS_URL"]).ping() is True

    def test_refuse_whoever_has_no_password(self, launcher: Launcher) -> None:
        launcher.start_services()
        address = launcher.note()["DATABASE_URL"].rpartition("@")[2]
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(f"postgresql://retel@{address}")
        nameless = "redis://" + launcher.note()["REDIS_URL"].rpartition("@")[2]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(nameless).ping()

    def test_give_the_product_no_superuser(self, launcher: Launcher) -> None:
        launcher.start_services()
        asked = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        assert ask(launcher.note()["DATABASE_URL"], asked) == "False"

    def test_stop_on_interrupt_and_leave_no_note(self, launcher: Launcher) -> None:
        process = launcher.start_services()
        family = descendants(process.pid)
        assert len(family) >= 2
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
        assert process.returncode == 0
        assert living(family) == []
        assert not (launcher.state / "services.json").exists()

    def test_do_not_outlive_a_killed_launcher(self, launcher: Launcher) -> None:
        process = launcher.start_services()
        family = descendants(process.pid)
        assert {"postgres", "valkey-server"} <= {asked(member.name, "") for member in family}
        process.kill()
        wait_until(lambda: not living(family), seconds=20)

    def test_keep_data_over_a_clean_stop_and_over_a_kill(self, launcher: Launcher) -> None:
        first = launcher.start_services()
        ask(launcher.note()["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        redis.Redis.from_url(launcher.note()["REDIS_URL"]).set("kept", "43")
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=SECONDS)
        second = launcher.start_services()
        assert ask(launcher.note()["DATABASE_URL"], "SELECT answer FROM kept") == "42"
        second.kill()
        second.communicate(timeout=SECONDS)
        third = launcher.start("exec", "--", sys.executable, "-c", READ_BOTH)
        output, _ = third.communicate(timeout=SECONDS)
        assert output.split() == ["42", "43"]

    def test_are_shared_by_a_second_launcher(self, launcher: Launcher) -> None:
        running = launcher.start_services()
        told = launcher.run("exec", "--", sys.executable, "-c", PRINT_ADDRESS)
        assert told.stdout.splitlines()[-1] == launcher.note()["DATABASE_URL"]
        assert running.poll() is None

    def test_are_started_once_the_launcher_that_is_stopping_has_gone(
        self, launcher: Launcher
    ) -> None:
        launcher.state.mkdir()
        with (launcher.state / "services.lock").open("w") as stopping:
            fcntl.flock(stopping, fcntl.LOCK_EX)
            waiting = launcher.start("exec", "--", sys.executable, "-c", PRINT_ADDRESS)
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(4)
        said, _ = waiting.communicate(timeout=SECONDS)
        assert said.startswith("postgresql://retel:")

    def test_are_stopped_by_name(self, launcher: Launcher) -> None:
        process = launcher.start_services()
        assert "has stopped" in launcher.run("stop").stdout
        # Gone, not going: its database has been shut down.
        assert "database system is shut down" in (launcher.state / "postgres.log").read_text()
        assert process.wait(20) == 0
        assert launcher.run("stop").stdout == "Nothing is running.\n"


READ_BOTH = """
import os, psycopg2, redis
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT answer FROM kept")
print(cursor.fetchone()[0], redis.Redis.from_url(os.environ["REDIS_URL"]).get("kept").decode())
"""
PRINT_ADDRESS = "import os; print(os.environ['DATABASE_URL'])"


class TestThrowAwayServices:
    def test_promise_nothing_and_leave_nothing(self, launcher: Launcher, home: Path) -> None:
        launcher.env["TMPDIR"] = str(home)
        told = launcher.run("exec", "--test", "--", sys.executable, "-c", ASK_FSYNC)
        assert told.stdout.split() == ["off", "off", "off"]
        assert list(home.glob("retel-test-*")) == []
        assert not launcher.state.exists()

    def test_of_a_benchmark_keep_their_promises(self, launcher: Launcher, home: Path) -> None:
        launcher.env["TMPDIR"] = str(home)
        told = launcher.run("exec", "--bench", "--", sys.executable, "-c", ASK_FSYNC)
        assert told.stdout.split() == ["on", "on", "on"]
        assert list(home.glob("retel-test-*")) == []

    def test_sweep_up_after_a_killed_run(self, launcher: Launcher, home: Path) -> None:
        launcher.env["TMPDIR"] = str(home)
        killed = launcher.start("exec", "--test", "--", sys.executable, "-c", WAIT_FOR_KILL)
        wait_until((home / "ready").exists)
        family = descendants(killed.pid)
        killed.kill()
        wait_until(lambda: not living(family))
        assert len(list(home.glob("retel-test-*"))) == 1
        launcher.run("exec", "--test", "--", "true")
        assert list(home.glob("retel-test-*")) == []

    def test_hand_on_the_exit_code(self, launcher: Launcher) -> None:
        failed = launcher.run("exec", "--test", "--", sys.executable, "-c", "raise SystemExit(7)")
        assert failed.returncode == 7


ASK_FSYNC = """
import os, psycopg2
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
for name in ("fsync", "synchronous_commit", "full_page_writes"):
    cursor.execute(f"SHOW {name}")
    print(cursor.fetchone()[0])
"""
WAIT_FOR_KILL = """
import os, pathlib, time
pathlib.Path(os.environ["TMPDIR"], "ready").touch()
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.05)
"""


class TestWithoutServices:
    def test_a_command_says_in_one_line_how_to_start_them(self, launcher: Launcher) -> None:
        told = launcher.manage("showmigrations")
        assert told.returncode == 1
        assert told.stdout.splitlines()[-1].startswith("PostgreSQL is not running: start it with")
        assert "Traceback" not in told.stdout

    def test_a_note_of_a_dead_launcher_is_not_believed(self, launcher: Launcher) -> None:
        launcher.state.mkdir()
        (launcher.state / "services.lock").touch()
        (launcher.state / "services.json").write_text('{"DATABASE_URL": "postgresql://gone/gone"}')
        assert "PostgreSQL is not running" in launcher.manage("showmigrations").stdout

    def test_commands_that_need_no_database_work(self, launcher: Launcher) -> None:
        told = launcher.manage("check")
        assert told.returncode == 0, told.stdout

    def test_a_missing_postgresql_is_said_plainly(self, launcher: Launcher) -> None:
        launcher.env["RETEL_PG_BIN"] = "/nowhere"
        told = launcher.run("exec", "--", "true")
        assert told.returncode == 1
        assert told.stdout.startswith("No PostgreSQL found: set DATABASE_URL")


@pytest.fixture
def ordinary(home: Path) -> Iterator[Launcher]:
    """A launcher run by an ordinary user, for whom root's folders are closed."""
    ours = Launcher(home / ".state")
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        ours.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        ours.python = (_python_for_all(),)
        ours.env = {"PYTHONPATH": sysconfig.get_path("purelib"), "HOME": str(home)}
    yield ours
    end(ours)


def _python_for_all() -> str:
    """Return an interpreter of our version that any user may start; root's own may be hidden."""
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
    nobody = pwd.getpwnam("nobody")
    for path in (sys.executable, shutil.which(wanted, path="/usr/bin:/usr/local/bin")):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([str(path), "-V"], user=nobody.pw_uid, check=True, capture_output=True)
            return str(path)
    pytest.fail(f"no {wanted} that an ordinary user may run")


class TestOrdinaryUser:
    def test_runs_everything_as_itself(self, ordinary: Launcher) -> None:
        process = ordinary.start_services()
        user = ordinary.user.get("user", os.geteuid())
        assert {member.uids().real for member in descendants(process.pid)} == {user}
        assert (ordinary.state / "postgres-18" / "PG_VERSION").stat().st_uid == user
        process.kill()
        process.communicate(timeout=SECONDS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user to step down to")
class TestRoot:
    def test_runs_nothing_as_root(self, launcher: Launcher) -> None:
        process = launcher.start_services()
        assert 0 not in {member.uids().real for member in descendants(process.pid)}

    def test_keeps_data_elsewhere_when_the_folder_is_closed(self, launcher: Launcher) -> None:
        closed = Path(tempfile.mkdtemp(prefix="retel-closed-"))
        launcher.state = closed / ".state"
        try:
            launcher.start_services()
            assert ask(launcher.note()["DATABASE_URL"], "SELECT 1") == "1"
            assert not (launcher.state / "postgres-18").exists()
            assert closed.stat().st_mode & 0o777 == 0o700
        finally:
            end(launcher)
            shutil.rmtree(closed)
