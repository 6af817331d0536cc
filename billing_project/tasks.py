"""Celery doors of the wiring: the night by schedule, and the night an administrator asked for."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from billing_project import night_steps
from billing_project.kernel import operations as kernel_operations


@shared_task(name="night.tick", queue="rating")
def tick(**_kwargs: Any) -> None:
    """Hourly: close yesterday (in the operator's zone) if it is not closed yet."""
    now = timezone.now()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    if timezone.localtime(now).hour >= settings.NIGHT_HOUR and not night_steps.is_closed(yesterday):
        night_steps.close_day(business_date=yesterday, now=now, folder=settings.USAGE_DIR)


@shared_task(name="night.run", queue="rating")
def run(**_kwargs: Any) -> None:
    """Close yesterday now; what was closed already is gone through again, without effect."""
    now = timezone.now()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    night_steps.close_day(business_date=yesterday, now=now, folder=settings.USAGE_DIR)


@shared_task(name="months.prepare", queue="billing")
def prepare_months(**_kwargs: Any) -> None:
    """Daily: make the partitions of the coming half-year."""
    today = timezone.localdate()
    kernel_operations.ensure_months(first=today, last=today + timedelta(days=184))
