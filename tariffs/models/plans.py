"""
Plans (тарифные планы) and their immutable published versions.
"""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.calendar import TaxRate
from tariffs.models.decks import RateDeck, UsageKind
from tariffs.models.offers import Offer

#: Subscribers are told of a changed price at least so many days before (Rules of communication
#: services): ten.
LEGAL_NOTICE_DAYS: Final = 10


class Plan(models.Model):
    """What is sold, under one name, for one service."""

    class Service(models.TextChoices):
        MOBILE = "mobile", _("mobile")
        FIXED = "fixed", _("fixed telephony")
        INTERNET = "internet", _("internet")
        IPTV = "iptv", _("television")
        EQUIPMENT = "equipment", _("rented equipment")

    class Audience(models.TextChoices):
        PERSON = "person", _("private persons")
        COMPANY = "company", _("companies")
        ALL = "all", _("everybody")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name_ru = models.CharField(_("name (Russian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    service = models.CharField(_("service"), max_length=12, choices=Service)
    account_kind = models.CharField(_("account kind"), max_length=12, blank=True, default="")
    audience = models.CharField(_("for"), max_length=8, choices=Audience, default=Audience.PERSON)
    is_archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")

    def __str__(self) -> str:
        return self.code


class PlanVersion(Offer):
    """
    One version of a plan. Once `published_at` is set nothing in it changes, save `closed_on`,
    the day from which it can't be sold (triggers in migrations/sql).

    `bills_last_day`: the day of termination is charged. `bills_change_day`: so is the day on which a
    service moves to this plan; otherwise the plan that it leaves charges it. Both are days of plans
    that count days. `minimum` is what a service is charged a month at least, fees and usage
    together; `deposit` what is kept apart while the service runs.

    `effect` says what happens to those who have an earlier version: they keep it, are moved on
    `moves_on`, or at the start of their next cycle; never before `notice_days` have passed.
    """

    class Effect(models.TextChoices):
        KEEP = "keep", _("subscribers keep their version")
        MOVE = "move", _("subscribers are moved on a date")
        RENEWAL = "renewal", _("subscribers are moved at renewal")

    class FeePeriod(models.TextChoices):
        MONTH = "month", _("per month")
        DAY = "day", _("per day")

    class FeeTiming(models.TextChoices):
        ADVANCE = "advance", _("in advance")
        ARREARS = "arrears", _("in arrears")

    class Proration(models.TextChoices):
        ACTUAL = "actual", _("actual days of the cycle")
        FIXED_30 = "fixed_30", _("thirty days")
        MONTH_30 = "month_30", _("months of thirty days each")
        SECONDS = "seconds", _("seconds")

    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="versions", verbose_name=_("plan")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    fee = models.DecimalField(_("recurring fee"), max_digits=10, decimal_places=2)
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
    bills_last_day = models.BooleanField(
        _("the day of termination is charged"), default=True, db_default=True
    )
    bills_change_day = models.BooleanField(
        _("the day of a change to this plan is charged by it"), default=True, db_default=True
    )
    minimum = models.DecimalField(
        _("minimum charge a month"), max_digits=10, decimal_places=2, default=0, db_default=0
    )
    deposit = models.DecimalField(
        _("deposit"), max_digits=10, decimal_places=2, default=0, db_default=0
    )
    connection_price = models.DecimalField(
        _("price of connection"), max_digits=10, decimal_places=2, default=0
    )
    tax_category = models.CharField(
        _("tax"), max_length=12, choices=TaxRate.Category, default="standard"
    )
    tax_included = models.BooleanField(_("prices include tax"), default=True)
    speed_kbps = models.PositiveIntegerField(_("speed, kbit/s"), null=True, blank=True)
    slow_speed_kbps = models.PositiveIntegerField(_("reduced speed"), null=True, blank=True)
    on_sale_from = models.DateField(_("on sale from"))
    closed_on = models.DateField(_("not sold from"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    effect = models.CharField(
        _("earlier versions"), max_length=8, choices=Effect, default=Effect.KEEP
    )
    moves_on = models.DateField(_("subscribers move on"), null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(_("days of notice"), default=LEGAL_NOTICE_DAYS)

    class Meta:
        verbose_name = _("plan version")
        verbose_name_plural = _("plan versions")
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="planversion_once"),
            models.CheckConstraint(
                condition=models.Q(fee__gte=0, connection_price__gte=0),
                name="planversion_fee_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(minimum__gte=0, deposit__gte=0),
                name="planversion_terms_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(effect="move", moves_on__isnull=False)
                | models.Q(effect__in=["keep", "renewal"], moves_on__isnull=True),
                name="planversion_move_has_date",
            ),
            models.CheckConstraint(
                condition=models.Q(effect="keep") | models.Q(notice_days__gte=LEGAL_NOTICE_DAYS),
                name="planversion_notice_is_legal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.number}"


class PlanDeck(models.Model):
    """Which rate deck prices which kind of usage on a plan version."""

    plan_version = models.ForeignKey(
        PlanVersion, on_delete=models.CASCADE, related_name="decks", verbose_name=_("plan version")
    )
    usage_kind = models.CharField(_("usage"), max_length=8, choices=UsageKind)
    deck = models.ForeignKey(RateDeck, on_delete=models.PROTECT, verbose_name=_("rate deck"))

    class Meta:
        verbose_name = _("price list of a plan")
        verbose_name_plural = _("price lists of a plan")
        constraints = [
            models.UniqueConstraint(fields=["plan_version", "usage_kind"], name="plandeck_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_version_id} {self.usage_kind}"


class Allowance(models.Model):
    """
    Included volume per period: seconds of calls, messages, bytes; or money, in minor units. It
    comes with a plan version or with a package version.

    `zone_classes` and `zone_ids` limit it (both empty = all but international and free numbers).
    Higher priority is used first. `step` is its own counting step; 0 = the rate's increments.
    `factor` units of it are taken per unit of usage. See `tariffs.domain.deck.Allowance`.
    """

    class Recurrence(models.TextChoices):
        DAY = "day", _("every day")
        WEEK = "week", _("every week")
        MONTH = "month", _("every month")
        ONCE = "once", _("once")

    class Rollover(models.TextChoices):
        NONE = "none", _("what is left is lost")
        FIRST = "first", _("carried over, used first")
        LAST = "last", _("carried over, used last")

    plan_version = models.ForeignKey(
        PlanVersion,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="allowances",
        verbose_name=_("plan version"),
    )
    package_version = models.ForeignKey(
        "tariffs.PackageVersion",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="allowances",
        verbose_name=_("package version"),
    )
    usage_kind = models.CharField(_("usage"), max_length=8, choices=UsageKind)
    amount = models.BigIntegerField(_("amount"))
    is_money = models.BooleanField(_("money"), default=False)
    zone_classes = ArrayField(
        models.CharField(max_length=16),
        verbose_name=_("classes of zones"),
        default=list,
        blank=True,
    )
    zone_ids = ArrayField(
        models.SmallIntegerField(), verbose_name=_("zones"), default=list, blank=True
    )
    priority = models.SmallIntegerField(_("priority"), default=0)
    step = models.PositiveIntegerField(_("step"), default=0)
    factor = models.DecimalField(_("factor"), max_digits=9, decimal_places=4, default=1)
    recurrence = models.CharField(
        _("granted"), max_length=8, choices=Recurrence, default=Recurrence.MONTH
    )
    rollover = models.CharField(
        _("rollover"), max_length=8, choices=Rollover, default=Rollover.NONE
    )
    rollover_cap = models.BigIntegerField(_("carried at most"), null=True, blank=True)
    rollover_if_paid = models.BooleanField(_("carried only if paid on time"), default=False)
    is_shared = models.BooleanField(_("shared in a group"), default=False)
    blocks = models.BooleanField(
        _("used up, blocks"),
        default=False,
        help_text=_("Off: what goes beyond is charged."),
    )

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allowances")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="allowance_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(plan_version__isnull=False, package_version__isnull=True)
                | models.Q(plan_version__isnull=True, package_version__isnull=False),
                name="allowance_of_plan_or_package",
            ),
            models.CheckConstraint(
                condition=models.Q(factor__gt=0), name="allowance_factor_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.usage_kind}"
