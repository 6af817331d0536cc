"""Tells the network what to do, and hears it confirmed."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProvisioningConfig(AppConfig):
    """The provisioning app; its reference data are written after every migrate."""

    name = "provisioning"
    verbose_name = _("Network")

    def ready(self) -> None:
        """Register the one permitted signal."""
        post_migrate.connect(_ensure_reference_data, sender=self)


def _ensure_reference_data(**_kwargs: object) -> None:
    # Operations import models, which are not ready while apps load.
    from provisioning import operations

    operations.ensure_reference_data()
