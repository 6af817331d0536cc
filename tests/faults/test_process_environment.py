"""Real processes started by a test work on that test's database and Valkey, not on anybody else's."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from billing_project.launcher.state import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

ASK = """
import django
django.setup()
from django.core.cache import cache
from django.db import connection
cursor = connection.cursor()
cursor.execute("SELECT current_database()")
print(cursor.fetchone()[0], cache.get("left_by_the_test"))
"""


def test_a_process_sees_what_the_test_sees(process_environment: dict[str, str]) -> None:
    cache.set("left_by_the_test", "found")
    told = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=process_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [connection.settings_dict["NAME"], "found"]
    assert connection.settings_dict["NAME"].startswith("test_")


def test_everything_of_a_worker_is_in_one_valkey_database() -> None:
    assert settings.CELERY_BROKER_URL == settings.REDIS_URL
    assert settings.CACHES["default"]["LOCATION"] == settings.REDIS_URL


def test_the_cache_of_one_test_does_not_reach_the_next() -> None:
    assert cache.get("left_by_the_test") is None
