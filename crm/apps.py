"""The agents' screens."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    """The crm app."""

    name = "crm"
    verbose_name = _("CRM")

    def ready(self) -> None:
        """Roles and their rights are written after every migrate (and flush)."""
        post_migrate.connect(_write_reference_data, sender=self, dispatch_uid="crm.reference")


def _write_reference_data(**_kwargs: object) -> None:
    from crm.operations import staff

    staff.ensure_reference_data()
