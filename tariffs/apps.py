"""Catalogue: plans, price versions, zones, calendar, tax. Knows no customer."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TariffsConfig(AppConfig):
    """The tariffs app."""

    name = "tariffs"
    verbose_name = _("Catalogue")
