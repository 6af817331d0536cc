"""
Dated data of the state: holidays and tax rates.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func
from django.utils.translation import gettext_lazy as _


class DateRange(Func):
    """`daterange(valid_from, valid_to)`: half-open, open-ended while valid_to is null."""

    function = "daterange"
    output_field = DateRangeField()


class Holiday(models.Model):
    """A day with holiday prices, in the operator's calendar."""

    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")

    def __str__(self) -> str:
        return f"{self.day}: {self.name}"


class TaxRate(models.Model):
    """Percent of a tax category from one day to another; no two at one time."""

    class Category(models.TextChoices):
        STANDARD = "standard", _("standard VAT")
        NONE = "none", _("no VAT")

    category = models.CharField(_("category"), max_length=12, choices=Category)
    percent = models.DecimalField(_("percent"), max_digits=5, decimal_places=2)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints = [
            ExclusionConstraint(
                name="taxrate_no_overlap",
                expressions=[
                    (F("category"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lt=100), name="taxrate_percent_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.percent} %"
