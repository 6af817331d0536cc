"""Tasks of provisioning: read the clock, make one call until nothing waits."""

from celery import shared_task
from django.utils import timezone

from provisioning import operations

PORTION = 1_000


@shared_task(name="network.send", queue="access", ignore_result=True)
def send_waiting(**_kwargs: object) -> None:
    """Send the orders that are due."""
    while operations.send_waiting(now=timezone.now(), limit=PORTION).total >= PORTION:
        pass
