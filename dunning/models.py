"""
Access: the rules as data, what each service may do now, what changed; promised payments.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Subscription
from billing_project.kernel.models import AppendOnly


class AccessRule(models.Model):
    """
    When the available money (balance + credit limit + promise) of an account is below `below`
    (or equal to it, if `or_equal`), services of `service` get `effect`. First match by `position`.

    Empty `service`, `account_kind`, `credit_class` = any.
    """

    class Effect(models.TextChoices):
        BAR_LONG_DISTANCE = "bar_long_distance", _("no long-distance and international calls")
        SLOW = "slow", _("reduced speed")
        SUSPEND = "suspend", _("suspended")

    position = models.PositiveSmallIntegerField(_("order"), unique=True)
    service = models.CharField(
        _("service"), max_length=12, blank=True, default="", choices=Subscription.Service
    )
    account_kind = models.CharField(
        _("account kind"), max_length=12, blank=True, default="", choices=Account.Kind
    )
    credit_class = models.CharField(
        _("credit class"), max_length=12, blank=True, default="", choices=Account.CreditClass
    )
    below = models.DecimalField(_("available below"), max_digits=14, decimal_places=2)
    or_equal = models.BooleanField(_("or equal"), default=False)
    effect = models.CharField(_("effect"), max_length=20, choices=Effect)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("access rule")
        verbose_name_plural = _("access rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(effect__in=["bar_long_distance", "slow", "suspend"]),
                name="accessrule_effect_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.effect} below {self.below}"


class ServiceAccess(models.Model):
    """
    What the network may allow one service now, and why: the desired state.

    `level`: open, bar_long_distance, slow, suspended (debt), paused (own wish), ended.
    """

    class Level(models.TextChoices):
        OPEN = "open", _("works without limits")
        BAR_LONG_DISTANCE = "bar_long_distance", _("local calls only")
        SLOW = "slow", _("reduced speed")
        SUSPENDED = "suspended", _("suspended for debt")
        PAUSED = "paused", _("paused at own wish")
        ENDED = "ended", _("terminated")

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="access"
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    level = models.CharField(max_length=20, choices=Level)
    speed_kbps = models.PositiveIntegerField(null=True)
    # The whole state last ordered of the network; {} = nothing was ordered yet.
    desired = models.JSONField(default=dict)
    rule_id = models.BigIntegerField(null=True)
    # Of which rules (domain.access.mark_rules): when an operator edits them, all is decided anew.
    rules_mark = models.IntegerField(null=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    level__in=[
                        "open",
                        "bar_long_distance",
                        "slow",
                        "suspended",
                        "paused",
                        "ended",
                    ]
                ),
                name="serviceaccess_level_known",
            ),
        ]
        indexes = [models.Index(fields=["account"], name="serviceaccess_account")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.level}"


class AccessChange(AppendOnly):
    """The fact row: access of a service went from one level to another, at which balance, why."""

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    old = models.CharField(max_length=20)
    new = models.CharField(max_length=20)
    rule_id = models.BigIntegerField(null=True)
    available = models.DecimalField(max_digits=14, decimal_places=2)
    reason = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["account_id", "-id"], name="accesschange_account")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.old} → {self.new}"


class PromiseRule(models.Model):
    """The one rule of the promised payment: how much, for how long, at what price, how often."""

    max_amount = models.DecimalField(_("at most"), max_digits=14, decimal_places=2, default=500)
    days = models.PositiveSmallIntegerField(_("days"), default=5)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2, default=0)
    days_between = models.PositiveSmallIntegerField(_("days between promises"), default=30)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("promised payment rule")
        verbose_name_plural = _("promised payment rules")

    def __str__(self) -> str:
        return f"{self.max_amount} for {self.days} days"


class PromisedPayment(models.Model):
    """Credit for some days against a promise; counts in the account's floor while open."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        KEPT = "kept", _("kept")
        BROKEN = "broken", _("broken")

    MOVES = {State.KEPT: (State.OPEN,), State.BROKEN: (State.OPEN,)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="promises")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    given_at = models.DateTimeField()
    due_at = models.DateTimeField()
    paid = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("promised payment")
        verbose_name_plural = _("promised payments")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(state="open"), name="promise_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "kept", "broken"]),
                name="promise_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="promise_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"promise {self.pk}"
