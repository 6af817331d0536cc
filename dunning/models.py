"""
Access: the rules as data, what each service may do now, what changed; promised payments.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Subscription
from billing_project.kernel.models import AppendOnly


def _words(label: Any) -> ArrayField:  # type: ignore[type-arg]
    return ArrayField(models.CharField(max_length=80), verbose_name=label, default=list, blank=True)


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
    credit_class = models.CharField(_("credit class"), max_length=12, blank=True, default="")
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
    """
    A rule of the promised payment: for whom and when, how much, for how long, on which conditions.

    The first rule by `position` that is for the asking account and whose conditions hold is given.
    Empty lists of whom = everybody; zero or none in a condition = it asks nothing.
    """

    class AmountIs(models.TextChoices):
        UP_TO = "up_to", _("any amount up to the largest")
        FIXED = "fixed", _("always the largest amount")
        MISSING = "missing", _("what is missing, up to the largest amount")
        FEE_SHARE = "fee_share", _("a share of the monthly fee, up to the largest amount")

    class TimesIn(models.TextChoices):
        MONTH = "month", _("a calendar month")
        DAYS = "days", _("so many days")

    name_ru = models.CharField(_("name in Russian"), max_length=80, default="Для всех")
    name_en = models.CharField(_("name in English"), max_length=80, default="For everybody")
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    is_active = models.BooleanField(_("offered"), default=True)
    valid_from = models.DateField(_("offered from"), null=True, blank=True)
    valid_to = models.DateField(_("offered before"), null=True, blank=True)

    customer_kinds = _words(_("kinds of customers"))
    account_kinds = _words(_("kinds of accounts"))
    regions = _words(_("regions"))
    credit_classes = _words(_("credit classes"))

    amount_is = models.CharField(
        _("which amount"), max_length=12, choices=AmountIs, default=AmountIs.UP_TO
    )
    max_amount = models.DecimalField(_("at most"), max_digits=14, decimal_places=2, default=500)
    fee_percent = models.DecimalField(
        _("percent of the monthly fee"), max_digits=6, decimal_places=2, default=100
    )
    days = models.PositiveSmallIntegerField(_("days"), default=5)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2, default=0)

    days_between = models.PositiveSmallIntegerField(_("days between promises"), default=30)
    times = models.PositiveSmallIntegerField(_("times at most"), default=0)
    times_in = models.CharField(_("in"), max_length=8, choices=TimesIn, default=TimesIn.MONTH)
    times_days = models.PositiveSmallIntegerField(_("days of that"), default=30)

    min_months = models.PositiveSmallIntegerField(_("months as a subscriber"), default=0)
    history_days = models.PositiveSmallIntegerField(_("days of payments looked at"), default=90)
    min_payments = models.PositiveSmallIntegerField(_("payments in these days"), default=0)
    min_paid = models.DecimalField(
        _("sum of payments in these days"), max_digits=14, decimal_places=2, default=0
    )
    unbroken_months = models.PositiveSmallIntegerField(
        _("months without a broken promise"), default=0
    )
    min_debt = models.DecimalField(_("debt at least"), max_digits=14, decimal_places=2, default=0)
    max_debt = models.DecimalField(
        _("debt at most"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    after_kept = models.BooleanField(_("only after the last one was honoured"), default=False)

    class Meta:
        verbose_name = _("promised payment rule")
        verbose_name_plural = _("promised payment rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_is__in=["up_to", "fixed", "missing", "fee_share"]),
                name="promiserule_amount_known",
            ),
            models.CheckConstraint(
                condition=models.Q(times_in__in=["month", "days"]), name="promiserule_times_known"
            ),
            models.CheckConstraint(
                condition=models.Q(days__gte=1, max_amount__gt=0, price__gte=0),
                name="promiserule_terms_make_sense",
                violation_error_message=_("A rule gives more than nothing, for a day or more."),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_to__gt=models.F("valid_from")),
                name="promiserule_valid_some_day",
                violation_error_message=_("The rule would never be offered."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.max_amount} for {self.days} days"

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.name_en if (get_language() or "ru").startswith("en") else self.name_ru


class CreditRuleChange(AppendOnly):
    """The fact row: a rule of the promised payment or a credit class was written, by whom, how."""

    class What(models.TextChoices):
        PROMISE_RULE = "promise_rule", _("promised payment rule")
        CREDIT_CLASS = "credit_class", _("credit class")

    what = models.CharField(max_length=16, choices=What)
    object_id = models.BigIntegerField()
    # {field: [before, after]}, the values as text; before is None where there was no row yet.
    changes = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(what__in=["promise_rule", "credit_class"]),
                name="creditrulechange_what_known",
            ),
        ]
        indexes = [models.Index(fields=["what", "object_id"], name="creditrulechange_object")]

    def __str__(self) -> str:
        return f"{self.what} {self.object_id}: {', '.join(self.changes)}"


class PromisedPayment(models.Model):
    """Credit for some days against a promise; counts in the account's floor while open."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        KEPT = "kept", _("kept")
        BROKEN = "broken", _("broken")

    MOVES = {State.KEPT: (State.OPEN,), State.BROKEN: (State.OPEN,)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="promises")
    # None: given before rules were rows of their own.
    rule = models.ForeignKey(
        PromiseRule, on_delete=models.PROTECT, null=True, related_name="promises"
    )
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
