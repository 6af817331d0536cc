"""The kernel as a Django app."""

from datetime import date, timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils import timezone


class KernelConfig(AppConfig):
    """Label `kernel`; months of partitions are made after every migrate (decision A7)."""

    name = "billing_project.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Register the one permitted signal."""
        post_migrate.connect(_ensure_months, sender=self)


def _ensure_months(**_kwargs: object) -> None:
    from billing_project.kernel import operations  # models are not ready at import

    today = timezone.localdate()
    operations.ensure_months(first=_shifted(today, -31), last=_shifted(today, 6 * 31))


def _shifted(day: date, days: int) -> date:
    return day + timedelta(days=days)
