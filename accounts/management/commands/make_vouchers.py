"""`manage.py make_vouchers CODE --nominal 300 --count 1000 --until 2027-12-31 --file cards.csv`."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.operations import vouchers


class Command(BaseCommand):
    """Make a series of vouchers; the secrets are in the file and nowhere else."""

    help = "Make a series of vouchers and write the list for the printer, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="name of the series, in Latin letters")
        parser.add_argument("--nominal", type=Decimal, required=True)
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--currency", default="RUB")
        parser.add_argument("--from", dest="valid_from", type=date.fromisoformat, default=None)
        parser.add_argument("--until", dest="valid_until", type=date.fromisoformat, required=True)
        parser.add_argument("--file", type=Path, required=True, help="a file that is not there yet")
        parser.add_argument("--activate", action="store_true", help="put the cards in use at once")

    def handle(self, **options: Any) -> None:
        now, path, actor = timezone.now(), options["file"], "system:command"
        names = ("code", "nominal", "count", "currency", "valid_until")
        try:
            series = vouchers.issue_series(
                **{name: options[name] for name in names},
                valid_from=options["valid_from"] or timezone.localdate(now),
                keep=lambda listed: write_secret(path, listed),
                now=now,
                actor=actor,
            )
            if options["activate"]:
                vouchers.activate_series(series_id=series.pk, now=now, actor=actor)
        except (vouchers.UnableToIssueVouchers, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{series.code}: {series.count} cards, {path}")


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner reads, down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
