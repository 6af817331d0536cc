"""
What everything that is sold has in common: who may buy it, while it is sold.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Offer(models.Model):
    """
    Whom a version is sold to; an empty list means everybody. `tariffs.domain.eligibility` judges.

    The lists are columns of the version, so that they are fixed with it when it is published.
    """

    class Whom(models.TextChoices):
        ALL = "all", _("everybody")
        NEW = "new", _("new subscribers only")
        EXISTING = "existing", _("present subscribers only")

    customer_kinds = ArrayField(
        models.CharField(max_length=12),
        verbose_name=_("kinds of customers"),
        default=list,
        blank=True,
        help_text=_("person, household, company; none = all."),
    )
    regions = ArrayField(
        models.CharField(max_length=80), verbose_name=_("regions"), default=list, blank=True
    )
    credit_classes = ArrayField(
        models.CharField(max_length=12), verbose_name=_("credit classes"), default=list, blank=True
    )
    account_kinds = ArrayField(
        models.CharField(max_length=12),
        verbose_name=_("kinds of accounts"),
        default=list,
        blank=True,
        help_text=_("prepaid, postpaid; none = both."),
    )
    whom = models.CharField(_("sold to"), max_length=8, choices=Whom, default=Whom.ALL)

    class Meta:
        abstract = True
