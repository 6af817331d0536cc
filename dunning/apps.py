"""What may this account use, and what happens to its debt."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DunningConfig(AppConfig):
    """The dunning app; its default rules are written after every migrate."""

    name = "dunning"
    verbose_name = _("Access")

    def ready(self) -> None:
        """Register the one permitted signal."""
        post_migrate.connect(_ensure_reference_data, sender=self)


def _ensure_reference_data(**_kwargs: object) -> None:
    # Operations import models, which are not ready while apps load.
    from dunning import operations

    operations.ensure_reference_data()
