"""Celery doors of rating. Queue `rating`, solo pool: numpy and polars never run in a forked child."""

import os
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from rating import operations
from rating.operations import charging, whatif
from rating.operations.rerating import runs as reratings


@shared_task(name="usage.follow_up", queue="rating", ignore_result=True)
def follow_up(**_kwargs: Any) -> None:
    """Add up posted batches, raise alarms of the suspense, go on with work on its records."""
    operations.follow_up(now=timezone.now())


@shared_task(name="usage.load", queue="rating", ignore_result=True)
def load_usage(**_kwargs: Any) -> None:
    """Take in, price and post what lies in the folder of usage, between two nights."""
    now = timezone.now()
    folder = settings.USAGE_DIR
    if folder.is_dir():
        operations.load_usage(folder=folder, business_date=timezone.localdate(now), now=now)


@shared_task(name="usage.rerate", queue="rating", ignore_result=True)
def rerate(**_kwargs: Any) -> None:
    """Compute previews of re-ratings, apply what is approved."""
    reratings.go_on_reratings(now=timezone.now())


@shared_task(name="usage.compare", queue="rating", ignore_result=True)
def compare(**_kwargs: Any) -> None:
    """Do the comparisons of versions that wait."""
    whatif.run_comparisons(worker=f"celery:{os.getpid()}", now=timezone.now())


@shared_task(name="usage.settle", queue="rating", ignore_result=True)
def settle(**_kwargs: Any) -> None:
    """Book the online sessions that ended, give up those not heard of."""
    now = timezone.now()
    charging.settle(business_date=timezone.localdate(now), now=now)
