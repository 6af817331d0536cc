"""
Pauses of services (добровольная блокировка) as they were agreed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Subscription


class Pause(models.Model):
    """
    A pause agreed with a subscriber, at terms that stay as they were shown.

    The service rests on the days in [starts_on, ends_on); without `ends_on` until it is resumed. The
    first `free_days` of them cost nothing, the others `fee` per day or month. Which days it really
    rested is `accounts.PausedDays`.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        RUNNING = "running", _("running")
        ENDED = "ended", _("ended")
        CANCELLED = "cancelled", _("cancelled")

    #: New state: the states it may follow (kernel.operations.change_state).
    MOVES = {"running": ("scheduled",), "ended": ("running",), "cancelled": ("scheduled",)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="pauses")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="pauses")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True)
    state = models.CharField(max_length=12, choices=State, default=State.SCHEDULED)
    fee = models.DecimalField(_("fee of the pause"), max_digits=10, decimal_places=2, default=0)
    fee_period = models.CharField(max_length=8, default="day")
    free_days = models.PositiveSmallIntegerField(_("free days"), default=0)
    keeps_packages = models.BooleanField(default=False)
    quote = models.JSONField(default=dict)
    requested_at = models.DateTimeField(_("asked for at"))
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("pause of a service")
        verbose_name_plural = _("pauses of services")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "subscription"],
                condition=models.Q(state__in=["scheduled", "running"]),
                name="pause_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="pause_in_order",
            ),
            models.CheckConstraint(condition=models.Q(fee__gte=0), name="pause_fee_not_negative"),
        ]

    def __str__(self) -> str:
        return f"pause of {self.subscription_id} from {self.starts_on}"
