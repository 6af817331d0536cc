"""
One box: phone, name, account, contract, address, login.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import intake as intake_queries
from accounts.queries import receipts as receipt_queries
from crm.queries import card as card_queries
from crm.queries import search as search_queries
from crm.views.doors import door, page, staff_of
from rating import queries as rating_queries

LEAST_LETTERS = 3


@require_GET
@door("see_customers")
def search(request: HttpRequest) -> HttpResponse:
    """The start page: the box, what it found, and the cards opened of late."""
    text = _text(request)
    context = _context(text)
    visited = [] if text else card_queries.list_visited(actor=staff_of(request).actor)
    return page(
        request,
        "crm/search.html",
        {
            **context,
            "visited": visited,
            "alarms": _count_alarms(request),
            "unassigned": _count_unassigned(request),
            "receipts": _count_receipts(request),
        },
    )


@require_GET
@door("see_customers")
def results(request: HttpRequest) -> HttpResponse:
    """What the box found so far, while one is still typing."""
    return page(request, "crm/search_results.html", _context(_text(request)))


def _count_alarms(request: HttpRequest) -> int:
    """Return how many alarms of the suspense wait for this member of staff."""
    is_theirs = staff_of(request).has_perm("crm.see_usage")
    return rating_queries.count_unseen_alarms() if is_theirs else 0


def _count_unassigned(request: HttpRequest) -> int:
    """Return how many payments wait for this member of staff to find their accounts."""
    is_theirs = staff_of(request).has_perm("crm.assign_payment")
    return intake_queries.count_unassigned() if is_theirs else 0


def _count_receipts(request: HttpRequest) -> int:
    """Return how many fiscal receipts were refused or wait too long, for who sees to them."""
    if not staff_of(request).has_perm("crm.see_receipts"):
        return 0
    work = receipt_queries.count_receipt_work(now=timezone.now())
    return work.failed + work.overdue


def _context(text: str) -> dict[str, Any]:
    is_enough = len(text) >= LEAST_LETTERS
    found = search_queries.search(text) if is_enough else []
    return {"query": text, "found": found, "is_enough": is_enough}


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:100]
