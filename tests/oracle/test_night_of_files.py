"""A night of files through the database: each account's sum is the plain program's, to the kopeck."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from django.db.models import Sum

from bench.world import build_operator, number_of
from rating import operations
from rating.models import PricedUsage
from tests.oracle.describe_database import describe_database, plain_sources
from tests.oracle.plain_rating import PlainRating
from tests.oracle.switch_files import Intake, read_files

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NUMBERS = (
    "89215557777",
    "8812{tail}",
    "9161234567",
    "+12125550100",
    "810995321234567",
    "112",
    "101",
    "390612345678",
    "1",
    "89215557777",
)
HEADER = "record_id,kind,subscriber,started_at,quantity,other_number"


def asterisk_line(draw: Random, place: int) -> str:
    """A call, sometimes of nobody, sometimes broken, sometimes a repeated record."""
    at = datetime(2026, 10, 30) + timedelta(seconds=draw.randrange(22 * 86400))
    number = draw.choice(NUMBERS).format(tail=draw.randrange(10**6, 10**7))
    length = draw.choice([0, 1, 2, 3, draw.randrange(600), draw.randrange(600), 30_000])
    unique = draw.randrange(place + 1) if draw.random() < 0.05 else place
    source = "79990000000" if draw.random() < 0.02 else number_of(draw.randrange(12))
    line = (
        f'"","{source}","{number}","internal","""X"" <1>","SIP/a","SIP/b","Dial","x","{at}","{at}",'
        f'"{at}",{length},{length},"ANSWERED","DOCUMENTATION","{unique}.1",""'
    )
    return line[: draw.randrange(60)] if draw.random() < 0.01 else line


def csv_line(draw: Random, place: int) -> str:
    """A message, mobile data or an internet session."""
    at = datetime(2026, 10, 30) + timedelta(seconds=draw.randrange(22 * 86400))
    kind = draw.choice(["sms", "data", "session"])
    who = "user0" if kind == "session" else number_of(draw.randrange(10))
    units = 1 if kind == "sms" else draw.randrange(200 << 20)
    other = draw.choice(NUMBERS).format(tail="5550199") if kind == "sms" else ""
    return f"{place},{kind},{who},{at},{units},{other}"


@pytest.fixture
def files(tmp_path: Path, settings: object) -> list[tuple[str, Path]]:
    """Two switches' files, one of them the same twice."""
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    draw = Random(20261121)
    calls = [asterisk_line(draw, place) for place in range(3000)]
    others = [HEADER, *(csv_line(draw, place) for place in range(1500))]
    made = []
    for source, name, lines in (
        ("csv-1", "usage.csv", others),
        ("msc-1", "a.csv", calls[:2000]),
        ("msc-1", "b.csv", calls[1900:]),
    ):
        path = tmp_path / "in" / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, ""]))
        made.append((source, path))
    return made


def price_plainly(files: list[tuple[str, Path]]) -> tuple[Intake, Counter[int], Counter[str]]:
    """Return what was read, kopecks by account, and refusals by reason."""
    sources = plain_sources()
    intake = read_files((sources[code], path) for code, path in files)
    rating = PlainRating(describe_database())
    kopecks: Counter[int] = Counter()
    refused: Counter[str] = Counter()
    for record in intake.records:
        answer = rating.price(record)
        if answer.refused:
            refused[answer.refused] += 1
        else:
            kopecks[answer.account] += int(answer.amount * 100)
    return intake, kopecks, refused


@pytest.mark.django_db
def test_every_account_owes_what_the_plain_program_says(files: list[tuple[str, Path]]) -> None:
    build_operator(subscribers=10)
    operations.receive_files(folder=files[0][1].parent.parent, now=NOW)
    batch_id = operations.open_batch(business_date=date(2026, 11, 20), now=NOW)
    assert batch_id is not None
    report = operations.price_batch(batch_id=batch_id, now=NOW)
    intake, kopecks, refused = price_plainly(files)
    sums = PricedUsage.objects.values_list("account_id").annotate(total=Sum("amount"))
    assert dict(sums) == {account: Decimal(amount) / 100 for account, amount in kopecks.items()}
    assert report.duplicates == intake.duplicates > 0
    assert report.suspended == sum(intake.refused.values()) + sum(refused.values()) > 0
    assert report.priced == len(intake.records) - sum(refused.values())
