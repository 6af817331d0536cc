"""
Bundles: plans and packages sold together for less.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.offers import Offer
from tariffs.models.packages import Package
from tariffs.models.plans import Plan


class Bundle(models.Model):
    """A bundle under one name."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name_ru = models.CharField(_("name (Russian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    is_archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("bundle")
        verbose_name_plural = _("bundles")

    def __str__(self) -> str:
        return self.code


class BundleVersion(Offer):
    """
    One version of a bundle: in force while all its parts are held. Never changes once published.

    With `price` its parts cost that much together; without, each part has its own discount.
    """

    bundle = models.ForeignKey(
        Bundle, on_delete=models.PROTECT, related_name="versions", verbose_name=_("bundle")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    price = models.DecimalField(
        _("price of the whole"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    on_sale_from = models.DateField(_("on sale from"))
    closed_on = models.DateField(_("not sold from"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta:
        verbose_name = _("bundle version")
        verbose_name_plural = _("bundle versions")
        constraints = [
            models.UniqueConstraint(fields=["bundle", "number"], name="bundleversion_once"),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0),
                name="bundleversion_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bundle_id} v{self.number}"


class BundlePart(models.Model):
    """One part: a plan or a package, in whatever version it is held, with its discount."""

    bundle_version = models.ForeignKey(
        BundleVersion,
        on_delete=models.CASCADE,
        related_name="parts",
        verbose_name=_("bundle version"),
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("plan")
    )
    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("package")
    )
    discount_percent = models.DecimalField(
        _("discount, percent"), max_digits=5, decimal_places=2, default=0
    )
    discount_amount = models.DecimalField(
        _("discount, amount"), max_digits=10, decimal_places=2, default=0
    )

    class Meta:
        verbose_name = _("part of a bundle")
        verbose_name_plural = _("parts of a bundle")
        constraints = [
            models.UniqueConstraint(
                fields=["bundle_version", "plan", "package"],
                name="bundlepart_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(plan__isnull=False, package__isnull=True)
                | models.Q(plan__isnull=True, package__isnull=False),
                name="bundlepart_is_plan_or_package",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    discount_percent__gte=0, discount_percent__lte=100, discount_amount__gte=0
                ),
                name="bundlepart_discount_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id or self.package_id}"
