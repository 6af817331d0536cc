"""
A backup of the database with proof that it is whole: one file, a dump and what it holds.

The file is a tar of `manifest.json` and `database.dump` (pg_dump's custom format). The manifest is
read from the very snapshot that is dumped: how many rows each table has, what the ledger and the
balances add up to, and the hash of the dump. A restore compares all of it.
"""

import hashlib
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from billing_project.invariants import broken_promises
from billing_project.launcher import binaries

FORMAT: Final = 1
MANIFEST, DUMP = "manifest.json", "database.dump"
BLOCK: Final = 1 << 20

TABLES: Final = """
    SELECT relname FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
       AND NOT relispartition ORDER BY relname
"""
#: What a restored database must add up to, to the kopeck. A table that is not there is left out.
TOTALS: Final[dict[str, tuple[str, str]]] = {
    "balances": (
        "accounts_accountbalance",
        "SELECT count(*), sum(money), sum(bonus), sum(held) FROM accounts_accountbalance",
    ),
    "ledger": (
        "accounts_ledgerentry",
        "SELECT count(*), sum(amount), sum(hashtextextended(concat_ws('|', account_id, business_date,"
        " kind, ref, fund, amount), 0)::numeric) FROM accounts_ledgerentry",
    ),
    "payments": ("accounts_payment", "SELECT count(*), sum(amount) FROM accounts_payment"),
    "bills": ("invoicing_bill", "SELECT count(*), sum(gross), sum(closing) FROM invoicing_bill"),
}


class UnableToBackUp(Exception):
    """pg_dump is missing or failed; no file was written."""


class UnableToRestore(Exception):
    """The file is no whole backup, the database is not empty, or what was restored differs."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `rows` is by table, `totals` are figures as text."""

    made_at: str
    server: int
    migrations: dict[str, list[str]]
    rows: dict[str, int]
    totals: dict[str, list[str]]
    dump_sha256: str = ""
    dump_bytes: int = 0
    format: int = FORMAT

    def as_json(self) -> bytes:
        """Return the manifest as the file holds it."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True).encode()


def back_up(*, target: Path, now: datetime) -> Manifest:
    """
    Write a backup of the database to `target`, which must not exist; work goes on meanwhile.

    Raises UnableToBackUp; then there is no file.
    """
    if target.exists():
        raise UnableToBackUp(_("%(file)s is there already.") % {"file": target})
    with TemporaryDirectory(dir=target.parent, prefix=".retel-backup-") as folder:
        dump = Path(folder) / DUMP
        with transaction.atomic(durable=True):
            snapshot = _begin_snapshot()
            manifest = _look(now)
            _run_client(
                "pg_dump",
                ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                 f"--file={dump}"],
                failure=UnableToBackUp,
            )  # fmt: skip
        whole = Manifest(
            made_at=manifest.made_at,
            server=manifest.server,
            migrations=manifest.migrations,
            rows=manifest.rows,
            totals=manifest.totals,
            dump_sha256=_hash(dump),
            dump_bytes=dump.stat().st_size,
        )
        part = Path(folder) / "whole.tar"
        _pack(part, manifest=whole, dump=dump)
        part.rename(target)
    return whole


def restore(*, source: Path) -> Manifest:
    """
    Fill the empty database from a backup, prove that it holds the same and that its books are whole.

    A backup of an earlier version is migrated after the comparison. Raises UnableToRestore; unless
    the message says otherwise nothing was written then.
    """
    with _opened(source) as (manifest, dump):
        _check_may_restore(manifest)
        _run_client(
            "pg_restore",
            ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges",
             f"--dbname={connection.settings_dict['NAME']}", str(dump)],
            failure=UnableToRestore,
        )  # fmt: skip
    connection.close()
    with transaction.atomic():
        found = _look(None)
    differing = _differences(manifest, found)
    if differing:
        message = _("Restored, but not the same: %(what)s. Don't use this database.")
        raise UnableToRestore(message % {"what": "; ".join(differing)})
    call_command("migrate", verbosity=0, interactive=False)
    broken = "; ".join(f"{each.app}: {each.invariant.name}" for each in broken_promises())
    if broken:
        message = _("Restored, with the totals of the backup, but promises are broken: %(what)s.")
        raise UnableToRestore(message % {"what": broken})
    return manifest


def read_manifest(source: Path) -> Manifest:
    """Return what a backup says it holds, its dump checked; UnableToRestore if it is damaged."""
    with _opened(source) as (manifest, _dump):
        return manifest


def _begin_snapshot() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


def _look(now: datetime | None) -> Manifest:
    """Count and add up what the database holds at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            rows[table] = int(cursor.fetchone()[0])
        totals = {}
        for name, (table, statement) in TOTALS.items():
            if table in rows:
                cursor.execute(statement)
                totals[name] = [str(figure or "0.00") for figure in cursor.fetchone()]
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        migrations: dict[str, list[str]] = {}
        for app, name in cursor.fetchall():
            migrations.setdefault(app, []).append(name)
    server = int(connection.pg_version) // 10_000  # type: ignore[attr-defined]
    return Manifest(
        made_at=now.isoformat() if now else "",
        server=server,
        migrations=migrations,
        rows=rows,
        totals=totals,
    )


