"""A backup restored holds the same to the kopeck; what is no whole backup is refused."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from accounts.models import Account
from billing_project import backup
from tests import people
from tests.moves import charge, credit
from tests.people import NOON

pytestmark = pytest.mark.django_db(transaction=True)

Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def books() -> Account:
    account = people.open_account_for("Архивная", "Анна")
    people.order_mobile(account, number="79215550177")
    credit(account, "100.00")
    charge(account, "30.25")
    return account


@pytest.fixture
def saved(books: Account, tmp_path: Path) -> Path:
    """A backup made while the test's own data stood."""
    target = tmp_path / "retel.backup"
    backup.back_up(target=target, now=NOON)
    return target


@pytest.fixture
def empty(process_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a process on an empty database of its own."""
    name = f"{connection.settings_dict['NAME']}_restored"
    run(f'DROP DATABASE IF EXISTS "{name}"')
    run(f'CREATE DATABASE "{name}"')
    parts = urlsplit(process_environment["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{name}"))
    yield {**process_environment, "DATABASE_URL": address}
    run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def manage(*arguments: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def rewritten(source: Path, *, dump: bytes | None = None, **values: object) -> Path:
    """The backup with other words in its manifest, or another dump."""
    with tarfile.open(source) as archive:
        told = json.load(archive.extractfile(backup.MANIFEST)) | values
        body = archive.extractfile(backup.DUMP).read() if dump is None else dump
    target = source.with_suffix(".other")
    with tarfile.open(target, "w") as archive:
        for name, data in ((backup.MANIFEST, json.dumps(told).encode()), (backup.DUMP, body)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    return target


def test_the_manifest_says_what_the_database_holds(saved: Path) -> None:
    told = backup.read_manifest(saved)
    assert told.totals["balances"] == ["1", "69.75", "0.00", "0.00"]
    assert told.totals["ledger"][:2] == ["2", "69.75"]
    assert (told.rows["accounts_payment"], told.rows["accounts_customer"]) == (1, 1)
    assert "0001_initial" in told.migrations["accounts"]
    assert oct(saved.stat().st_mode)[-3:] == "600"
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_restored_it_holds_the_same_and_keeps_every_promise(
    saved: Path, empty: dict[str, str], tmp_path: Path
) -> None:
    done = manage("restore", saved, env=empty)
    assert done.returncode == 0, done.stderr
    again = tmp_path / "again.backup"
    made = manage("backup", again, env=empty)
    assert made.returncode == 0, made.stderr
    told, found = backup.read_manifest(saved), backup.read_manifest(again)
    assert (found.rows, found.totals) == (told.rows, told.totals)
    proven = manage("check_invariants", "--quiet", env=empty)
    assert (proven.returncode, proven.stdout) == (0, "All promises hold.\n")
    # And it works: numbers go on, the append-only triggers are there.
    refused = manage("restore", saved, env=empty)
    assert (refused.returncode, "не пуста" in refused.stderr) == (1, True)


def test_what_is_there_is_not_overwritten(saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(backup.UnableToBackUp):
        backup.back_up(target=saved, now=NOON)
    assert saved.read_bytes() == before


def test_a_database_that_holds_something_is_refused(saved: Path, books: Account) -> None:
    with pytest.raises(backup.UnableToRestore, match="не пуста"):
        backup.restore(source=saved)
    assert Account.objects.get() == books


@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.95])
def test_a_file_cut_short_is_refused(saved: Path, part: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(backup.UnableToRestore):
        backup.read_manifest(saved)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "photo.jpg"
    other.write_bytes(os.urandom(5000))
    for path in (other, tmp_path / "nowhere"):
        with pytest.raises(backup.UnableToRestore, match="не резервная копия"):
            backup.read_manifest(path)


def test_a_dump_that_was_changed_is_refused(saved: Path) -> None:
    with tarfile.open(saved) as archive:
        body = bytearray(archive.extractfile(backup.DUMP).read())
    body[len(body) // 2] ^= 1
    with pytest.raises(backup.UnableToRestore, match="повреждена"):
        backup.read_manifest(rewritten(saved, dump=bytes(body)))


# what the manifest says otherwise -> what the refusal names
WRONG = {
    "format of another time": ({"format": 99}, "99"),
    "newer version of Retel": ({"migrations": {"accounts": ["0999_future"]}}, "accounts.0999_future"),
    "newer PostgreSQL": ({"server": 99}, "99"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "named"), WRONG.values(), ids=WRONG)
def test_another_version_is_refused_and_nothing_is_written(
    saved: Path, empty: dict[str, str], values: dict[str, object], named: str
) -> None:
    done = manage("restore", rewritten(saved, **values), env=empty)
    assert (done.returncode, named in done.stderr) == (1, True), done.stderr
    assert manage("restore", saved, env=empty).returncode == 0


def test_totals_that_differ_are_told(saved: Path, empty: dict[str, str]) -> None:
    told = backup.read_manifest(saved)
    totals = told.totals | {"balances": ["1", "69.76", "0.00", "0.00"]}
    done = manage("restore", rewritten(saved, totals=totals), env=empty)
    assert (done.returncode, "69.76" in done.stderr, "69.75" in done.stderr) == (1, True, True)


def test_a_missing_pg_dump_is_told(
    books: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETEL_PG_BIN", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(backup.UnableToBackUp, match="RETEL_PG_BIN"):
        backup.back_up(target=tmp_path / "x", now=NOON)
    assert list(tmp_path.iterdir()) == []
