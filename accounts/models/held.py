"""
What else a service has a dated history of: days of its subscriber's pause, bundles it is part of.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models.contracts import Account
from accounts.models.sales import PackageAssignment
from accounts.models.services import Subscription
from tariffs.models.calendar import DateRange


class PausedDays(models.Model):
    """
    Days on which a service was paused by its subscriber, in [first, until); open while it lasts.

    A day on which the service worked, if only for a part, is not among them.
    `keeps_packages`: the fees of its packages go on meanwhile.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="paused_days"
    )
    first = models.DateField()
    until = models.DateField(null=True)
    keeps_packages = models.BooleanField(default=False)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="pauseddays_no_overlap",
                expressions=[
                    (F("account"), RangeOperators.EQUAL),
                    (F("subscription"), RangeOperators.EQUAL),
                    (DateRange("first", "until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("first")),
                name="pauseddays_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"pause of {self.subscription_id} from {self.first}"


class BundleHolding(models.Model):
    """A bundle as an account holds it: from its purchase until one of its parts ends."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="bundles")
    bundle_version = models.ForeignKey(
        "tariffs.BundleVersion",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("bundle version"),
    )
    active_from = models.DateTimeField(_("from"))
    active_to = models.DateTimeField(_("to"), null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("bundle of an account")
        verbose_name_plural = _("bundles of accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gte=F("active_from")),
                name="bundleholding_in_order",
            ),
        ]
        indexes = [models.Index(fields=["account"], name="bundleholding_of_account")]

    def __str__(self) -> str:
        return f"bundle of {self.account_id} from {self.active_from:%Y-%m-%d}"


class BundleShare(models.Model):
    """
    What a part costs in a bundle, for periods whose first day lies in [first, until).

    The part is the plan of a service, or one of its packages (`package_assignment`). `full_fee` is
    what it cost alone when the bundle was priced. A part is in one bundle at a time.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    holding = models.ForeignKey(BundleHolding, on_delete=models.PROTECT, related_name="shares")
    part = models.ForeignKey("tariffs.BundlePart", on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="bundle_shares"
    )
    package_assignment = models.ForeignKey(
        PackageAssignment, on_delete=models.PROTECT, null=True, related_name="bundle_shares"
    )
    fee = models.DecimalField(max_digits=10, decimal_places=2)
    full_fee = models.DecimalField(max_digits=10, decimal_places=2)
    first = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="bundleshare_no_overlap",
                expressions=[
                    (F("account"), RangeOperators.EQUAL),
                    (F("subscription"), RangeOperators.EQUAL),
                    (Coalesce("package_assignment", 0), RangeOperators.EQUAL),
                    (DateRange("first", "until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0) & Q(fee__lte=F("full_fee")),
                name="bundleshare_not_dearer",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("first")),
                name="bundleshare_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fee} of {self.holding_id}"
