"""
The cash desk: shifts of cashiers, and what went through the drawer in each.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.customers import User
from accounts.models.payments import Payment


class CashShift(models.Model):
    """
    One cashier's time at the drawer; `counted` and `difference` are known once it is closed.

    The row is locked by whatever goes through the drawer, so that nothing slips in while the shift is
    being closed. `last_number` numbers its receipts without holes.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("shift", "open")
        CLOSED = "closed", pgettext_lazy("shift", "closed")

    MOVES = {State.CLOSED: (State.OPEN,)}

    cashier = models.ForeignKey(User, on_delete=models.PROTECT, related_name="cash_shifts")
    desk = models.CharField(_("desk"), max_length=60, blank=True, default="")
    currency = models.CharField(max_length=3, default="RUB")
    opening = models.DecimalField(_("in the drawer at first"), max_digits=14, decimal_places=2)
    opened_at = models.DateTimeField(_("opened"))
    business_date = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    last_number = models.PositiveIntegerField(default=0)
    expected = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    counted = models.DecimalField(_("counted"), max_digits=14, decimal_places=2, null=True)
    difference = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    comment = models.CharField(_("comment"), max_length=200, blank=True, default="")
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("cash shift")
        verbose_name_plural = _("cash shifts")
        constraints = [
            models.UniqueConstraint(
                fields=["cashier"], condition=models.Q(state="open"), name="cashshift_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "closed"]), name="cashshift_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(opening__gte=0), name="cashshift_opening_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["-opened_at"], name="cashshift_newest")]

    def __str__(self) -> str:
        return f"shift {self.pk}"


class DeskOperation(models.Model):
    """
    One line of a shift. `amount` is positive; `kind` says which way it went.

    Payments and their returns name the payment; money put into the drawer or taken to the bank
    names none. `request_id` comes with the form, so that a double click happens once.
    """

    class Kind(models.TextChoices):
        TAKEN = "taken", pgettext_lazy("desk", "payment")
        RETURNED = "returned", pgettext_lazy("desk", "payment given back")
        PUT_IN = "put_in", pgettext_lazy("desk", "put into the drawer")
        TAKEN_OUT = "taken_out", pgettext_lazy("desk", "taken to the bank")

    class Method(models.TextChoices):
        CASH = "cash", pgettext_lazy("desk", "cash")
        CARD = "card", pgettext_lazy("desk", "card terminal")

    shift = models.ForeignKey(CashShift, on_delete=models.PROTECT, related_name="operations")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    method = models.CharField(max_length=8, choices=Method)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="desk_operations"
    )
    tendered = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    slip = models.CharField(max_length=40, blank=True, default="")
    comment = models.CharField(max_length=200, blank=True, default="")
    request_id = models.CharField(max_length=64)
    happened_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("operation of the cash desk")
        verbose_name_plural = _("operations of the cash desk")
        constraints = [
            models.UniqueConstraint(fields=["shift", "number"], name="deskoperation_number_once"),
            models.UniqueConstraint(
                fields=["request_id", "kind"], name="deskoperation_request_once"
            ),
            models.UniqueConstraint(fields=["payment", "kind"], name="deskoperation_payment_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="deskoperation_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["taken", "returned", "put_in", "taken_out"])
                & models.Q(method__in=["cash", "card"]),
                name="deskoperation_words_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["taken", "returned"], payment__isnull=False)
                | models.Q(kind__in=["put_in", "taken_out"], payment__isnull=True, method="cash"),
                name="deskoperation_payment_when_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift_id}-{self.number}"

    @property
    def label(self) -> str:
        """The receipt's number as it is printed."""
        return f"{self.shift_id}-{self.number}"
