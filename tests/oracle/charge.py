"""
What a folder of usage files charges, by the plain program: `python -m tests.oracle.charge FOLDER`.

Reads the catalogue and the subscribers of the database in DATABASE_URL and the files of FOLDER (a
folder per source), prices every record in Decimal and prints JSON: counts, and the sum charged by
account and kind of usage, as text.
"""

import json
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

from tests.oracle.plain_rating import PlainRating
from tests.oracle.switch_files import read_files


def charge(folder: Path) -> dict[str, Any]:
    """Return lines, duplicates, not_charged, suspense by reason, priced, and sums {account: {kind: text}}."""
    from tests.oracle.describe_database import describe_database, plain_sources

    sources = plain_sources()
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    intake = read_files((sources[path.parent.name], path) for path in paths)
    rating = PlainRating(describe_database())
    suspense: Counter[str] = Counter(intake.refused)
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    priced = 0
    for record in intake.records:
        answer = rating.price(record)
        if answer.refused:
            suspense[answer.refused] += 1
            continue
        priced += 1
        sums[answer.account, record.kind] += answer.amount
    return {
        "lines": intake.lines,
        "duplicates": intake.duplicates,
        "not_charged": intake.not_charged,
        "suspense": sum(suspense.values()),
        "suspense_by_reason": dict(suspense),
        "priced": priced,
        "sums": [[account, kind, str(total)] for (account, kind), total in sums.items()],
    }


def main() -> None:
    """Print what the folder charges."""
    django.setup()
    print(json.dumps(charge(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
