"""
The rules of the voluntary suspension (добровольная блокировка): for whom, how long, for how much.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.plans import Plan


class PauseRule(models.Model):
    """
    How a subscriber may pause a service. The row of its plan is taken, else that of its kind of
    service, else the one that names neither; without a row a pause is free and has no limits.

    Days are counted by calendar year. The first `free_days` of a year cost nothing.
    """

    class FeePeriod(models.TextChoices):
        MONTH = "month", _("per month")
        DAY = "day", _("per day")

    plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("plan"),
        help_text=_("None = every plan."),
    )
    service = models.CharField(
        _("service"),
        max_length=12,
        choices=Plan.Service,
        blank=True,
        default="",
        help_text=_("None = every service."),
    )
    is_allowed = models.BooleanField(_("allowed"), default=True)
    min_days = models.PositiveSmallIntegerField(_("days at least"), default=1)
    max_days = models.PositiveSmallIntegerField(_("days at most"), null=True, blank=True)
    days_a_year = models.PositiveSmallIntegerField(
        _("days at most in a year"), null=True, blank=True
    )
    gap_days = models.PositiveSmallIntegerField(_("days between two pauses"), default=0)
    ahead_days = models.PositiveSmallIntegerField(
        _("agreed at most so many days ahead"), default=90
    )
    needs_no_debt = models.BooleanField(_("not while in debt"), default=False)
    free_days = models.PositiveSmallIntegerField(_("free days in a year"), default=0)
    fee = models.DecimalField(_("fee of the pause"), max_digits=10, decimal_places=2, default=0)
    fee_period = models.CharField(
        _("fee per"), max_length=8, choices=FeePeriod, default=FeePeriod.DAY
    )
    keeps_packages = models.BooleanField(
        _("fees of packages go on"),
        default=False,
        help_text=_("Off: while the service is paused its packages cost nothing."),
    )

    class Meta:
        verbose_name = _("rule of pauses")
        verbose_name_plural = _("rules of pauses")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "service"], name="pauserule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(plan__isnull=True) | models.Q(service=""),
                name="pauserule_of_plan_or_service",
            ),
            models.CheckConstraint(
                condition=models.Q(fee__gte=0, min_days__gte=1)
                & (models.Q(max_days__isnull=True) | models.Q(max_days__gte=models.F("min_days"))),
                name="pauserule_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"pauses of {self.plan_id or self.service or '*'}"
