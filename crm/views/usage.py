"""
Usage: its files, and charts of what was used and earned.
"""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from crm.domain.spans import DAY, MONTH, WEEK, Span, span_of
from crm.queries import usage as usage_queries
from crm.queries import usage_charts
from crm.views.doors import door, page
from crm.views.suspense import number

LENGTHS = (DAY, WEEK, MONTH)


@require_GET
@door("see_usage")
def usage_files(request: HttpRequest) -> HttpResponse:
    """List files with where their records went."""
    files = list(usage_queries.list_files(before=number(request, "before") or None))
    context = {
        "files": files,
        "totals": usage_queries.sum_files(),
        "incomplete": usage_queries.list_incomplete(),
        "next": files[-1].pk if len(files) == usage_queries.PAGE else None,
    }
    return page(request, "crm/usage_files.html", context)


@require_GET
@door("see_charts")
def usage(request: HttpRequest) -> HttpResponse:
    """Usage and revenue by day, hour, service and zone; the suspense over time."""
    span = _span(request)
    context = {
        "span": span,
        "usage": usage_charts.get_usage(span, language=get_language() or "ru"),
        "suspense": usage_charts.get_suspense(span),
        **_neighbours(span),
    }
    return page(request, "crm/usage.html", context)


def _span(request: HttpRequest) -> Span:
    length = request.GET.get("length", MONTH)
    try:
        on = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        on = timezone.localdate()
    return span_of(length if length in LENGTHS else MONTH, on)


def _neighbours(span: Span) -> dict[str, Any]:
    """Return the addresses of other spans: before, after, and of other lengths around here."""
    return {
        "lengths": [(length, _address(length, span.first)) for length in LENGTHS],
        "before": _address(span.length, span.before),
        "after": _address(span.length, span.end),
    }


def _address(length: str, on: date) -> str:
    return f"{reverse('crm:usage')}?length={length}&on={on.isoformat()}"
