"""Files are archived byte for byte and taken once."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from bench.world import Operator
from rating.models import UsageFile, UsageSource
from rating.operations import UnableToReceive, files, receive_files
from tests.integration.rating.night import NOW, Night, call, only_file


def test_a_file_is_archived_byte_for_byte(night: Night) -> None:
    path = night.bring(call())
    assert night.receive().new == ["msc-1/file-0.csv"]
    archived = Path(settings.ARCHIVE_DIR) / only_file().archive_path
    assert archived.read_bytes() == path.read_bytes()
    assert archived.name == only_file().sha256
    assert path.exists()


def test_a_file_seen_before_is_counted_and_not_taken(night: Night) -> None:
    night.bring(call(), name="one.csv")
    night.receive()
    night.bring(call(), name="the same under another name.csv")
    report = night.receive()
    assert report.new == []
    assert report.seen == ["msc-1/one.csv", "msc-1/the same under another name.csv"]
    assert (only_file().times_seen, only_file().name) == (3, "msc-1/one.csv")


def test_a_file_of_an_unknown_source_is_refused_and_kept(night: Night) -> None:
    path = night.bring(call(), source="nobody")
    with translation.override("en"):
        report = night.receive()
    assert report.refused == [("nobody/file-0.csv", "No source has a folder of this name.")]
    assert only_file().state == UsageFile.State.REFUSED
    archived = Path(settings.ARCHIVE_DIR) / only_file().archive_path
    assert archived.read_bytes() == path.read_bytes()


def test_a_refused_file_is_taken_once_its_source_is_set_up(night: Night) -> None:
    night.bring(call(), source="new")
    night.receive()
    UsageSource.objects.create(code="new", name="new", format="asterisk")
    assert night.receive().new == ["new/file-0.csv"]
    assert (only_file().state, only_file().refusal) == (UsageFile.State.RECEIVED, "")
    assert night.receive().seen == ["new/file-0.csv"]


def test_an_unknown_format_is_refused(night: Night) -> None:
    UsageSource.objects.create(code="odd", name="odd", format="stone tablets")
    night.bring(call(), source="odd")
    with translation.override("en"):
        [(name, reason)] = night.receive().refused
    assert (name, reason) == ("odd/file-0.csv", "The format “stone tablets” is unknown.")


@pytest.mark.parametrize("name", [".hidden", "a.part", "b.tmp"])
def test_unfinished_files_are_left(night: Night, name: str) -> None:
    night.bring(call(), name=name)
    report = night.receive()
    assert (report.new, report.seen, report.refused) == ([], [], [])
    assert not UsageFile.objects.exists()


def test_a_name_that_is_not_utf8_stops_nobody(night: Night) -> None:
    path = night.bring(call())
    name = "сутки.csv".encode("cp1251")
    path.rename(path.with_name(os.fsdecode(name)))
    night.bring(call(id="2"), name="z.csv")
    marks = name.decode(errors="replace")
    assert night.receive().new == ["msc-1/z.csv", f"msc-1/{marks}"]
    assert UsageFile.objects.get(name=f"msc-1/{marks}").state == UsageFile.State.RECEIVED


def test_a_file_that_cannot_be_read_stops_nobody(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = night.bring(call(), name="a.csv")
    night.bring(call(id="2"), name="b.csv")
    real_open = Path.open

    def refuse(path: Path, *mode: Any, **terms: Any) -> Any:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return real_open(path, *mode, **terms)

    monkeypatch.setattr(Path, "open", refuse)
    with translation.override("en"):
        report = night.receive()
    assert report.refused == [("msc-1/a.csv", "It can't be read: Permission denied")]
    assert report.new == ["msc-1/b.csv"]
    monkeypatch.undo()
    assert night.receive().new == ["msc-1/a.csv"]


def test_a_missing_folder_is_refused(operator: Operator, tmp_path: Path) -> None:
    with pytest.raises(UnableToReceive):
        receive_files(folder=tmp_path / "nowhere", now=NOW)


def test_a_file_that_grows_meanwhile_is_taken_next_time(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = night.bring(call(1, id="1"))
    known = files._hash

    def before_the_last_line(path: Path) -> str:
        digest = known(path)
        with path.open("a") as stream:
            stream.write(call(2, id="2") + "\n")
        return digest

    monkeypatch.setattr(files, "_hash", before_the_last_line)
    with translation.override("en"):
        [(_, reason)] = night.receive().refused
    assert reason == "It is still being written; it is taken next time."
    assert not UsageFile.objects.exists()
    assert [place for place in Path(settings.ARCHIVE_DIR).rglob("*") if place.is_file()] == []
    monkeypatch.undo()
    assert night.receive().new == ["msc-1/file-0.csv"]
    archived = Path(settings.ARCHIVE_DIR) / only_file().archive_path
    assert archived.read_bytes() == path.read_bytes()


def test_an_archive_that_takes_nothing_is_said(night: Night) -> None:
    night.bring(call())
    Path(settings.ARCHIVE_DIR).parent.mkdir(parents=True, exist_ok=True)
    Path(settings.ARCHIVE_DIR).write_text("a file in the place of the folder")
    with (
        translation.override("en"),
        pytest.raises(UnableToReceive, match="archive can't be written"),
    ):
        night.receive()
    assert not UsageFile.objects.exists()
