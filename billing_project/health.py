"""Is the process alive, is it ready to serve, and its figures for Prometheus."""

import hmac

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis import RedisError


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 with `{"database": true, "valkey": true}`, or 503 with what is missing false."""
    parts = {"database": _has_database(), "valkey": _has_valkey()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the process's figures to whoever sends RETEL_METRICS_TOKEN; 404 to everybody else."""
    token = f"Bearer {settings.RETEL_METRICS_TOKEN}".encode()
    sent = request.headers.get("Authorization", "").encode()
    if not settings.RETEL_METRICS_TOKEN or not hmac.compare_digest(sent, token):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def not_found(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What the network process says where there is no door."""
    return JsonResponse({"error": "not found"}, status=404)


def failed(_request: HttpRequest) -> HttpResponse:
    """What the network process says when a door failed."""
    return JsonResponse({"error": "failed"}, status=500)


def _has_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _has_valkey() -> bool:
    try:
        cache.get("ready")
    except (RedisError, OSError):
        return False
    return True