def _differences(told: Manifest, found: Manifest) -> list[str]:
    rows = [
        f"{table}: {found.rows.get(table)} ≠ {count}"
        for table, count in told.rows.items()
        if found.rows.get(table) != count
    ]
    totals = [
        f"{name}: {found.totals.get(name)} ≠ {figures}"
        for name, figures in told.totals.items()
        if found.totals.get(name) != figures
    ]
    return rows + totals


def _pack(target: Path, *, manifest: Manifest, dump: Path) -> None:
    data = manifest.as_json()
    with tarfile.open(target, "w") as archive:
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode = len(data), 0o600
        archive.addfile(head, BytesIO(data))
        archive.add(dump, arcname=DUMP)
    target.chmod(0o600)


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Manifest, Path]]:
    """Yield the manifest and the dump beside the file, hash and length checked."""
    no_backup = _("%(file)s is no backup of Retel, or was cut short.") % {"file": source}
    with TemporaryDirectory(dir=source.parent, prefix=".retel-restore-") as folder:
        try:
            with tarfile.open(source) as archive:
                manifest = _manifest(archive)
                archive.extract(DUMP, folder, filter="data")
        except (OSError, KeyError, TypeError, ValueError, tarfile.TarError) as error:
            raise UnableToRestore(no_backup) from error
        dump = Path(folder) / DUMP
        if (dump.stat().st_size, _hash(dump)) != (manifest.dump_bytes, manifest.dump_sha256):
            raise UnableToRestore(_("The backup is damaged: its dump is not what was written."))
        yield manifest, dump


def _manifest(archive: tarfile.TarFile) -> Manifest:
    member = archive.extractfile(MANIFEST)
    values: Mapping[str, Any] = json.load(member) if member else {}
    if values["format"] != FORMAT:
        message = _("The backup has format %(format)s; this version reads %(known)s.")
        raise UnableToRestore(message % {"format": values["format"], "known": FORMAT})
    return Manifest(**values)


def _check_may_restore(manifest: Manifest) -> None:
    if _tables():
        raise UnableToRestore(_("The database is not empty: restore into an empty one only."))
    unknown = _unknown_migrations(manifest)
    if unknown:
        message = _("The backup is of a newer version of Retel: %(what)s is not known here.")
        raise UnableToRestore(message % {"what": unknown[0]})
    connection.ensure_connection()
    server = int(connection.pg_version) // 10_000  # type: ignore[attr-defined]
    if manifest.server > server:
        message = _("The backup is of PostgreSQL %(told)s; this server is %(found)s.")
        raise UnableToRestore(message % {"told": manifest.server, "found": server})


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor.fetchall()]


def _unknown_migrations(manifest: Manifest) -> list[str]:
    """Return migrations of our apps that this code doesn't have; other apps come and go."""
    known = set(MigrationLoader(None).disk_migrations)
    ours = {app for app, _name in known}
    told = [(app, name) for app, names in manifest.migrations.items() for name in names]
    return [f"{app}.{name}" for app, name in told if app in ours and (app, name) not in known]


def _run_client(program: str, arguments: list[str], *, failure: type[Exception]) -> None:
    connection.ensure_connection()
    server = int(connection.pg_version) // 10_000  # type: ignore[attr-defined]
    found = binaries.find_client(program, at_least=server)
    if found is None:
        message = _(
            "No %(program)s of PostgreSQL %(version)s or newer: name its folder in RETEL_PG_BIN."
        )
        raise failure(message % {"program": program, "version": server})
    values = connection.settings_dict
    login = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD",
             "PGDATABASE": "NAME"}  # fmt: skip
    environment = {key: str(values[name]) for key, name in login.items() if values.get(name)}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [str(found), "--no-password", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = _("%(program)s failed: %(error)s")
        raise failure(message % {"program": program, "error": done.stderr.strip()[-2000:]})


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
