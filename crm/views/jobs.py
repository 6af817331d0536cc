"""
The night: what ran, what runs, what failed; starting it.
"""

from datetime import date, timedelta

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing_project.kernel import queue
from crm.queries import jobs as jobs_queries
from crm.views.doors import door, page

RUN_NIGHT = "night.run"


@require_GET
@door("see_jobs")
def nights(request: HttpRequest) -> HttpResponse:
    """Show the latest nights, the newest with its steps."""
    return _show(
        request, jobs_queries.latest_day() or _yesterday(), poll=reverse("crm:latest-progress")
    )


@require_GET
@door("see_jobs")
def night(request: HttpRequest, day: str) -> HttpResponse:
    """Show one night."""
    return _show(request, _read(day), poll=reverse("crm:night-progress", args=[day]))


@require_GET
@door("see_jobs")
def latest_progress(request: HttpRequest) -> HttpResponse:
    """Show the steps of the newest night as they are at the moment."""
    shown = jobs_queries.latest_day() or _yesterday()
    return _steps(request, shown, poll=reverse("crm:latest-progress"))


@require_GET
@door("see_jobs")
def progress(request: HttpRequest, day: str) -> HttpResponse:
    """Show the steps of a night as they are at the moment."""
    return _steps(request, _read(day), poll=reverse("crm:night-progress", args=[day]))


@require_POST
@door("run_jobs")
def run_night(request: HttpRequest) -> HttpResponse:
    """Ask the workers to run what is due; a night that is done already changes nothing."""
    with transaction.atomic():
        queue.nudge(RUN_NIGHT)
    messages.success(request, _("The workers were asked to run the night."))
    return redirect("crm:jobs")


def _show(request: HttpRequest, day: date, *, poll: str) -> HttpResponse:
    context = {"nights": jobs_queries.list_nights(), **_context(day, poll)}
    return page(request, "crm/jobs.html", context)


def _steps(request: HttpRequest, day: date, *, poll: str) -> HttpResponse:
    return page(request, "crm/jobs_steps.html", _context(day, poll))


def _context(day: date, poll: str) -> dict[str, object]:
    return {
        "night": jobs_queries.get_night(day),
        "troubled": jobs_queries.list_troubled_pieces(day),
        "poll": poll,
    }


def _yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def _read(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
