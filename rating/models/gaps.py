"""
Running numbers that came, of files and of records: what is missing between them is a gap.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rating.models.files import UsageFile, UsageSource


class SequenceRun(models.Model):
    """Numbers of a source from `first` to `last` without a hole, as one file brought them."""

    class Counted(models.TextChoices):
        FILES = "files", _("files")
        RECORDS = "records", _("records")

    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT)
    counted = models.CharField(max_length=8, choices=Counted)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    file = models.ForeignKey(UsageFile, on_delete=models.PROTECT)

    class Meta:
        verbose_name = _("run of numbers")
        verbose_name_plural = _("runs of numbers")
        constraints = [
            models.UniqueConstraint(fields=["file", "counted", "first"], name="sequencerun_once"),
            models.CheckConstraint(
                condition=models.Q(counted__in=["files", "records"])
                & models.Q(first__gte=0, last__gte=models.F("first")),
                name="sequencerun_is_a_run",
            ),
        ]
        indexes = [
            models.Index(fields=["source", "counted", "first"], name="sequencerun_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.counted} {self.first}–{self.last}"
