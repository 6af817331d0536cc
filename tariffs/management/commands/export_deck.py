"""`manage.py export_deck CODE FILE [--on DATE]`: CSV, or XLSX by the name of the file."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from tariffs import queries
from tariffs.formats.deck_files import export_deck
from tariffs.models import RateDeck


class Command(BaseCommand):
    """Writes the version of a rate deck that is in force on a day into a file."""

    help = "Export a rate deck as CSV or XLSX."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The deck, the file, the day."""
        parser.add_argument("deck")
        parser.add_argument("file", type=Path)
        parser.add_argument("--on", type=date.fromisoformat)

    def handle(self, *_args: object, **options: Any) -> None:
        """Find the version, write the file."""
        deck = RateDeck.objects.filter(code=options["deck"]).first()
        on = options["on"] or timezone.localdate()
        version = queries.find_deck_version(deck_id=deck.pk, on=on) if deck else None
        if version is None:
            raise CommandError(_("No version of the deck is in force on that day."))
        form = "xlsx" if options["file"].suffix == ".xlsx" else "csv"
        try:
            options["file"].write_bytes(export_deck(version_id=version.pk, form=form))
        except (queries.UnableToExportDeck, OSError) as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(str(options["file"]))
