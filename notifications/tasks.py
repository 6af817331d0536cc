"""Tasks of notifications: read the clock, call until nothing waits."""

from celery import shared_task
from django.utils import timezone

from notifications import operations

PORTION = 50


@shared_task(name="notifications.read_events", queue="delivery", ignore_result=True)
def read_events(**_kwargs: object) -> None:
    """Turn waiting events into messages."""
    operations.read_events(now=timezone.now())


@shared_task(name="notifications.deliver", queue="delivery", ignore_result=True)
def deliver(**_kwargs: object) -> None:
    """Deliver the messages that are due."""
    while operations.deliver(now=timezone.now(), limit=PORTION).total >= PORTION:
        pass
