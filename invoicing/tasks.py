"""Celery doors of invoicing: read the clock, make one call."""

from celery import shared_task
from django.utils import timezone

from invoicing.operations import bill_runs, compensation


@shared_task(name="bills.draft", queue="billing", ignore_result=True)
def draft(**_kwargs: object) -> None:
    """Draft the bill runs that people began."""
    bill_runs.draft_all(now=timezone.now())


@shared_task(name="bills.issue", queue="billing", ignore_result=True)
def issue(**_kwargs: object) -> None:
    """Issue the bill runs that people approved."""
    now = timezone.now()
    bill_runs.issue_all(issued_on=timezone.localdate(now), now=now)


@shared_task(name="bills.compensate", queue="billing", ignore_result=True)
def compensate(**_kwargs: object) -> None:
    """Give what approved outages are worth."""
    compensation.apply_all(now=timezone.now())
