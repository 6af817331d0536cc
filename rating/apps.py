"""What did this use cost: files in, priced usage out."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RatingConfig(AppConfig):
    """The rating app."""

    name = "rating"
    verbose_name = _("Rating")
