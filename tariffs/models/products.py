"""
Products (услуги): what a plan is made of, apart from prices.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.plans import PlanVersion


class Product(models.Model):
    """
    One thing that is provided. Speeds, in kbit/s, are those of internet access only.

    Once a published plan version has it, only its names and the archive mark change (trigger).
    """

    class Kind(models.TextChoices):
        INTERNET = "internet", _("internet access")
        FIXED_VOICE = "fixed_voice", _("fixed telephony")
        MOBILE_VOICE = "mobile_voice", _("mobile calls")
        SMS = "sms", _("messages")
        DATA = "data", _("mobile data")
        IPTV = "iptv", _("television")
        EQUIPMENT = "equipment", _("rented equipment")
        ONE_OFF = "one_off", _("one-off service")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name_ru = models.CharField(_("name (Russian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    down_kbps = models.PositiveIntegerField(_("speed down, kbit/s"), null=True, blank=True)
    up_kbps = models.PositiveIntegerField(_("speed up, kbit/s"), null=True, blank=True)
    slow_down_kbps = models.PositiveIntegerField(_("reduced speed down"), null=True, blank=True)
    slow_up_kbps = models.PositiveIntegerField(_("reduced speed up"), null=True, blank=True)
    burst_down_kbps = models.PositiveIntegerField(_("burst down"), null=True, blank=True)
    burst_up_kbps = models.PositiveIntegerField(_("burst up"), null=True, blank=True)
    burst_seconds = models.PositiveIntegerField(_("burst lasts, seconds"), null=True, blank=True)
    price = models.DecimalField(
        _("price of a one-off service"), max_digits=10, decimal_places=2, default=0
    )
    is_archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    down_kbps=None,
                    up_kbps=None,
                    slow_down_kbps=None,
                    slow_up_kbps=None,
                    burst_down_kbps=None,
                    burst_up_kbps=None,
                    burst_seconds=None,
                )
                | models.Q(
                    kind="internet",
                    down_kbps__isnull=False,
                    up_kbps__isnull=False,
                    down_kbps__gt=0,
                    up_kbps__gt=0,
                ),
                name="product_speed_of_internet",
            ),
            models.CheckConstraint(
                condition=models.Q(slow_down_kbps=None)
                | models.Q(slow_down_kbps__lte=models.F("down_kbps")),
                name="product_reduced_is_slower",
            ),
            models.CheckConstraint(
                condition=models.Q(burst_down_kbps=None, burst_up_kbps=None, burst_seconds=None)
                | models.Q(
                    burst_down_kbps__isnull=False,
                    burst_seconds__isnull=False,
                    burst_down_kbps__gte=models.F("down_kbps"),
                    burst_seconds__gt=0,
                ),
                name="product_burst_is_faster",
            ),
            models.CheckConstraint(
                condition=models.Q(price=0) | models.Q(kind="one_off", price__gt=0),
                name="product_price_of_one_off",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PlanProduct(models.Model):
    """A product that a plan version is made of; fixed with it when it is published."""

    plan_version = models.ForeignKey(
        PlanVersion,
        on_delete=models.CASCADE,
        related_name="products",
        verbose_name=_("plan version"),
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="+", verbose_name=_("product")
    )
    quantity = models.PositiveSmallIntegerField(_("quantity"), default=1)

    class Meta:
        verbose_name = _("product of a plan")
        verbose_name_plural = _("products of a plan")
        constraints = [
            models.UniqueConstraint(fields=["plan_version", "product"], name="planproduct_once"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="planproduct_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} × {self.quantity}"
