"""Fixtures for every test: a Valkey database per worker, fresh cache and language, environments."""

import os
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone, translation

from billing_project.launcher import running
from tests.acquirers import bank  # noqa: F401 - a fixture
from tests.services import celery_worker, smtp_server, webhook_endpoint  # noqa: F401 - fixtures

# A machine that does other things as well is slow, no fault of what is tested. The proof plays the same
# examples each time, so that it says of a change what that change did; others play new ones.
hypothesis.settings.register_profile(
    "anywhere", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "proof", parent=hypothesis.settings.get_profile("anywhere"), derandomize=True
)
hypothesis.settings.load_profile("proof" if os.environ.get("CI") else "anywhere")


def pytest_configure(config: pytest.Config) -> None:
    """Give each xdist worker a Valkey database of its own; pytest-django does it for PostgreSQL."""
    # Slow on purpose in production; hundreds of tests sign in.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    if not settings.REDIS_URL or worker == "gw0":
        return
    parts = urlsplit(settings.REDIS_URL)
    index = int(parts.path.strip("/") or 0) + int(worker.removeprefix("gw"))
    url = urlunsplit(parts._replace(path=f"/{index}"))
    os.environ["REDIS_URL"] = settings.REDIS_URL = settings.CELERY_BROKER_URL = url
    settings.CACHES["default"]["LOCATION"] = url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """End in one line where there is no database, before the first test meets it."""
    if running.is_missing():
        pytest.exit("Tests need services: `make test`, or set DATABASE_URL.", returncode=3)


@pytest.fixture(autouse=True)
def _default_language_and_zone() -> Iterator[None]:
    """A page in English must not make the next test speak English."""
    with translation.override(settings.LANGUAGE_CODE), timezone.override(settings.TIME_ZONE):
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Rate limits and the like must not reach the next test; pure tests have no cache."""
    is_marked = request.node.get_closest_marker("django_db") is not None
    if is_marked or {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """Environment for a real process (worker, server, command) on this test's database and Valkey."""
    values = connection.settings_dict
    login = f"{quote(values['USER'], safe='')}:{quote(values['PASSWORD'] or '', safe='')}"
    address = f"{values['HOST']}:{values['PORT']}/{quote(values['NAME'], safe='')}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{login}@{address}",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "billing_project.settings",
    }
