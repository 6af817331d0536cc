"""
Services on an account: subscriptions with their life cycle, plan history and identifiers.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, FSMModelMixin, transition

from accounts.models.contracts import Account


class TsTzRange(Func):
    """`tstzrange(active_from, active_to)`: half-open, open-ended while active_to is null."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


class Subscription(ConcurrentTransitionMixin, FSMModelMixin, models.Model):
    """
    One service on one account. The graph of states is declared here and nowhere else; rows are
    moved by `kernel.operations.change_state` (decision B4). What the network allows now is
    `dunning.ServiceAccess`, not this state.
    """

    class Service(models.TextChoices):
        MOBILE = "mobile", _("mobile")
        FIXED = "fixed", _("fixed telephony")
        INTERNET = "internet", _("internet")
        IPTV = "iptv", _("television")
        EQUIPMENT = "equipment", _("rented equipment")

    class State(models.TextChoices):
        ORDERED = "ordered", _("ordered")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        TERMINATED = "terminated", _("terminated")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="subscriptions")
    service = models.CharField(_("service"), max_length=12, choices=Service)
    state = FSMField(
        _("state"), max_length=12, choices=State.choices, default=State.ORDERED, protected=True
    )
    address = models.CharField(_("address"), max_length=250, blank=True, default="")
    ordered_at = models.DateTimeField(_("ordered at"))
    activated_at = models.DateTimeField(_("active since"), null=True, blank=True)
    terminated_at = models.DateTimeField(_("terminated at"), null=True, blank=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["ordered", "active", "suspended", "terminated"]),
                name="subscription_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} #{self.pk}"

    @transition(field=state, source=State.ORDERED, target=State.ACTIVE)
    def activate(self) -> None:
        """The service begins."""

    @transition(field=state, source=State.ACTIVE, target=State.SUSPENDED)
    def suspend(self) -> None:
        """The subscriber asked for a pause."""

    @transition(field=state, source=State.SUSPENDED, target=State.ACTIVE)
    def resume(self) -> None:
        """The pause is over."""

    @transition(
        field=state,
        source=[State.ORDERED, State.ACTIVE, State.SUSPENDED],
        target=State.TERMINATED,
    )
    def terminate(self) -> None:
        """The service ends for good."""


class PlanAssignment(models.Model):
    """
    Dated plan history of a subscription: no two overlap (exclusion constraint).

    `plan_version_id` is `tariffs.PlanVersion`; existing subscribers keep their version until moved.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="plan_assignments"
    )
    plan_version = models.ForeignKey("tariffs.PlanVersion", on_delete=models.PROTECT)
    active_from = models.DateTimeField(_("from"))
    active_to = models.DateTimeField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("plan of a service")
        verbose_name_plural = _("plans of services")
        constraints = [
            ExclusionConstraint(
                name="planassignment_no_overlap",
                expressions=[
                    (F("account"), RangeOperators.EQUAL),
                    (F("subscription"), RangeOperators.EQUAL),
                    (TsTzRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(active_to__isnull=True)
                | models.Q(active_to__gt=models.F("active_from")),
                name="planassignment_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"plan of {self.subscription_id} from {self.active_from:%Y-%m-%d}"


class PoolNumber(models.Model):
    """A number or login that can be given out. Free = no IdentifierUse is open for it."""

    class Kind(models.TextChoices):
        MSISDN = "msisdn", _("mobile number")
        FIXED = "fixed", _("fixed number")
        LOGIN = "login", _("login")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    value = models.CharField(_("number"), max_length=32)
    beauty = models.CharField(_("class of beauty"), max_length=12, default="plain")
    is_free = models.BooleanField(_("free"), default=True)
    quarantine_until = models.DateField(_("rests until"), null=True, blank=True)

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("number pool")
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="poolnumber_once"),
        ]
        indexes = [
            models.Index(
                fields=["kind", "value"],
                condition=models.Q(is_free=True),
                name="poolnumber_free",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class IdentifierUse(models.Model):
    """
    Which subscription used which number or login, and when; no two at one moment.

    A registry across accounts: `value` is E.164 digits without plus (79215550101) or a login.
    """

    kind = models.CharField(max_length=8, choices=PoolNumber.Kind)
    value = models.CharField(max_length=32)
    # What usage is resolved by, `domain.identifiers.subscriber_key(value)`; never hashed at night.
    key = models.BigIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="identifiers"
    )
    active_from = models.DateTimeField()
    active_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("number in use")
        verbose_name_plural = _("numbers in use")
        constraints = [
            ExclusionConstraint(
                name="identifieruse_no_overlap",
                # By key: an exclusion over text columns costs four times as much per row.
                expressions=[
                    (F("key"), RangeOperators.EQUAL),
                    (TsTzRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            # Found by the beginning of a number or login, and by its last digits.
            models.Index(
                fields=["value"], name="identifieruse_value", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                OpClass(Reverse("value"), name="text_pattern_ops"), name="identifieruse_tail"
            ),
        ]

    def __str__(self) -> str:
        return self.value
