"""Tells a person, once."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """The notifications app; its default wordings are written after every migrate."""

    name = "notifications"
    verbose_name = _("Messages")

    def ready(self) -> None:
        """Register the one permitted signal."""
        post_migrate.connect(_ensure_reference_data, sender=self)


def _ensure_reference_data(**_kwargs: object) -> None:
    # Operations import models, which are not ready while apps load.
    from notifications import operations

    operations.ensure_reference_data()
