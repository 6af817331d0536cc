"""An operator in Berlin, whose clock changes twice a year."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone

from billing_project.kernel import operations as kernel
from tests.scenarios.plain_usage import ZONE


@pytest.fixture
def berlin(db: None, tmp_path: Path) -> Iterator[Path]:
    """A folder for the switch; months are cut by the clock that was there first."""
    kernel.ensure_months(first=date(2025, 3, 1), last=date(2027, 3, 1))
    changed = override_settings(TIME_ZONE="Europe/Berlin", ARCHIVE_DIR=tmp_path / "archive")
    with changed, timezone.override(ZONE):
        yield tmp_path / "in"
