"""What may this account use, and what happens to its debt."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DunningConfig(AppConfig):
    """The dunning app."""

    name = "dunning"
    verbose_name = _("Access")
