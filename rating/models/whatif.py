"""
Comparisons of two versions over a month's real usage: what was asked, by whom, and what came out.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Comparison(models.Model):
    """
    One question: what would the month have cost with the new version in place of the old one?

    Its progress is a JobRun piece (`rating.operations.whatif`). `result` is that of
    `rating.domain.whatif.summarise`, empty until then; a comparison never writes priced usage.
    """

    class Kind(models.TextChoices):
        PLAN = "plan", _("plan")
        DECK = "deck", _("rate deck")

    kind = models.CharField(_("what"), max_length=8, choices=Kind)
    old_version_id = models.IntegerField()
    new_version_id = models.IntegerField()
    first = models.DateField(_("from"))
    end = models.DateField(_("to"))
    requested_by = models.CharField(_("asked by"), max_length=80)
    requested_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("comparison")
        verbose_name_plural = _("comparisons")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end__gt=models.F("first")), name="comparison_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.old_version_id} → {self.new_version_id}"
