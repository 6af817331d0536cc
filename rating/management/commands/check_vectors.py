"""`manage.py check_vectors rating FILE`: cases of other engines through the core of production."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from rating.domain.vectors import check_case
from rating.domain.vectors.checking import Result


class Command(BaseCommand):
    """Print the cases that differ or can't be expressed; fail unless all agree."""

    help = "Run cases of other engines through the core that prices production usage."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("area", choices=["rating"], help="what the cases are of")
        parser.add_argument("file", type=Path, help="JSON: a list of cases")

    def handle(self, **options: Any) -> None:
        counts: Counter[Result] = Counter()
        for case in _cases(options["file"]):
            verdict = check_case(case)
            counts[verdict.result] += 1
            if verdict.result is not Result.AGREE:
                reasons = "; ".join(verdict.reasons)
                self.stdout.write(f"{verdict.name}: {verdict.result}: {reasons}")
        summary = ", ".join(f"{result} {counts[result]}" for result in Result)
        self.stdout.write(summary)
        if counts[Result.AGREE] != counts.total():
            raise CommandError(summary)


def _cases(path: Path) -> list[Any]:
    try:
        cases = json.loads(path.read_bytes())
    except OSError as error:
        message = _("The file %(file)s can't be read: %(why)s")
        raise CommandError(message % {"file": path, "why": error.strerror or error}) from error
    except ValueError as error:
        message = _("The file %(file)s is no JSON: %(why)s")
        raise CommandError(message % {"file": path, "why": error}) from error
    if not isinstance(cases, list):
        message = _("The file %(file)s holds no list of cases.")
        raise CommandError(message % {"file": path})
    return cases
