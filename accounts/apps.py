"""Customers, contracts, personal accounts, services, ledger, payments."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The accounts app. Loads the ledger's models, which the package does not re-export."""

    name = "accounts"
    verbose_name = _("Accounts")

    def import_models(self) -> None:
        """Load the models, the ledger's included."""
        super().import_models()
        import_module("accounts.models.ledger")
