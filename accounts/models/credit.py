"""
Credit classes, and what was agreed about the credit of each account.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models.contracts import Account
from billing_project.kernel.models import AppendOnly


class CreditClass(models.Model):
    """
    How far the operator trusts the accounts of a class; `Account.credit_class` is its code.

    `largest_own_limit` is the largest credit limit a subscriber may choose, zero for none.
    `dispute_cap` is how much of open disputes lets money go below zero; None: all of it.
    """

    code = models.CharField(_("code"), max_length=12, unique=True)
    name_ru = models.CharField(_("name in Russian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    largest_own_limit = models.DecimalField(
        _("largest limit of one's own choice"), max_digits=14, decimal_places=2, default=0
    )
    may_promise = models.BooleanField(_("promised payments"), default=True)
    dispute_cap = models.DecimalField(
        _("disputed money counts up to"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    deposit_percent = models.DecimalField(
        _("pays of a plan's deposit, %"),
        max_digits=6,
        decimal_places=2,
        default=100,
        db_default=100,
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("credit class")
        verbose_name_plural = _("credit classes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(largest_own_limit__gte=0), name="creditclass_limit_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(dispute_cap__isnull=True) | models.Q(dispute_cap__gte=0),
                name="creditclass_cap_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.name_en if (get_language() or "ru").startswith("en") else self.name_ru


class CreditChange(AppendOnly):
    """
    The fact row: class or limit of an account went from this to that, by whom, why.

    `is_own`: the limit after it is the subscriber's own choice, not the operator's grant.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_changes")
    class_before = models.CharField(max_length=12)
    class_after = models.CharField(max_length=12)
    limit_before = models.DecimalField(max_digits=14, decimal_places=2)
    limit_after = models.DecimalField(max_digits=14, decimal_places=2)
    is_own = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True, default="")
    changed_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(limit_after__gte=0), name="creditchange_limit_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="creditchange_account")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.class_after} {self.limit_after}"
