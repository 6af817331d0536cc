"""The application that wires the others together."""

from django.apps import AppConfig


class BillingProjectConfig(AppConfig):
    """Registers the system checks of the installation as a whole."""

    name = "billing_project"

    def ready(self) -> None:
        """Register the checks; Django finds them by their import."""
        from billing_project import checks  # noqa: F401 - registered by import, needs loaded apps
