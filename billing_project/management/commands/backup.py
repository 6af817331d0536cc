"""`manage.py backup FILE`: the database in one file, with what it holds."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_project import backup


class Command(BaseCommand):
    """Write a backup while everything goes on; the file says what it holds."""

    help = "Write a backup of the database, with a manifest of its rows and totals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, **options: Any) -> None:
        target: Path = options["file"]
        try:
            made = backup.back_up(target=target, now=timezone.now())
        except (backup.UnableToBackUp, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        told = _("%(file)s: %(tables)s tables, %(rows)s rows, %(entries)s entries of the ledger.")
        self.stdout.write(
            told
            % {
                "file": target,
                "tables": len(made.rows),
                "rows": sum(made.rows.values()),
                "entries": made.totals.get("ledger", ["0"])[0],
            }
        )
