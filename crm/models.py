"""
What agents write down: interactions with customers; and who looked at whom.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from billing_project.kernel.models import AppendOnly


class Interaction(AppendOnly):
    """A call, visit, letter or note: who said what, when. Never changed; a correction is a new one."""

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        CALL_IN = "call_in", _("call from the customer")
        CALL_OUT = "call_out", _("call to the customer")
        VISIT = "visit", _("visit")
        LETTER = "letter", _("letter")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="interactions")
    account_id = models.BigIntegerField(null=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    text = models.TextField(_("text"))
    happened_at = models.DateTimeField(_("when"))
    actor = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        indexes = [models.Index(fields=["customer", "-happened_at"], name="interaction_customer")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class CardView(AppendOnly):
    """The audit trail of reading: which member of staff opened whose card, when."""

    customer_id = models.BigIntegerField()
    actor = models.CharField(max_length=60)
    viewed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["customer_id", "-id"], name="cardview_customer")]

    def __str__(self) -> str:
        return f"{self.actor} saw {self.customer_id}"
