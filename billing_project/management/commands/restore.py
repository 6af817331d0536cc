"""`manage.py restore FILE`: fill an empty database from a backup, and prove it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from billing_project import backup


class Command(BaseCommand):
    """Restore into an empty database; compare rows and totals; prove the books."""

    help = "Fill an empty database from a backup, compare what it holds, prove the books."
    # Its tables come with the backup.
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, **options: Any) -> None:
        try:
            told = backup.restore(source=options["file"])
        except (backup.UnableToRestore, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        done = _("Restored: %(rows)s rows, totals equal, all promises hold. Made at %(moment)s.")
        self.stdout.write(done % {"rows": sum(told.rows.values()), "moment": told.made_at})
