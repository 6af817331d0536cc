"""The subscriber's own account."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """The portal app."""

    name = "portal"
    verbose_name = _("Self-service")
