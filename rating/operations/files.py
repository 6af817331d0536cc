"""
Taking in usage files: archived byte for byte, known by their hash, never taken twice.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from billing_project.kernel.operations import change_state
from rating import queries
from rating.formats import FORMATS
from rating.models import UsageFile, UsageSource
from rating.operations.sequences import note_file_number

#: Files that somebody still writes.
UNFINISHED: Final = (".part", ".tmp", ".swp")
#: First key of the advisory lock of a file; the second is the beginning of its hash.
FILE_LOCK: Final = 7_306_004
ACTOR: Final = "system:usage"
#: Files looked at side by side, so that the disk writes one while others are read.
READERS: Final = 3


class UnableToReceive(Exception):
    """The folder isn't there, or the archive can't be written."""


class ArchiveClosed(Exception):
    """The archive took no copy; it holds the OSError."""


class StillWritten(Exception):
    """The file was another one when it was copied than when it was looked at."""


@dataclass(slots=True)
class Received:
    """What came: names of files new, seen before, and refused with the reason."""

    new: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def receive_files(*, folder: Path, now: datetime) -> Received:
    """
    Take in `folder/<source code>/*`.

    A file seen before is counted, and reported, and nothing more. A file of an unknown source or
    format is refused with its reason, and kept in the archive; delivered again after the source
    was set up, it is taken. One refused for what is in it is taken under another source. One that
    can't be read stops no other. Files stay where they lie. Hidden files and `.part`, `.tmp` are
    left.
    """
    if not folder.is_dir():
        raise UnableToReceive(_("There is no folder %(folder)s.") % {"folder": folder})
    sources = queries.sources_by_code()
    report = Received()
    for path, look in _looked_at(_files_in(folder)):
        code = _readable(path.parent.name) if path.parent != folder else ""
        name = f"{code}/{_readable(path.name)}" if code else _readable(path.name)
        try:
            file = _File(name, *look.result())
        except ArchiveClosed as error:
            why = error.args[0].strerror
            raise UnableToReceive(
                _("The archive can't be written: %(why)s") % {"why": why}
            ) from error
        except OSError as error:
            # Nothing is noted of it: the next run looks at it again.
            why = _("It can't be read: %(why)s") % {"why": error.strerror}
            report.refused.append((name, why))
        except StillWritten:
            report.refused.append((name, _("It is still being written; it is taken next time.")))
        else:
            _receive(file, source=sources.get(code), now=now, report=report)
    return report


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was found: its name, its hash, its place in the archive."""

    name: str
    digest: str
    place: str

    @property
    def size(self) -> int:
        """Bytes of what is archived."""
        return (Path(settings.ARCHIVE_DIR) / self.place).stat().st_size


#: The hash of a file, and its place in the archive.
_Look = Future[tuple[str, str]]


def _looked_at(paths: Sequence[Path]) -> Iterator[tuple[Path, _Look]]:
    """Yield the files in their order, hashed and in the archive."""
    pool = ThreadPoolExecutor(READERS)
    try:
        looks = [pool.submit(_look_at, path) for path in paths]
        yield from zip(paths, looks, strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def _look_at(path: Path) -> tuple[str, str]:
    state = _state(path)
    digest = _hash(path)
    try:
        return digest, _archive(path, digest, state)
    except OSError as error:
        raise ArchiveClosed(error) from error


def open_archived(file: UsageFile) -> Path:
    """Return where the bytes of a file are kept."""
    return Path(settings.ARCHIVE_DIR) / file.archive_path


def _files_in(folder: Path) -> list[Path]:
    found = [*folder.glob("*"), *folder.glob("*/*")]
    return sorted(
        path
        for path in found
        if path.is_file()
        and not _is_empty(path)
        and not path.name.startswith(".")
        and path.suffix not in UNFINISHED
    )


def _is_empty(path: Path) -> bool:
    """Whether nothing is in a file; what is gone since the folder was listed is empty, too."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True


def _readable(name: str) -> str:
    """Return a name as text: one that isn't UTF-8 (cp1251, say) has marks where letters were."""
    return os.fsencode(name).decode(errors="replace")


@transaction.atomic
def _receive(found: _File, *, source: UsageSource | None, now: datetime, report: Received) -> None:
    name = found.name
    _wait_for_others(found.digest)
    file = UsageFile.objects.filter(sha256=found.digest).first()
    refusal = _refusal(source)
    if file and (refusal or not _may_be_taken_now(file, source)):
        UsageFile.objects.filter(pk=file.pk).update(times_seen=F("times_seen") + 1)
        report.seen.append(name)
        return
    if file:
        _take_again(file, name=name, source=source, now=now)
        report.new.append(name)
        return
    file = UsageFile.objects.create(
        source=source,
        name=name[-200:],
        sha256=found.digest,
        size=found.size,
        archive_path=found.place,
        received_at=now,
        state=UsageFile.State.REFUSED if refusal else UsageFile.State.RECEIVED,
        refusal=refusal,
    )
    note_file_number(file)
    if refusal:
        report.refused.append((name, refusal))
    else:
        report.new.append(name)


def _wait_for_others(digest: str) -> None:
    """Let receivers that work side by side look at one file one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FILE_LOCK, int(digest[:7], 16)])


def _may_be_taken_now(file: UsageFile, source: UsageSource | None) -> bool:
    """
    Whether a file refused before has another chance: its source was unknown, or is another one.

    A file refused for what is in it would be refused every night anew.
    """
    was_read = file.batch_id is not None
    is_moved = source is not None and file.source_id != source.pk
    return file.state == UsageFile.State.REFUSED and (not was_read or is_moved)


def _refusal(source: UsageSource | None) -> str:
    if source is None:
        return _("No source has a folder of this name.")
    if source.format not in FORMATS:
        return _("The format “%(format)s” is unknown.") % {"format": source.format}
    return ""


@transaction.atomic
def _take_again(file: UsageFile, *, name: str, source: UsageSource | None, now: datetime) -> None:
    change_state(model=UsageFile, ids=[file.pk], to=UsageFile.State.RECEIVED, at=now, actor=ACTOR)
    UsageFile.objects.filter(pk=file.pk).update(
        source=source,
        name=name[-200:],
        batch=None,
        refusal="",
        times_seen=F("times_seen") + 1,
    )
    file.refresh_from_db()
    note_file_number(file)


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _state(path: Path) -> tuple[int, int]:
    """Return what changes when somebody writes the file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _archive(path: Path, digest: str, state: tuple[int, int]) -> str:
    """
    Copy the file into the archive under its hash; return its place there.

    Raises StillWritten if it isn't any more what it was when it was hashed.
    """
    place = Path("usage") / digest[:2] / digest
    target = Path(settings.ARCHIVE_DIR) / place
    if target.exists():
        return str(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A name of our own until the bytes are safe: a killed copy is never taken for the file.
    unfinished = target.with_name(f"{digest}.{os.getpid()}.{threading.get_ident()}.part")
    with path.open("rb") as source, unfinished.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    if _state(path) != state:
        unfinished.unlink()
        raise StillWritten(path)
    unfinished.replace(target)
    return str(place)
