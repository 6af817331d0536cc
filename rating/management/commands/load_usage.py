"""`manage.py load_usage FOLDER`: take in, price and post usage files, with a summary."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from rating import operations
from rating.models import REASON_LABELS


class Command(BaseCommand):
    """Load usage in this process: polars and numpy never run in a forked worker."""

    help = "Take in the files of FOLDER/<source>/, price and post them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="folder with a folder of files per source")
        parser.add_argument(
            "--date", type=date.fromisoformat, help="business day of the charges, by default today"
        )

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        day = options["date"] or timezone.localdate(now)
        try:
            operations.check_day(business_date=day, today=timezone.localdate(now))
            loaded = operations.load_usage(
                folder=options["folder"], business_date=day, now=now, watch=self._show
            )
        except (
            operations.UnableToChargeDay,
            operations.UnableToReceive,
            operations.UnableToPriceBatch,
            operations.UnableToPostBatch,
        ) as error:
            raise CommandError(str(error)) from error
        self._summarise(loaded)

    def _show(self, step: str, done: int, total: int) -> None:
        self.stderr.write(f"{step}: {done}/{total}")

    def _summarise(self, loaded: operations.Loaded) -> None:
        received = loaded.received
        self.stdout.write(_("New files: %(count)s") % {"count": len(received.new)})
        for name in received.seen:
            self.stdout.write(_("Seen before: %(name)s") % {"name": name})
        for name, reason in received.refused:
            self.stdout.write(_("Refused: %(name)s: %(reason)s") % {"name": name, "reason": reason})
        for report in loaded.reports:
            self._summarise_batch(report)
        self.stdout.write(_("Ledger entries: %(count)s") % {"count": loaded.entries})

    def _summarise_batch(self, report: operations.BatchReport) -> None:
        message = _(
            "Records: %(records)s = %(priced)s priced + %(duplicates)s duplicates"
            " + %(not_charged)s not chargeable + %(suspended)s in suspense"
        )
        self.stdout.write(
            message
            % {
                "records": report.records,
                "priced": report.priced,
                "duplicates": report.duplicates,
                "not_charged": report.not_charged,
                "suspended": report.suspended,
            }
        )
        labels = {reason.value: label for reason, label in REASON_LABELS.items()}
        for reason, count in report.suspense.items():
            self.stdout.write(f"  {labels[reason]}: {count}")
        for name, reason in report.refused.items():
            self.stdout.write(_("Refused: %(name)s: %(reason)s") % {"name": name, "reason": reason})
        for kind, amount in report.amounts.items():
            self.stdout.write(f"  {kind}: {amount}")
