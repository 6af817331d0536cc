"""The application that wires the others together."""

from django.apps import AppConfig


class BillingProjectConfig(AppConfig):
    """Registers the system checks of the installation as a whole."""

    name = "billing_project"

    def ready(self) -> None:
        """Register the checks; make Celery's application the one that nudges are sent by."""
        from billing_project import celery, checks  # noqa: F401 - by import, once apps are loaded
