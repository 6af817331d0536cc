"""
How an account's cycles run, where they ever ran otherwise than by its first cycle day.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models.contracts import Account
from tariffs.models.calendar import DateRange


class AccountCycle(models.Model):
    """
    Cycles of one or two months for the days in [starts_on, until); see `domain.calendars`.

    An account without rows has months from its cycle day. One with rows has them for all days: the
    first begins before every account. `is_end`: nothing changed but that the last service ended.
    """

    class Anchor(models.TextChoices):
        DAY = "day", _("from a day of the month")
        CALENDAR = "calendar", _("by the calendar")
        ANNIVERSARY = "anniversary", _("from the day of opening")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="cycles")
    starts_on = models.DateField(_("from"))
    until = models.DateField(_("to"), null=True, blank=True)
    anchor = models.CharField(_("cycles begin"), max_length=12, choices=Anchor, default=Anchor.DAY)
    cycle_day = models.PositiveSmallIntegerField(
        _("cycle day"), validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    months = models.PositiveSmallIntegerField(_("months of a cycle"), default=1)
    phase = models.PositiveSmallIntegerField(default=0)
    is_end = models.BooleanField(default=False, db_default=False)
    requested_at = models.DateTimeField(_("agreed at"))
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("billing cycle")
        verbose_name_plural = _("billing cycles")
        constraints = [
            models.UniqueConstraint(fields=["account", "starts_on"], name="accountcycle_once"),
            ExclusionConstraint(
                name="accountcycle_no_overlap",
                expressions=[
                    (F("account"), RangeOperators.EQUAL),
                    (DateRange("starts_on", "until"), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(
                    cycle_day__gte=1, cycle_day__lte=31, months__in=[1, 2], phase__in=[0, 1]
                )
                & models.Q(phase__lt=F("months")),
                name="accountcycle_known",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gt=F("starts_on")),
                name="accountcycle_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"cycles of {self.account_id} from {self.starts_on}"
