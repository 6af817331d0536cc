"""
Rate decks (прейскуранты направлений): what a minute, a message or a megabyte costs, and when.

A published deck version never changes (triggers in migrations/sql); versions of one deck don't
overlap in time. A day without a version means usage of that day waits in suspense.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tariffs.models.calendar import DateRange
from tariffs.models.zones import Zone


class UsageKind(models.TextChoices):
    """What was used; codes for the rating core are in `tariffs.domain.deck`."""

    VOICE = "voice", _("calls")
    SMS = "sms", _("messages")
    DATA = "data", _("mobile data")
    SESSION = "session", _("internet sessions")


class RateDeck(models.Model):
    """A named price list for one kind of usage."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    usage_kind = models.CharField(_("usage"), max_length=8, choices=UsageKind)

    class Meta:
        verbose_name = _("rate deck")
        verbose_name_plural = _("rate decks")

    def __str__(self) -> str:
        return self.code


class RateDeckVersion(models.Model):
    """Prices of a deck in [valid_from, valid_to), in business days of `time_zone`."""

    class Rounding(models.TextChoices):
        HALF_UP = "half_up", _("half up")
        UP = "up", _("up")
        DOWN = "down", _("down")

    deck = models.ForeignKey(RateDeck, on_delete=models.PROTECT, related_name="versions")
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Moscow")
    rounding = models.CharField(max_length=8, choices=Rounding, default=Rounding.HALF_UP)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    class Meta:
        verbose_name = _("deck version")
        verbose_name_plural = _("deck versions")
        constraints = [
            ExclusionConstraint(
                name="deckversion_no_overlap",
                expressions=[
                    (F("deck"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deck_id} from {self.valid_from}"


class Band(models.Model):
    """
    Tariff time of a deck version: weekdays (1 Mon … 7 Sun, empty = all), hours in seconds of the
    local day ([from, to), to ≤ from wraps midnight), whether it is for holidays. Higher priority wins.
    """

    class OnHolidays(models.TextChoices):
        ANY = "any", _("any day")
        ONLY = "only", _("holidays only")
        NEVER = "never", _("not on holidays")

    deck_version = models.ForeignKey(
        RateDeckVersion, on_delete=models.CASCADE, related_name="bands"
    )
    code = models.CharField(max_length=24)
    name_ru = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    from_second = models.PositiveIntegerField(default=0)
    to_second = models.PositiveIntegerField(default=86400)
    on_holidays = models.CharField(max_length=8, choices=OnHolidays, default=OnHolidays.ANY)
    priority = models.SmallIntegerField(default=0)

    class Meta:
        verbose_name = _("tariff time")
        verbose_name_plural = _("tariff times")
        constraints = [
            models.UniqueConstraint(fields=["deck_version", "code"], name="band_code_once"),
        ]

    def __str__(self) -> str:
        return self.code


class ZoneTerms(models.Model):
    """How usage to a zone is counted; a row without zone is the deck's default."""

    deck_version = models.ForeignKey(
        RateDeckVersion, on_delete=models.CASCADE, related_name="terms"
    )
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, null=True, blank=True)
    first_increment = models.PositiveIntegerField(default=60)
    next_increment = models.PositiveIntegerField(default=60)
    free_units = models.PositiveIntegerField(default=0)
    min_units = models.PositiveIntegerField(default=0)
    grace_units = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("counting rule")
        verbose_name_plural = _("counting rules")
        constraints = [
            models.UniqueConstraint(
                fields=["deck_version", "zone"],
                name="zoneterms_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(first_increment__gt=0, next_increment__gt=0),
                name="zoneterms_increments_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_increment}/{self.next_increment}"


class Rate(models.Model):
    """
    Price of `unit` (60 = per minute of seconds, 1 = per message, 1048576 = per MiB of bytes) to a
    zone in a band. Without zone: the rest of its class `zone_class`; with neither: everything else.
    """

    deck_version = models.ForeignKey(
        RateDeckVersion, on_delete=models.CASCADE, related_name="rates"
    )
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, null=True, blank=True)
    zone_class = models.CharField(max_length=16, choices=Zone.ZoneClass, blank=True, default="")
    band = models.ForeignKey(Band, on_delete=models.CASCADE, related_name="rates")
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=6)
    unit = models.PositiveIntegerField(_("unit"), default=60)
    connection_fee = models.DecimalField(
        _("connection fee"), max_digits=10, decimal_places=4, default=0
    )

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        constraints = [
            models.UniqueConstraint(
                fields=["deck_version", "zone", "zone_class", "band"],
                name="rate_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(price__gte=0, connection_fee__gte=0, unit__gt=0),
                name="rate_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price}/{self.unit}"
