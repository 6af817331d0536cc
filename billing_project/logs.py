"""
Log lines that can be followed: each carries the id of the request or of the task it was written in.

Plain text for a terminal, or one JSON object a line (RETEL_LOG_JSON) for whoever collects them.
"""

import json
import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from celery import current_app
from django.http import HttpRequest, HttpResponse

_request_id: ContextVar[str] = ContextVar("request_id", default="")
# A proxy's own id is taken over, so that its log and ours can be joined; nothing else is.
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def follow_requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return a handler that names each request; the answer carries the name in X-Request-ID."""

    def handle(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-ID", "")
        name = sent if _ID.fullmatch(sent) else uuid.uuid4().hex
        token = _request_id.set(name)
        try:
            response = get_response(request)
        finally:
            _request_id.reset(token)
        response["X-Request-ID"] = name
        return response

    return handle


def trace() -> dict[str, str]:
    """Return the ids of where we are: `request`, or `task` and `job`, or nothing."""
    found = {"request": _request_id.get()} if _request_id.get() else {}
    task = current_app.current_task
    if task is not None and task.request.id:
        found |= {"task": str(task.name), "job": str(task.request.id)}
    return found


class TextFormatter(logging.Formatter):
    """A line for a person's eyes, with the ids at the end."""

    def format(self, record: logging.LogRecord) -> str:
        line, *rest = super().format(record).split("\n", maxsplit=1)
        ids = "".join(f" {name}={value}" for name, value in trace().items())
        return "\n".join([line + ids, *rest])


class JsonFormatter(logging.Formatter):
    """One object a line: at, level, logger, message, the ids, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **trace(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
