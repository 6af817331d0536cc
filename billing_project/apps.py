"""The wiring as an installed app: it carries the commands that span the house."""

from django.apps import AppConfig


class BillingProjectConfig(AppConfig):
    """Label `billing_project`."""

    name = "billing_project"
    verbose_name = "Retel"
