"""Celery doors of accounts."""

import os
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts import operations
from accounts.operations import acquiring, intake, receipts, statements

PORTION = 400


@shared_task(name="payments.settle", queue="billing", ignore_result=True)
def settle(**_kwargs: Any) -> None:
    """Settle notices of money that were stored and have no effect yet."""
    intake.settle_waiting(now=timezone.now(), actor="system:intake")


@shared_task(name="payments.load_statements", queue="billing", ignore_result=True)
def load_statements(**_kwargs: Any) -> None:
    """Load bank statements that were confirmed."""
    statements.finish_statements(now=timezone.now())


@shared_task(name="receipts.send", queue="delivery", ignore_result=True)
def send_receipts(**_kwargs: Any) -> None:
    """Send fiscal receipts that are due, and ask about those that were sent."""
    while receipts.send_receipts(now=timezone.now(), limit=PORTION).total >= PORTION:
        pass


@shared_task(name="money.expire_holds", queue="billing", ignore_result=True)
def expire_holds(**_kwargs: Any) -> None:
    """Let go of money whose hold's time is over."""
    operations.expire_holds(now=timezone.now(), actor="system:holds")


@shared_task(name="money.write_off", queue="billing", ignore_result=True)
def write_off(**_kwargs: Any) -> None:
    """Post the write-offs of old debts that are approved."""
    operations.post_write_off_runs(now=timezone.now(), worker=f"celery:{os.getpid()}")


@shared_task(name="cards.settle", queue="delivery", ignore_result=True)
def settle_cards(**_kwargs: Any) -> None:
    """Ask acquirers about payments, refunds and notices that are open."""
    while acquiring.settle(now=timezone.now(), limit=PORTION).total >= PORTION:
        pass


@shared_task(name="cards.autopay", queue="delivery", ignore_result=True)
def run_autopay(**_kwargs: Any) -> None:
    """Carry out the standing orders that are due."""
    while acquiring.run_autopay(now=timezone.now(), limit=PORTION) >= PORTION:
        pass
