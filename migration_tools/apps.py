"""Moving in from another billing."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MigrationToolsConfig(AppConfig):
    """The migration_tools app."""

    name = "migration_tools"
    verbose_name = _("Moving in")
