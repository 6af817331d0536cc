"""`manage.py check_vectors rating|invoicing FILE`: cases of other engines through the product's own."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from billing_project.kernel.vectors import Result, Verdict
from invoicing.domain.vectors import check_case as check_invoicing
from rating.domain.vectors import check_case as check_rating

AREAS: Final[dict[str, Callable[[object], Verdict]]] = {
    "rating": check_rating,
    "invoicing": check_invoicing,
}
#: Always told, also where there is none; others only where there are some.
TOLD: Final = (Result.AGREE, Result.DISAGREE, Result.UNSUPPORTED)
#: What an area may leave out: promotions of bills come later.
MAY_REMAIN: Final = {
    "rating": {Result.AGREE},
    "invoicing": {Result.AGREE, Result.UNSUPPORTED},
}


class Command(BaseCommand):
    """Print the cases that differ or can't be expressed, and how many agree; fail if any differs."""

    help = "Run cases of other engines through the code that prices usage, or bills, in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("area", choices=list(AREAS), help="what the cases are of")
        parser.add_argument("file", type=Path, help="JSON: a list of cases")

    def handle(self, **options: Any) -> None:
        area = options["area"]
        counts: Counter[Result] = Counter()
        for case in _cases(options["file"]):
            verdict = AREAS[area](case)
            counts[verdict.result] += 1
            if verdict.result != Result.AGREE:
                reasons = "; ".join(verdict.reasons)
                self.stdout.write(f"{verdict.name}: {verdict.result}: {reasons}")
        results = [*TOLD, *sorted(counts.keys() - set(TOLD))]
        summary = ", ".join(f"{result} {counts[result]}" for result in results)
        self.stdout.write(summary)
        if counts.keys() - MAY_REMAIN[area]:
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
