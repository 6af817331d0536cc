"""
One paper for a company's units: what their bills of a run come to together.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, LegalEntity
from billing_project.kernel.models import AppendOnly
from invoicing.models.billing import Bill


class ConsolidatedBill(AppendOnly):
    """
    The bills of a payer (a company, or a unit billed apart) and of the units beneath it.

    Adds nothing of its own: every figure is the sum of its parts, the bills stay what they are.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="consolidated_bills"
    )
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    number = models.BigIntegerField()
    year = models.PositiveSmallIntegerField()
    number_text = models.CharField(_("number"), max_length=32)
    period_start = models.DateField()
    period_end = models.DateField()
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("pay until"))
    currency = models.CharField(max_length=3)
    opening = models.DecimalField(max_digits=14, decimal_places=2)
    net = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    gross = models.DecimalField(max_digits=14, decimal_places=2)
    payments = models.DecimalField(max_digits=14, decimal_places=2)
    adjustments = models.DecimalField(max_digits=14, decimal_places=2)
    closing = models.DecimalField(max_digits=14, decimal_places=2)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("consolidated bill")
        verbose_name_plural = _("consolidated bills")
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "year", "number"], name="consolidatedbill_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(gross=models.F("net") + models.F("tax")),
                name="consolidatedbill_net_and_tax_make_gross",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-period_end"], name="consolidatedbill_of_customer")
        ]

    def __str__(self) -> str:
        return self.number_text


class ConsolidatedPart(AppendOnly):
    """A bill on a consolidated one, under the cost centre that its unit had on that day."""

    consolidated = models.ForeignKey(
        ConsolidatedBill, on_delete=models.PROTECT, related_name="parts"
    )
    account_id = models.BigIntegerField()
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    cost_centre = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id", "bill"], name="consolidatedpart_once"),
        ]

    def __str__(self) -> str:
        return f"{self.bill_id} on {self.consolidated_id}"
