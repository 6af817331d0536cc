"""
Instalment plans: a debt agreed to be paid in parts, and which bills it was taken from.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from billing_project.kernel.models import AppendOnly
from invoicing.models.billing import Bill


class InstalmentPlan(models.Model):
    """
    A debt in parts with days of their own. Its row is the consent: who agreed, on whose word, through
    which door, to what (`terms`: as it was shown).

    While it is active its parts stand in the place of the debt it was taken from; `frozen`, what of
    them is open and not due yet, isn't worked as debt (the account's floor holds it).
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("being paid")
        KEPT = "kept", _("paid up")
        BROKEN = "broken", _("broken")
        CANCELLED = "cancelled", _("called off")

    #: New state: the states it may follow (kernel.operations.change_state).
    MOVES = {"kept": ("active",), "broken": ("active",), "cancelled": ("active",)}

    class Door(models.TextChoices):
        PORTAL = "portal", _("self-service account")
        CRM = "crm", _("an agent")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="instalment_plans")
    debt = models.DecimalField(_("debt"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    fee = models.DecimalField(_("price"), max_digits=10, decimal_places=2, default=0)
    grace_days = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ACTIVE)
    frozen = models.DecimalField(max_digits=14, decimal_places=2)
    agreed_on = models.DateField(_("agreed on"))
    agreed_at = models.DateTimeField()
    door = models.CharField(_("through"), max_length=8, choices=Door)
    terms = models.JSONField(default=dict)
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    approval_id = models.BigIntegerField(null=True)
    #: The newest bill when it was agreed on: what was on no bill then is on one after it.
    after_bill_id = models.BigIntegerField(default=0)
    request_id = models.CharField(max_length=60)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=60, blank=True, default="")
    close_reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("instalment plan")
        verbose_name_plural = _("instalment plans")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "request_id"], name="instalmentplan_once_a_request"
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state="active"),
                name="instalmentplan_one_active",
            ),
            models.CheckConstraint(
                condition=models.Q(frozen__gte=0, frozen__lte=models.F("debt"))
                & (models.Q(state="active") | models.Q(frozen=0)),
                name="instalmentplan_frozen_within",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="instalmentplan_of_state")]

    def __str__(self) -> str:
        return f"instalment plan {self.pk}"


class InstalmentPart(AppendOnly):
    """A part of a plan; together they are the debt."""

    plan = models.ForeignKey(InstalmentPlan, on_delete=models.PROTECT, related_name="parts")
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField(_("pay until"))
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "plan", "number"], name="part_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="part_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.number}"


class InstalmentCover(AppendOnly):
    """So much of a plan's debt was of this bill; without a bill: charged, and on none then."""

    plan = models.ForeignKey(InstalmentPlan, on_delete=models.PROTECT, related_name="covers")
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "plan", "bill"], name="cover_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="cover_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.bill_id}"
