"""Celery doors of the wiring: the night by schedule, and the night an administrator asked for."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from billing_project import night_steps


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
