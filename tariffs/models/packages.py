"""
Packages (пакеты услуг) and add-ons: included volume sold on top of a plan, in published versions.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.calendar import TaxRate
from tariffs.models.offers import Offer
from tariffs.models.plans import Plan


class Package(models.Model):
    """What is added to a service, under one name."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name_ru = models.CharField(_("name (Russian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    is_archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("package")
        verbose_name_plural = _("packages")

    def __str__(self) -> str:
        return self.code


class PackageVersion(Offer):
    """
    One version of a package; its allowances are rows of `Allowance`. Published, it never changes,
    save `closed_on`.

    `services` and `plans` say what it fits: none named = any. It is held for `validity_days`, or
    until it is taken off. A fee per month or day recurs, one that is due `once` does not; a part of
    a period is charged, and given back, as of a plan.
    """

    class FeePeriod(models.TextChoices):
        MONTH = "month", _("per month")
        DAY = "day", _("per day")
        ONCE = "once", _("once")

    class FeeTiming(models.TextChoices):
        ADVANCE = "advance", _("in advance")
        ARREARS = "arrears", _("in arrears")

    class Proration(models.TextChoices):
        ACTUAL = "actual", _("actual days of the cycle")
        FIXED_30 = "fixed_30", _("thirty days")
        MONTH_30 = "month_30", _("months of thirty days each")

    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, related_name="versions", verbose_name=_("package")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    fee = models.DecimalField(_("fee"), max_digits=10, decimal_places=2)
    fee_period = models.CharField(
        _("fee per"), max_length=8, choices=FeePeriod, default=FeePeriod.MONTH
    )
    fee_timing = models.CharField(
        _("fee is charged"), max_length=8, choices=FeeTiming, default=FeeTiming.ADVANCE
    )
    proration = models.CharField(
        _("part of a period is charged by"),
        max_length=12,
        choices=Proration,
        default=Proration.ACTUAL,
    )
    gives_back = models.BooleanField(
        _("unused days are given back"),
        default=True,
        help_text=_("Off: a period that was charged is paid, also when the package is taken off."),
    )
    validity_days = models.PositiveSmallIntegerField(_("days it is held"), null=True, blank=True)
    services = ArrayField(
        models.CharField(max_length=12), verbose_name=_("services"), default=list, blank=True
    )
    plans = models.ManyToManyField(
        Plan, through="PackagePlan", related_name="+", verbose_name=_("plans")
    )
    tax_category = models.CharField(
        _("tax"), max_length=12, choices=TaxRate.Category, default="standard"
    )
    tax_included = models.BooleanField(_("prices include tax"), default=True)
    on_sale_from = models.DateField(_("on sale from"))
    closed_on = models.DateField(_("not sold from"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta:
        verbose_name = _("package version")
        verbose_name_plural = _("package versions")
        constraints = [
            models.UniqueConstraint(fields=["package", "number"], name="packageversion_once"),
            # What an assignment of a package refers to, so that both its columns are true.
            models.UniqueConstraint(fields=["id", "package"], name="packageversion_of_package"),
            models.CheckConstraint(
                condition=models.Q(fee__gte=0), name="packageversion_fee_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(validity_days__isnull=True) | models.Q(validity_days__gt=0),
                name="packageversion_validity_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.package_id} v{self.number}"

    @property
    def is_recurring(self) -> bool:
        """Whether its fee is due again and again."""
        return self.fee_period != self.FeePeriod.ONCE


class PackagePlan(models.Model):
    """A plan that a package version fits."""

    package_version = models.ForeignKey(
        PackageVersion,
        on_delete=models.CASCADE,
        related_name="package_plans",
        verbose_name=_("package version"),
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="+", verbose_name=_("plan")
    )

    class Meta:
        verbose_name = _("plan of a package")
        verbose_name_plural = _("plans of a package")
        constraints = [
            models.UniqueConstraint(fields=["package_version", "plan"], name="packageplan_once"),
        ]

    def __str__(self) -> str:
        return f"{self.package_version_id} on {self.plan_id}"
