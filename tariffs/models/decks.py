"""
Rate decks (прейскуранты направлений): what a minute, a message or a megabyte costs, and when.

A published deck version never changes (triggers in migrations/sql); versions of one deck don't
overlap in time. A day without a version means usage of that day waits in suspense. A version that
was wrong is replaced by a corrected one for the same days, and what it priced is re-rated.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tariffs.models.calendar import DateRange
from tariffs.models.zones import Zone, ZoneScheme


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

    deck = models.ForeignKey(
        RateDeck, on_delete=models.PROTECT, related_name="versions", verbose_name=_("rate deck")
    )
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Moscow")
    rounding = models.CharField(
        _("rounding"), max_length=8, choices=Rounding, default=Rounding.HALF_UP
    )
    scheme = models.ForeignKey(
        ZoneScheme,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("zone scheme"),
    )
    decimals = models.SmallIntegerField(_("rounded to decimals"), default=2)
    follows_clock = models.BooleanField(
        _("follows the clock"),
        default=True,
        help_text=_("Off: a whole call is priced in the tariff time of its start."),
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    replaces = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replaces"),
    )
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)

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
                # Drafts may be written for days that are still priced by another version.
                condition=models.Q(replaced_at__isnull=True, published_at__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(decimals__gte=-6, decimals__lte=2), name="deckversion_decimals"
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
        RateDeckVersion,
        on_delete=models.CASCADE,
        related_name="bands",
        verbose_name=_("deck version"),
    )
    code = models.CharField(_("code"), max_length=24)
    name_ru = models.CharField(_("name (Russian)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=80)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("weekdays"), default=list, blank=True
    )
    from_second = models.PositiveIntegerField(_("from second of the day"), default=0)
    to_second = models.PositiveIntegerField(_("to second of the day"), default=86400)
    on_holidays = models.CharField(
        _("on holidays"), max_length=8, choices=OnHolidays, default=OnHolidays.ANY
    )
    priority = models.SmallIntegerField(_("priority"), default=0)
    dates = ArrayField(
        models.CharField(max_length=10),
        verbose_name=_("dates"),
        default=list,
        blank=True,
        help_text=_("MM-DD for every year, or YYYY-MM-DD; none = any day."),
    )
    windows = ArrayField(
        ArrayField(models.CharField(max_length=19), size=2),
        verbose_name=_("date windows"),
        default=list,
        blank=True,
        help_text=_("Pairs of local times, YYYY-MM-DDTHH:MM:SS, the end not included."),
    )

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

    class OnMaxCost(models.TextChoices):
        CAP = "cap", _("the rest is free")
        DISCONNECT = "disconnect", _("the session ends")

    deck_version = models.ForeignKey(
        RateDeckVersion,
        on_delete=models.CASCADE,
        related_name="terms",
        verbose_name=_("deck version"),
    )
    zone = models.ForeignKey(
        Zone, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("zone")
    )
    first_increment = models.PositiveIntegerField(_("first increment"), default=60)
    next_increment = models.PositiveIntegerField(_("next increments"), default=60)
    free_units = models.PositiveIntegerField(_("free units"), default=0)
    min_units = models.PositiveIntegerField(_("shortest length"), default=0)
    grace_units = models.PositiveIntegerField(_("grace"), default=0)
    max_cost = models.DecimalField(
        _("maximum cost"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    on_max_cost = models.CharField(
        _("at the maximum"), max_length=12, choices=OnMaxCost, default=OnMaxCost.CAP
    )

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


class Surcharge(models.Model):
    """An amount due once for a record longer than so many units."""

    terms = models.ForeignKey(
        ZoneTerms,
        on_delete=models.CASCADE,
        related_name="surcharges",
        verbose_name=_("counting rule"),
    )
    at_unit = models.PositiveIntegerField(_("after units"))
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=6)

    class Meta:
        verbose_name = _("surcharge")
        verbose_name_plural = _("surcharges")
        constraints = [
            models.UniqueConstraint(fields=["terms", "at_unit"], name="surcharge_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="surcharge_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} > {self.at_unit}"


class PriceModel(models.Model):
    """
    A model that prices the whole quantity of a record, or what a month adds up to.

    `terms` are those of `tariffs.domain.price_models`, checked when the version is published.
    Rates that share a row share the running total of the month.
    """

    class Kind(models.TextChoices):
        STANDARD = "standard", _("per unit")
        GRADUATED = "graduated", _("graduated")
        VOLUME = "volume", _("volume")
        PACKAGE = "package", _("package")
        PERCENTAGE = "percentage", _("percentage")

    deck_version = models.ForeignKey(
        RateDeckVersion,
        on_delete=models.CASCADE,
        related_name="models",
        verbose_name=_("deck version"),
    )
    code = models.CharField(_("code"), max_length=40)
    kind = models.CharField(_("model"), max_length=12, choices=Kind)
    terms = models.JSONField(_("terms"), default=dict)
    is_monthly = models.BooleanField(
        _("counts the month's total"),
        default=False,
        help_text=_("Off: each record is priced on its own."),
    )

    class Meta:
        verbose_name = _("price model")
        verbose_name_plural = _("price models")
        constraints = [
            models.UniqueConstraint(fields=["deck_version", "code"], name="pricemodel_code_once"),
        ]

    def __str__(self) -> str:
        return self.code


class Rate(models.Model):
    """
    Price of `unit` (60 = per minute of seconds, 1 = per message, 1048576 = per MiB of bytes) to a
    zone in a band. Without zone: the rest of its class `zone_class`; with neither: everything else.
    """

    deck_version = models.ForeignKey(
        RateDeckVersion,
        on_delete=models.CASCADE,
        related_name="rates",
        verbose_name=_("deck version"),
    )
    zone = models.ForeignKey(
        Zone, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("zone")
    )
    zone_class = models.CharField(
        _("class"), max_length=16, choices=Zone.ZoneClass, blank=True, default=""
    )
    band = models.ForeignKey(
        Band, on_delete=models.CASCADE, related_name="rates", verbose_name=_("tariff time")
    )
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=6)
    unit = models.PositiveIntegerField(_("unit"), default=60)
    connection_fee = models.DecimalField(
        _("connection fee"), max_digits=10, decimal_places=4, default=0
    )
    model = models.ForeignKey(
        PriceModel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="rates",
        verbose_name=_("price model"),
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


class RateStep(models.Model):
    """
    From this unit of a record on: `price` per `unit`, counted in whole increments.

    A rate without steps has one, made of its price and the increments of the counting rule.
    """

    rate = models.ForeignKey(
        Rate, on_delete=models.CASCADE, related_name="steps", verbose_name=_("rate")
    )
    from_unit = models.PositiveIntegerField(_("from unit"), default=0)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=6)
    unit = models.PositiveIntegerField(_("unit"), default=60)
    increment = models.PositiveIntegerField(_("increment"), default=60)

    class Meta:
        verbose_name = _("step of a price")
        verbose_name_plural = _("steps of a price")
        constraints = [
            models.UniqueConstraint(fields=["rate", "from_unit"], name="ratestep_once"),
            models.CheckConstraint(
                condition=models.Q(price__gte=0, unit__gt=0, increment__gt=0),
                name="ratestep_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_unit}: {self.price}/{self.unit}"
