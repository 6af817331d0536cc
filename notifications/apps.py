"""Tells a person, once."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """The notifications app."""

    name = "notifications"
    verbose_name = _("Messages")
