"""
The move matrix: from which plan to which, for how much, and when.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tariffs.models.plans import Plan


class MoveRule(models.Model):
    """
    How a subscriber moves from a plan to a plan; a side left empty stands for any plan.

    The rule that names both sides is taken first, then one that names the plan to leave, then one
    that names the new plan, then the one that names neither. Without a row a move is free, at the
    start of the next period. The fee depends on whether the new recurring fee is higher (or equal)
    or lower.
    """

    class Timing(models.TextChoices):
        NOW = "now", _("at once")
        NEXT_PERIOD = "next_period", _("from the next period")
        ON_DATE = "on_date", _("from a date")

    from_plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from the plan"),
    )
    to_plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("to the plan"),
    )
    is_allowed = models.BooleanField(_("allowed"), default=True)
    fee_up = models.DecimalField(_("fee of a move up"), max_digits=10, decimal_places=2, default=0)
    fee_down = models.DecimalField(
        _("fee of a move down"), max_digits=10, decimal_places=2, default=0
    )
    timing = models.CharField(
        _("takes effect"), max_length=12, choices=Timing, default=Timing.NEXT_PERIOD
    )
    on_date = models.DateField(_("date"), null=True, blank=True)
    min_days = models.PositiveSmallIntegerField(_("days on the plan before"), default=0)

    class Meta:
        verbose_name = _("rule of moves")
        verbose_name_plural = _("rules of moves")
        constraints = [
            models.UniqueConstraint(
                fields=["from_plan", "to_plan"], name="moverule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(fee_up__gte=0, fee_down__gte=0),
                name="moverule_fee_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(timing="on_date", on_date__isnull=False)
                | models.Q(~models.Q(timing="on_date"), on_date__isnull=True),
                name="moverule_date_where_needed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_plan_id or '*'} → {self.to_plan_id or '*'}"
