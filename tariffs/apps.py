"""Catalogue: plans, price versions, zones, calendar, tax. Knows no customer."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TariffsConfig(AppConfig):
    """The tariffs app; reference data is written after every migrate (decision C1)."""

    name = "tariffs"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        """Register the one permitted signal."""
        post_migrate.connect(_ensure_reference_data, sender=self)


def _ensure_reference_data(**_kwargs: object) -> None:
    from tariffs import operations  # models are not ready at import

    operations.ensure_reference_data()
