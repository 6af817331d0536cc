"""
What keeps spending in hand: guards per service, notices of allowances, groups that share them.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Subscription
from accounts.models.services import TsTzRange


class SpendingGuard(models.Model):
    """
    How much a service may spend on usage in a calendar month before it stops and asks.

    Months are named by their first day as yyyymmdd. `allowed_more` holds for `allowed_month` only;
    `reached_month` is the month in which the subscriber was told.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(_("limit per month"), max_digits=14, decimal_places=2)
    allowed_more = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    allowed_month = models.IntegerField(default=0)
    reached_month = models.IntegerField(default=0)
    changed_at = models.DateTimeField(_("changed at"))
    changed_by = models.CharField(_("changed by"), max_length=60)

    class Meta:
        verbose_name = _("spending guard")
        verbose_name_plural = _("spending guards")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "subscription"], name="spendingguard_of_service_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, allowed_more__gte=0), name="spendingguard_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.amount}"


class AllowanceNotice(models.Model):
    """That a subscriber was told how far an allowance of a period is used; once per threshold."""

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    period = models.IntegerField()
    percent = models.PositiveSmallIntegerField()
    noticed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "allowance_id", "period", "percent"],
                name="allowancenotice_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.allowance_id} {self.period}: {self.percent} %"


class AllowanceCarry(models.Model):
    """What was left of an allowance at the end of a period and carried into the next, once."""

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    from_period = models.IntegerField()
    to_period = models.IntegerField()
    units = models.BigIntegerField()
    carried_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "allowance_id", "from_period"],
                name="allowancecarry_once",
            ),
            models.CheckConstraint(condition=models.Q(units__gt=0), name="allowancecarry_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.allowance_id} {self.from_period}: {self.units}"


class AllowanceGroup(models.Model):
    """
    Services that use the shared allowances of one of them, its owner: a household, a company.

    The owner is always in it; the others are its members.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("group that shares allowances")
        verbose_name_plural = _("groups that share allowances")
        constraints = [
            models.UniqueConstraint(fields=["account", "owner"], name="allowancegroup_once"),
        ]

    def __str__(self) -> str:
        return self.name


class AllowanceGroupMember(models.Model):
    """
    A service in a group from one moment to another; in one group at a time.

    The caps limit what the member takes of the group's allowances in each of their periods:
    seconds, messages, bytes; empty = no limit of its own.
    """

    group = models.ForeignKey(AllowanceGroup, on_delete=models.PROTECT, related_name="members")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    active_from = models.DateTimeField(_("from"))
    active_to = models.DateTimeField(_("to"), null=True, blank=True)
    cap_voice = models.BigIntegerField(_("at most seconds of calls"), null=True, blank=True)
    cap_sms = models.BigIntegerField(_("at most messages"), null=True, blank=True)
    cap_data = models.BigIntegerField(_("at most bytes"), null=True, blank=True)

    class Meta:
        verbose_name = _("member of a group")
        verbose_name_plural = _("members of groups")
        constraints = [
            ExclusionConstraint(
                name="allowancegroupmember_one_at_a_time",
                expressions=[
                    (F("subscription"), RangeOperators.EQUAL),
                    (TsTzRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=(
                    (models.Q(cap_voice__isnull=True) | models.Q(cap_voice__gte=0))
                    & (models.Q(cap_sms__isnull=True) | models.Q(cap_sms__gte=0))
                    & (models.Q(cap_data__isnull=True) | models.Q(cap_data__gte=0))
                ),
                name="allowancegroupmember_caps_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} in {self.group_id}"
