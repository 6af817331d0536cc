"""Tells the network what a service may do, until it confirms."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvisioningConfig(AppConfig):
    """The provisioning app."""

    name = "provisioning"
    verbose_name = _("Network")
