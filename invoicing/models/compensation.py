"""
Outages, and what subscribers are given for them.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Subscription


class OutageRule(models.Model):
    """So many percent of the daily fee for each hour or day without service, from a length on."""

    class Unit(models.TextChoices):
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    name_ru = models.CharField(_("name in Russian"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100)
    unit = models.CharField(_("for each"), max_length=4, choices=Unit, default=Unit.HOUR)
    percent = models.DecimalField(_("percent of the daily fee"), max_digits=6, decimal_places=2)
    from_minutes = models.PositiveIntegerField(_("from how many minutes on"), default=60)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("rule of compensation")
        verbose_name_plural = _("rules of compensation")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__gt=0, percent__lte=1000), name="outagerule_percent"
            ),
        ]

    def __str__(self) -> str:
        return self.name_ru


class Outage(models.Model):
    """
    A time without service for the services that `selection` names; what is given for it.

    `selection`: {"service": "internet", "region": "…", "address": "…", "plans": [id], "accounts":
    [id], "services": [id]}; what is left out doesn't narrow. Rates are copied from the rule.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")
        APPLIED = "applied", _("applied")
        CANCELLED = "cancelled", _("cancelled")

    MOVES = {
        "approved": ("draft",),
        "applied": ("approved",),
        "cancelled": ("draft", "approved"),
    }

    title_ru = models.CharField(_("what happened, in Russian"), max_length=120)
    title_en = models.CharField(_("what happened, in English"), max_length=120)
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("to"))
    selection = models.JSONField(default=dict)
    unit = models.CharField(max_length=4, choices=OutageRule.Unit)
    percent = models.DecimalField(max_digits=6, decimal_places=2)
    from_minutes = models.PositiveIntegerField()
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    recorded_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()
    approved_by = models.CharField(max_length=60, blank=True, default="")
    approved_at = models.DateTimeField(null=True)
    business_date = models.DateField(null=True)
    request_id = models.CharField(max_length=60, unique=True)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__gt=models.F("started_at")), name="outage_lasts"
            ),
        ]

    def __str__(self) -> str:
        return self.title_ru


class Compensation(models.Model):
    """What one service was given for one outage; its ledger entry's reference is this row."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    outage = models.ForeignKey(Outage, on_delete=models.PROTECT, related_name="compensations")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT)
    plan_version_id = models.BigIntegerField()
    minutes = models.IntegerField()
    daily_fee = models.DecimalField(max_digits=14, decimal_places=4)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    business_date = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "outage", "subscription"], name="compensation_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, minutes__gt=0), name="compensation_gives"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outage_id}: {self.subscription_id}"
