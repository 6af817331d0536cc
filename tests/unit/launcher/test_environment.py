"""The environment is installed again only when what it is made of has changed."""

import json
from pathlib import Path

import pytest

from billing_project.launcher import environment


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in environment.REQUIREMENTS["development"]:
        (tmp_path / name).write_text(f"{name}==1\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp.json")
    return tmp_path


def is_current(kind: str) -> bool:
    return environment._stamped().get(kind) == environment._fingerprint(kind)


class TestStamp:
    def test_of_nothing_is_not_current(self, project: Path) -> None:
        assert not is_current("runtime")

    def test_of_development_covers_the_runtime(self, project: Path) -> None:
        environment._stamp("development")
        assert is_current("development")
        assert is_current("runtime")

    def test_of_the_runtime_does_not_cover_development(self, project: Path) -> None:
        environment._stamp("runtime")
        assert is_current("runtime")
        assert not is_current("development")

    @pytest.mark.parametrize("name", environment.REQUIREMENTS["runtime"])
    def test_is_stale_after_a_change(self, project: Path, name: str) -> None:
        environment._stamp("development")
        (project / name).write_text("other==2\n")
        assert not is_current("runtime")
        assert not is_current("development")

    def test_that_was_cut_off_counts_for_nothing(self, project: Path) -> None:
        (project / "stamp.json").write_text(json.dumps({"runtime": "x"})[:7])
        assert environment._stamped() == {}


class TestPip:
    def test_takes_programs_only_by_their_hash(self) -> None:
        assert "--require-hashes" in environment._pip(environment.SERVICES)
        assert "--no-deps" in environment._pip(environment.SERVICES)
        assert "--require-hashes" not in environment._pip("requirements.txt")
