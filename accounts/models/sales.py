"""
What a subscriber or customer has apart from the plan: packages on a service, and a company's prices.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models.contracts import Account
from accounts.models.customers import Customer
from accounts.models.services import Subscription, TsTzRange
from tariffs.models.calendar import DateRange
from tariffs.models.decks import UsageKind


class PackageAssignment(models.Model):
    """
    Dated history of the packages of a subscription: none is held twice at one moment.

    `package` is that of the version (a foreign key over both, in migrations/sql).
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, verbose_name=_("account"))
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        related_name="package_assignments",
        verbose_name=_("service"),
    )
    package = models.ForeignKey(
        "tariffs.Package", on_delete=models.PROTECT, related_name="+", verbose_name=_("package")
    )
    package_version = models.ForeignKey(
        "tariffs.PackageVersion",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("package version"),
    )
    active_from = models.DateTimeField(_("from"))
    active_to = models.DateTimeField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("package of a service")
        verbose_name_plural = _("packages of services")
        constraints = [
            ExclusionConstraint(
                name="packageassignment_no_overlap",
                expressions=[
                    (F("account"), RangeOperators.EQUAL),
                    (F("subscription"), RangeOperators.EQUAL),
                    (F("package"), RangeOperators.EQUAL),
                    (TsTzRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(active_to__isnull=True)
                | models.Q(active_to__gt=models.F("active_from")),
                name="packageassignment_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"package of {self.subscription_id} from {self.active_from:%Y-%m-%d}"


class CompanyPrice(models.Model):
    """
    A price of one company's own, from a day to a day; a private person never has one.

    `customer_kind` is always `company`, and with the customer refers to a customer of that kind (a
    foreign key over both, in migrations/sql): the database refuses a person's.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    customer_kind = models.CharField(max_length=12, default=Customer.Kind.COMPANY, editable=False)
    active_from = models.DateField(_("from"))
    active_to = models.DateField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=250)
    actor = models.CharField(max_length=60)
    created_at = models.DateTimeField(_("written at"))

    class Meta:
        abstract = True


class FeeOverride(CompanyPrice):
    """A company's own recurring fee on a plan version: the one of a period's first day counts."""

    plan_version = models.ForeignKey(
        "tariffs.PlanVersion",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("plan version"),
    )
    fee = models.DecimalField(_("recurring fee"), max_digits=10, decimal_places=2)

    class Meta:
        verbose_name = _("fee of a company")
        verbose_name_plural = _("fees of companies")
        constraints = [
            ExclusionConstraint(
                name="feeoverride_no_overlap",
                expressions=[
                    (F("customer"), RangeOperators.EQUAL),
                    (F("plan_version"), RangeOperators.EQUAL),
                    (DateRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(customer_kind="company"), name="feeoverride_of_company"
            ),
            models.CheckConstraint(condition=models.Q(fee__gte=0), name="feeoverride_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.fee}"


class DeckOverride(CompanyPrice):
    """A rate deck that prices a kind of usage of all a company's services, in place of the plan's."""

    usage_kind = models.CharField(_("usage"), max_length=8, choices=UsageKind)
    deck = models.ForeignKey(
        "tariffs.RateDeck", on_delete=models.PROTECT, related_name="+", verbose_name=_("rate deck")
    )

    class Meta:
        verbose_name = _("rate deck of a company")
        verbose_name_plural = _("rate decks of companies")
        constraints = [
            ExclusionConstraint(
                name="deckoverride_no_overlap",
                expressions=[
                    (F("customer"), RangeOperators.EQUAL),
                    (F("usage_kind"), RangeOperators.EQUAL),
                    (DateRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(customer_kind="company"), name="deckoverride_of_company"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.usage_kind}"
