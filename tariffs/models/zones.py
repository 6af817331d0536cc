"""
Destinations: zones and the prefixes that belong to them.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ZoneScheme(models.Model):
    """
    A way to divide the world's numbers into zones, for decks that have their own.

    Zones and decks without a scheme are of the operator's common one. Once a published deck uses a
    scheme its prefixes never change: a deck that divides otherwise gets a scheme of its own.
    """

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("zone scheme")
        verbose_name_plural = _("zone schemes")

    def __str__(self) -> str:
        return self.code


class Zone(models.Model):
    """A set of number prefixes priced alike, of one class."""

    class ZoneClass(models.TextChoices):
        LOCAL = "local", _("local")
        LONG_DISTANCE = "long_distance", _("long-distance")
        INTERNATIONAL = "international", _("international")
        FREE = "free", _("free of charge")

    id = models.SmallAutoField(primary_key=True)
    scheme = models.ForeignKey(
        ZoneScheme,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="zones",
        verbose_name=_("zone scheme"),
    )
    code = models.CharField(_("code"), max_length=24)
    name_ru = models.CharField(_("name (Russian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    zone_class = models.CharField(_("class"), max_length=16, choices=ZoneClass)
    country = models.CharField(_("country"), max_length=3, blank=True, default="")

    class Meta:
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "code"], name="zone_code_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ZonePrefix(models.Model):
    """
    Digits (E.164 without plus, or a short number) that lead to a zone; the longest wins.

    `scheme` is that of the zone, here for the sake of the unique key.
    """

    scheme = models.ForeignKey(
        ZoneScheme,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("zone scheme"),
    )
    zone = models.ForeignKey(
        Zone, on_delete=models.CASCADE, related_name="prefixes", verbose_name=_("zone")
    )
    prefix = models.CharField(_("prefix"), max_length=15)

    class Meta:
        verbose_name = _("prefix")
        verbose_name_plural = _("prefixes")
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "prefix"], name="zoneprefix_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(prefix__regex=r"^[0-9]{1,15}$"), name="zoneprefix_digits"
            ),
        ]

    def __str__(self) -> str:
        return self.prefix
