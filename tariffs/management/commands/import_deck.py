"""`manage.py import_deck FILE --deck CODE --from DATE [--publish] [--replace]`."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tariffs import operations, queries
from tariffs.formats.tables import UnreadableTable
from tariffs.models import RateDeck


class Command(BaseCommand):
    """Writes a version of a rate deck out of a file, as a draft or published."""

    help = "Import a rate deck from CSV or XLSX; every fault of the file is listed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the deck, the first day."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--deck", required=True, help="code of the deck")
        parser.add_argument("--from", required=True, type=date.fromisoformat, dest="valid_from")
        parser.add_argument("--publish", action="store_true")
        parser.add_argument(
            "--replace", action="store_true", help="correct the version in force on that day"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        """All or nothing: what can't be published isn't written either."""
        deck = RateDeck.objects.filter(code=options["deck"]).first()
        if deck is None:
            raise CommandError(_("There is no such deck."))
        try:
            with transaction.atomic():
                self._import(deck, options)
        except operations.UnableToImportDeck as refusal:
            for problem in refusal.problems:
                self.stderr.write(str(problem))
            raise CommandError(str(refusal)) from None
        except (UnreadableTable, operations.UnableToPublishDeck, OSError) as refusal:
            raise CommandError(str(refusal)) from None

    def _import(self, deck: RateDeck, options: dict[str, Any]) -> None:
        replaced = None
        if options["replace"]:
            replaced = queries.find_deck_version(deck_id=deck.pk, on=options["valid_from"])
            if replaced is None:
                raise CommandError(_("No version of the deck is in force on that day."))
        done = operations.import_deck(
            deck=deck,
            data=options["file"].read_bytes(),
            valid_from=options["valid_from"],
            replaces_id=replaced.pk if replaced else None,
        )
        if options["publish"]:
            operations.publish_deck_version(version_id=done.version.pk, now=timezone.now())
        self.stdout.write(
            f"version {done.version.pk}: {done.lines} lines, {done.prefixes} prefixes, "
            f"{done.zones} zones{', published' if options['publish'] else ''}"
        )
