"""Tasks of the self-service account: read the clock, make one call."""

from celery import shared_task
from django.utils import timezone

from portal.operations import forgetting


@shared_task(name="portal.forget", queue="delivery", ignore_result=True)
def forget_sign_ins(**_kwargs: object) -> None:
    """Forget old tries to sign in and codes."""
    forgetting.forget_sign_ins(now=timezone.now())
