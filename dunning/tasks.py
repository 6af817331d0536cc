"""Tasks of dunning: read the clock, make one call."""

from celery import shared_task
from django.utils import timezone

from dunning import operations

#: Greater than any account's id.
LAST_ACCOUNT = 2**62


@shared_task(name="access.drain", queue="access", ignore_result=True)
def drain_crossings(**_kwargs: object) -> None:
    """Decide the access of accounts whose balance or services changed."""
    operations.drain_crossings(now=timezone.now())


@shared_task(name="access.audit", queue="access", ignore_result=True)
def audit_all(**_kwargs: object) -> None:
    """Look at every account; asked for after the rules were edited, and by the night in ranges."""
    operations.audit_all(account_from=0, account_to=LAST_ACCOUNT, now=timezone.now())


@shared_task(name="access.close_promises", queue="access", ignore_result=True)
def close_promises(**_kwargs: object) -> None:
    """Close promised payments that are paid or over."""
    operations.promises.close_due(now=timezone.now())


@shared_task(name="access.follow_debts", queue="access", ignore_result=True)
def follow_debts(**_kwargs: object) -> None:
    """Split payments for consolidated bills; unfreeze what was paid of instalment plans."""
    now = timezone.now()
    today = timezone.localdate(now)
    operations.instalments.follow_debts(business_date=today, now=now)
