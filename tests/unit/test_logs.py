"""Every log line says in which request or task it was written."""

import json
import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from billing_project import logs
from billing_project.celery import app

RECORD = logging.LogRecord(
    name="rating",
    level=logging.INFO,
    pathname="",
    lineno=0,
    msg="priced %s",
    args=(7,),
    exc_info=None,
)


def served(seen: list[dict[str, str]], **headers: str) -> HttpResponse:
    """Serve one request through the middleware; note what the trace says inside it."""

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(logs.trace())
        return HttpResponse()

    return logs.follow_requests(view)(RequestFactory().get("/", headers=headers))


class TestRequests:
    def test_are_named_in_the_trace_and_in_the_answer(self) -> None:
        seen: list[dict[str, str]] = []
        answer = served(seen)
        assert seen == [{"request": answer["X-Request-ID"]}]
        assert len(answer["X-Request-ID"]) == 32
        assert logs.trace() == {}

    def test_keep_the_name_a_proxy_gave(self) -> None:
        assert served([], **{"X-Request-ID": "proxy-0001"})["X-Request-ID"] == "proxy-0001"

    @pytest.mark.parametrize("sent", ["short", "x" * 65, 'with" quote and space'])
    def test_get_a_name_of_ours_instead_of_a_strange_one(self, sent: str) -> None:
        assert served([], **{"X-Request-ID": sent})["X-Request-ID"] != sent


class TestTasks:
    def test_are_named_in_the_trace(self) -> None:
        @app.task(name="tests.traced")
        def traced() -> dict[str, str]:
            return logs.trace()

        try:
            assert traced.apply(task_id="job-1").get() == {"task": "tests.traced", "job": "job-1"}
        finally:
            app.tasks.pop("tests.traced")


class TestLines:
    def test_are_one_object_each(self) -> None:
        entry = json.loads(logs.JsonFormatter().format(RECORD))
        assert {key: entry[key] for key in ("level", "logger", "message")} == {
            "level": "INFO",
            "logger": "rating",
            "message": "priced 7",
        }

    def test_carry_the_request_in_both_forms(self) -> None:
        lines: list[str] = []

        def view(request: HttpRequest) -> HttpResponse:
            lines.extend([logs.TextFormatter().format(RECORD), logs.JsonFormatter().format(RECORD)])
            return HttpResponse()

        logs.follow_requests(view)(
            RequestFactory().get("/", headers={"X-Request-ID": "proxy-0001"})
        )
        assert lines[0] == "priced 7 request=proxy-0001"
        assert json.loads(lines[1])["request"] == "proxy-0001"
