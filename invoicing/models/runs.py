"""
A bill run as people do it: drafts, what is unusual about them, what is parked, when bills wait.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, LegalEntity
from invoicing.models.billing import Bill


class BillingPolicy(models.Model):
    """How a legal entity's bills go out. Without a row: by themselves, every night."""

    class Review(models.TextChoices):
        NEVER = "never", _("go out at night by themselves")
        FLAGGED = "flagged", _("wait for a person if anything is unusual")
        ALWAYS = "always", _("always wait for a person")

    legal_entity = models.OneToOneField(LegalEntity, on_delete=models.PROTECT)
    review = models.CharField(_("bills"), max_length=8, choices=Review, default=Review.NEVER)
    percent = models.DecimalField(
        _("unusual: a change of more than, %"), max_digits=6, decimal_places=2, default=50
    )
    money = models.DecimalField(
        _("and of more than, in money"), max_digits=14, decimal_places=2, default=300
    )
    own_cycle_change = models.BooleanField(
        _("subscribers may change their cycle day, once a cycle"), default=False, db_default=False
    )

    class Meta:
        verbose_name = _("how bills go out")
        verbose_name_plural = _("how bills go out")

    def __str__(self) -> str:
        return f"{self.legal_entity_id}: {self.review}"


class BillRun(models.Model):
    """Drafts of the bills of a legal entity's cycles that closed by a day; nothing is numbered."""

    class State(models.TextChoices):
        DRAFTING = "drafting", _("being drafted")
        DRAFT = "draft", _("to be decided")
        APPROVED = "approved", _("being issued")
        ISSUED = "issued", _("issued")
        CANCELLED = "cancelled", _("cancelled")

    MOVES = {
        "draft": ("drafting",),
        "approved": ("draft",),
        "issued": ("approved",),
        "cancelled": ("drafting", "draft"),
    }

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    business_date = models.DateField(_("cycles closed by"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFTING)
    percent = models.DecimalField(max_digits=6, decimal_places=2)
    money = models.DecimalField(max_digits=14, decimal_places=2)
    #: What waited unpriced, about worth, when the run was drafted.
    suspense_records = models.BigIntegerField(default=0)
    suspense_worth = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=60)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("bill run")
        verbose_name_plural = _("bill runs")
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity"],
                condition=models.Q(state__in=["drafting", "draft", "approved"]),
                name="billrun_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.legal_entity_id}: {self.business_date}"


class DraftBill(models.Model):
    """A bill that would be issued, as debt of the subscriber; `flags` say what is unusual."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PARKED = "parked", _("parked")
        LEFT = "left", _("changed since, not issued")

    #: A draft that was issued stays one, and names its bill.
    MOVES = {"parked": ("draft",), "left": ("draft",)}

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="drafts")
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    period_start = models.DateField()
    period_end = models.DateField()
    currency = models.CharField(max_length=3)
    opening = models.DecimalField(max_digits=14, decimal_places=2)
    gross = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    payments = models.DecimalField(max_digits=14, decimal_places=2)
    adjustments = models.DecimalField(max_digits=14, decimal_places=2)
    closing = models.DecimalField(max_digits=14, decimal_places=2)
    former_gross = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    lines = models.IntegerField()
    flags = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "run"], name="draftbill_once_a_run"),
        ]
        indexes = [
            models.Index(fields=["run", "account"], name="draftbill_of_run"),
            models.Index(
                fields=["run", "account"],
                name="draftbill_flagged",
                condition=~models.Q(flags=""),
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class ParkedBill(models.Model):
    """
    An account whose bill of a cycle is held back: the safety bound says it may be billed twice.

    Until it is released no bill of the account is issued; then this cycle isn't asked again.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    period_start = models.DateField()
    period_end = models.DateField()
    gross = models.DecimalField(max_digits=14, decimal_places=2)
    reasons = models.JSONField(default=list)
    parked_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=60, blank=True, default="")
    release_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "period_start"], name="parkedbill_once"),
        ]
        indexes = [
            models.Index(
                fields=["account"],
                name="parkedbill_waiting",
                condition=models.Q(released_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"parked {self.account_id}"
