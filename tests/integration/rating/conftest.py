"""A small operator of ten subscribers, an empty archive, and a folder that files arrive in."""

from pathlib import Path

import pytest

from bench.world import Operator, build_operator
from tests.integration.rating.night import Night


@pytest.fixture(autouse=True)
def _archive(settings: object, tmp_path: Path) -> None:
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]


@pytest.fixture
def operator(db: None) -> Operator:
    """Ten subscribers; the first has the login user0 as well."""
    return build_operator(subscribers=10)


@pytest.fixture
def night(operator: Operator, tmp_path: Path) -> Night:
    """A night with an empty folder."""
    return Night(tmp_path / "in")
