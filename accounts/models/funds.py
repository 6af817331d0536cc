"""
Money set aside by hand or by an application, and bonus money: their rows beside the ledger.
"""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.contracts import Account
from billing_project.kernel.models import AppendOnly


class Hold(models.Model):
    """
    Money set aside until it is taken, let go, or its time is over.

    While it is open it holds `amount − captured` of the balance row's `held`. Only `captured` and
    `state` change.
    """

    class State(models.TextChoices):
        OPEN = "open", _("held")
        CAPTURED = "captured", _("taken")
        VOIDED = "voided", _("let go")
        EXPIRED = "expired", _("expired")

    MOVES = {
        State.CAPTURED: (State.OPEN,),
        State.VOIDED: (State.OPEN,),
        State.EXPIRED: (State.OPEN,),
    }

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    reference = models.CharField(_("reference"), max_length=80)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    captured = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    reason = models.CharField(_("reason"), max_length=200)
    expires_at = models.DateTimeField(_("held until"))
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    authorised_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=["account", "reference"], name="hold_once"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "captured", "voided", "expired"]),
                name="hold_state_known",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured__gte=0, captured__lte=F("amount")),
                name="hold_captured_within_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="hold_expiring"),
            models.Index(fields=["account", "-authorised_at"], name="hold_of_account"),
        ]

    def __str__(self) -> str:
        return f"hold {self.reference}"

    @property
    def left(self) -> Decimal:
        """What is still held; meaningful while it is open."""
        return self.amount - self.captured


class HoldCapture(AppendOnly):
    """What was taken of a hold: a one-off charge, `request_id` once."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="captures")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    request_id = models.CharField(max_length=80)
    business_date = models.DateField()
    captured_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="holdcapture_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="holdcapture_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"capture {self.pk}"


class Pays(models.TextChoices):
    """Which charges bonus money pays."""

    ANY = "any", _("any charge")
    FEES = "fees", _("recurring fees")
    USAGE = "usage", _("calls, messages and data")


class BonusGrant(models.Model):
    """
    Bonus money given for a reason. Only `left` changes; `expires_on` is the last day it may be used.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="bonus_grants")
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    left = models.DecimalField(max_digits=14, decimal_places=2)
    pays = models.CharField(_("pays"), max_length=8, choices=Pays, default=Pays.ANY)
    expires_on = models.DateField(_("good until"), null=True)
    reason = models.CharField(_("reason"), max_length=200)
    request_id = models.CharField(max_length=64)
    business_date = models.DateField()
    granted_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("bonus")
        verbose_name_plural = _("bonuses")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="bonusgrant_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, left__gte=0, left__lte=F("amount")),
                name="bonusgrant_left_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(pays__in=["any", "fees", "usage"]), name="bonusgrant_pays_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "expires_on"], condition=Q(left__gt=0), name="bonusgrant_left"
            ),
        ]

    def __str__(self) -> str:
        return f"bonus {self.pk}"


class BonusUse(AppendOnly):
    """
    Bonus money that became money: two entries, bonus down (ref = id) and money up (ref = −id).

    `pays` says whose charges it paid, so that no charge is paid twice.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="bonus_uses")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    pays = models.CharField(max_length=8, choices=Pays)
    request_id = models.CharField(max_length=64)
    business_date = models.DateField()
    used_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="bonususe_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bonususe_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"use {self.pk}"


class BonusPart(AppendOnly):
    """What of a grant was used, or (`use` null) expired."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(BonusGrant, on_delete=models.PROTECT, related_name="parts")
    use = models.ForeignKey(BonusUse, on_delete=models.PROTECT, related_name="parts", null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            # A null use is a value here: a grant expires once.
            models.UniqueConstraint(
                fields=["account", "grant", "use"], name="bonuspart_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bonuspart_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"part of bonus {self.grant_id}"
