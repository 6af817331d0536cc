"""Health, readiness and figures of the web process."""

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


class TestHealth:
    def test_answers_without_asking_the_database(
        self, client: Client, django_assert_num_queries: object
    ) -> None:
        with django_assert_num_queries(0):  # type: ignore[operator]
            answer = client.get("/health")
        assert (answer.status_code, answer.content) == (200, b"ok\n")
        assert "no-store" in answer["Cache-Control"]

    def test_refuses_to_be_written_to(self, client: Client) -> None:
        assert client.post("/health").status_code == 405


class TestReadiness:
    def test_is_there_when_everything_answers(self, client: Client) -> None:
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()) == (200, {"database": True, "valkey": True})

    def test_says_what_is_missing(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise OperationalError

        monkeypatch.setattr(connection, "cursor", refuse)
        monkeypatch.setattr(cache, "get", lambda _: (_ for _ in ()).throw(OSError))
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()) == (503, {"database": False, "valkey": False})


class TestMetrics:
    def test_are_not_there_without_a_token_of_this_site(
        self, client: Client, settings: LazySettings
    ) -> None:
        settings.RETEL_METRICS_TOKEN = ""
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_are_for_whoever_knows_the_token(self, client: Client, settings: LazySettings) -> None:
        settings.RETEL_METRICS_TOKEN = "shared"
        assert client.get("/metrics").status_code == 404
        assert (
            client.get("/metrics", headers={"Authorization": "Bearer shared "}).status_code == 404
        )
        answer = client.get("/metrics", headers={"Authorization": "Bearer shared"})
        assert answer.status_code == 200
        assert b"django_http_requests_total_by_method_total" in answer.content
