"""`manage.py nightly`: close a business day, with progress and a summary table."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from billing_project import night, night_steps
from billing_project.night_report import summary_table
from rating import operations as rating_operations


class Command(BaseCommand):
    """Load, price, charge, decide access, bill, tell: for one business day."""

    help = "Close a business day: load, price, charge, decide access, bill, tell."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date", type=date.fromisoformat, help="day to close, by default yesterday"
        )
        parser.add_argument("--usage", type=Path, help="folder with a folder of files per source")

    def handle(self, **options: Any) -> None:
        today = timezone.localdate()
        day = options["date"] or today - timedelta(days=1)
        try:
            rating_operations.check_day(business_date=day, today=today)
        except rating_operations.UnableToChargeDay as error:
            raise CommandError(str(error)) from error
        folder = options["usage"] or settings.USAGE_DIR
        if options["usage"] and not folder.is_dir():
            raise CommandError(_("There is no folder %(folder)s.") % {"folder": folder})
        console = Console()
        drawing = Drawing(console)
        with drawing.progress:
            try:
                report = night_steps.close_day(
                    business_date=day, now=timezone.now(), folder=folder, watcher=drawing
                )
            except night.UnableToFinishNight as error:
                raise CommandError(str(error)) from error
        console.print(summary_table(report))


class Drawing:
    """Draws the steps as progress bars."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<12}"),
            BarColumn(),
            TextColumn("{task.completed:>10,.0f}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task: TaskID | None = None

    def step_began(self, *, step: night.Step, position: int, pieces: int) -> None:
        """Open a bar."""
        self._task = self.progress.add_task(step.name, total=None)

    def advanced(self, *, done: int, total: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self.progress.update(self._task, completed=done, total=total or None)

    def step_ended(self, *, step: night.Step, report: night.StepReport) -> None:
        """Fill the bar."""
        if self._task is None:
            return
        done = self.progress.tasks[self._task].completed
        self.progress.update(self._task, completed=done or 1, total=done or 1)
