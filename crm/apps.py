"""The agents' screens."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    """The crm app."""

    name = "crm"
    verbose_name = _("CRM")
