"""The thin network process: its own addresses behind one token, nothing of the pages."""

import subprocess
import sys

import pytest
from django.conf import LazySettings
from django.test import Client

from billing_project.launcher.state import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def net(settings: LazySettings) -> Client:
    """A client of the net process's addresses and middleware."""
    settings.ROOT_URLCONF = "billing_project.net_urls"
    settings.MIDDLEWARE = ["billing_project.net_token.require_token"]
    settings.RETEL_NET_TOKEN = "of-the-network"
    return Client()


class TestToken:
    @pytest.mark.parametrize("sent", ["", "of-the-network", "Bearer", "Bearer of-the-networkx"])
    def test_is_asked_of_everybody(self, net: Client, sent: str) -> None:
        assert net.get("/metrics", headers={"Authorization": sent}).status_code == 401

    def test_opens_the_doors(self, net: Client) -> None:
        answer = net.get("/no-such-door", headers={"Authorization": "Bearer of-the-network"})
        assert answer.status_code == 404

    def test_is_not_asked_of_the_probe(self, net: Client) -> None:
        assert net.get("/health").status_code == 200
        assert net.get("/ready").status_code == 200

    @pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer"])
    def test_that_is_empty_opens_nothing(
        self, net: Client, settings: LazySettings, sent: str
    ) -> None:
        settings.RETEL_NET_TOKEN = ""
        assert Client().get("/metrics", headers={"Authorization": sent}).status_code == 401


def test_the_process_has_no_sessions_and_keeps_its_connections() -> None:
    asked = (
        "from billing_project import net_wsgi; from django.conf import settings as s;"
        "print(s.MIDDLEWARE, s.ROOT_URLCONF, s.DATABASES['default']['CONN_MAX_AGE'])"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    middleware = ["billing_project.logs.follow_requests", "billing_project.net_token.require_token"]
    assert told.stdout.strip() == f"{middleware} billing_project.net_urls None"


def test_the_process_looks_up_by_keys_whatever_the_tables_held_when_it_started() -> None:
    asked = (
        "from billing_project import net_wsgi; from django.db import connection as c;"
        "names = ('enable_seqscan', 'plan_cache_mode', 'jit'); k = c.cursor();"
        "[k.execute(f'SHOW {n}') or print(k.fetchone()[0]) for n in names];"
        "import gc; print(gc.get_freeze_count() > 10_000)"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["off", "force_generic_plan", "off", "True"]
