"""Customers, contracts, personal accounts, services, ledger, payments."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The accounts app. Loads the ledger's models; credit classes are written after every migrate."""

    name = "accounts"
    verbose_name = _("Accounts")

    def import_models(self) -> None:
        """Load the models, the ledger's included."""
        super().import_models()
        import_module("accounts.models.ledger")

    def ready(self) -> None:
        """Register the one permitted signal."""
        post_migrate.connect(_ensure_reference_data, sender=self)


def _ensure_reference_data(**_kwargs: object) -> None:
    # Operations import models, which are not ready while apps load.
    from accounts.operations import credit

    credit.ensure_reference_data()
