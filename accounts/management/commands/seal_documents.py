"""Seal identity documents anew with the first of RETEL_DOCUMENT_KEYS."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.operations import documents


class Command(BaseCommand):
    """`seal_documents`, after a new key was put in front; may be run again."""

    help = _("Seals identity documents anew with the first key.")

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Go through all documents, a thousand in a transaction."""
        keys = settings.RETEL_DOCUMENT_KEYS
        if not keys:
            raise CommandError(_("RETEL_DOCUMENT_KEYS is not set."))
        last: int | None = 0
        try:
            while last is not None:
                last = documents.seal_anew(keys=keys, after=last)
        except documents.UnableToKeepDocument as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("All documents are sealed with the first key."))
