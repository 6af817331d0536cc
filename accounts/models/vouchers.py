"""
Vouchers: scratch cards in series. A card names no account: who redeemed it is its payment's.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.payments import Payment
from billing_project.kernel.models import Approval


class VoucherSeries(models.Model):
    """Cards of one nominal, printed together; usable from a day until another (exclusive)."""

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("series", "waits for approval")
        APPROVED = "approved", pgettext_lazy("series", "to be generated")
        MADE = "made", pgettext_lazy("series", "generated")
        ACTIVE = "active", pgettext_lazy("series", "active")
        BLOCKED = "blocked", pgettext_lazy("series", "blocked")
        EXPIRED = "expired", pgettext_lazy("series", "expired")
        REFUSED = "refused", pgettext_lazy("series", "refused")

    MOVES = {
        State.APPROVED: (State.ASKED,),
        State.REFUSED: (State.ASKED,),
        State.MADE: (State.APPROVED,),
        State.ACTIVE: (State.MADE, State.BLOCKED),
        State.BLOCKED: (State.MADE, State.ACTIVE),
        State.EXPIRED: (State.MADE, State.ACTIVE, State.BLOCKED),
    }

    code = models.CharField(_("series"), max_length=12, unique=True)
    nominal = models.DecimalField(_("nominal"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    count = models.PositiveIntegerField(_("cards"))
    valid_from = models.DateField(_("usable from"))
    valid_until = models.DateField(_("usable before"))
    state = models.CharField(max_length=12, choices=State, default=State.ASKED)
    comment = models.CharField(_("comment"), max_length=200, blank=True, default="")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("series of vouchers")
        verbose_name_plural = _("series of vouchers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(nominal__gt=0) & models.Q(count__gt=0),
                name="voucherseries_worth_something",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__gt=models.F("valid_from")),
                name="voucherseries_days_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "asked",
                        "approved",
                        "made",
                        "active",
                        "blocked",
                        "expired",
                        "refused",
                    ]
                ),
                name="voucherseries_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Voucher(models.Model):
    """
    One card. Its secret is not stored, only a keyed hash of it, so that looking it up is one query
    and the table alone gives nothing away.
    """

    class State(models.TextChoices):
        FRESH = "fresh", pgettext_lazy("voucher", "not used")
        REDEEMED = "redeemed", pgettext_lazy("voucher", "redeemed")
        BLOCKED = "blocked", pgettext_lazy("voucher", "blocked")

    MOVES = {
        State.REDEEMED: (State.FRESH,),
        State.BLOCKED: (State.FRESH,),
        State.FRESH: (State.BLOCKED,),
    }

    series = models.ForeignKey(VoucherSeries, on_delete=models.PROTECT, related_name="vouchers")
    serial = models.PositiveIntegerField(_("number in the series"))
    secret_hash = models.BinaryField(max_length=32)
    state = models.CharField(max_length=12, choices=State, default=State.FRESH)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.UniqueConstraint(fields=["secret_hash"], name="voucher_secret_once"),
            models.UniqueConstraint(fields=["series", "serial"], name="voucher_serial_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["fresh", "redeemed", "blocked"]),
                name="voucher_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="redeemed") | models.Q(payment__isnull=True),
                name="voucher_paid_when_redeemed",
            ),
        ]

    def __str__(self) -> str:
        return f"voucher {self.pk}"


class VoucherAttempt(models.Model):
    """One try to redeem, for locks that outlive the cache, and for the audit; never the code."""

    account_id = models.BigIntegerField()
    actor = models.CharField(max_length=60)
    address = models.GenericIPAddressField(null=True)
    succeeded = models.BooleanField()
    tried_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("try to redeem a voucher")
        verbose_name_plural = _("tries to redeem vouchers")
        indexes = [
            models.Index(fields=["account_id", "-tried_at"], name="voucherattempt_account"),
            models.Index(fields=["actor", "-tried_at"], name="voucherattempt_actor"),
            models.Index(fields=["address", "-tried_at"], name="voucherattempt_address"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} for {self.account_id}"
