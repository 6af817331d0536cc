"""Celery doors of accounts."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.operations import intake, receipts

PORTION = 400


@shared_task(name="payments.settle", queue="billing", ignore_result=True)
def settle(**_kwargs: Any) -> None:
    """Settle notices of money that were stored and have no effect yet."""
    intake.settle_waiting(now=timezone.now(), actor="system:intake")


@shared_task(name="receipts.send", queue="delivery", ignore_result=True)
def send_receipts(**_kwargs: Any) -> None:
    """Send fiscal receipts that are due, and ask about those that were sent."""
    while receipts.send_receipts(now=timezone.now(), limit=PORTION).total >= PORTION:
        pass
