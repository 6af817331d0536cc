"""A night of rating, step by step, and lines as switches write them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

from bench.world import number_of
from rating import operations
from rating.models import UsageFile
from rating.operations import BatchReport, Received

NOW = datetime(2026, 11, 21, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
CSV_HEADER = "record_id,kind,subscriber,started_at,quantity,other_number"


def call(who: int = 0, **changes: str) -> str:
    """An Asterisk line: subscriber `who` calls a home number on Friday at ten for a minute."""
    values = {
        "src": number_of(who),
        "dst": "89215557777",
        "at": "2026-11-20 10:00:00",
        "seconds": "60",
        "disposition": "ANSWERED",
        "id": "1.1",
        **changes,
    }
    return (
        '"","{src}","{dst}","internal","""X"" <1>","SIP/a","SIP/b","Dial","x","{at}","{at}","{at}",'
        '{seconds},{seconds},"{disposition}","DOCUMENTATION","{id}",""'
    ).format(**values)


def calls(many: int, **changes: str) -> list[str]:
    """Lines of different calls of subscriber 0."""
    return [call(id=f"many.{number}", **changes) for number in range(many)]


@dataclass(slots=True)
class Night:
    """Files of a day, loaded and priced."""

    folder: Path
    numbers: "count[int]" = field(default_factory=count)

    def bring(self, *lines: str, source: str = "msc-1", name: str = "") -> Path:
        """Put a file into the folder of a source."""
        header = [CSV_HEADER] if source == "csv-1" else []
        path = self.folder / source / (name or f"file-{next(self.numbers)}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*header, *lines, ""]))
        return path

    def receive(self) -> Received:
        """Take in what lies in the folder."""
        return operations.receive_files(folder=self.folder, now=NOW)

    def price(self, *, day: date = DAY, slice_rows: int = 1000) -> BatchReport:
        """Receive, open and price."""
        self.receive()
        batch_id = operations.open_batch(business_date=day, now=NOW)
        assert batch_id is not None
        return operations.price_batch(batch_id=batch_id, now=NOW, slice_rows=slice_rows)

    def load(self, *lines: str, source: str = "msc-1") -> BatchReport:
        """Bring a file, price and post it."""
        self.bring(*lines, source=source)
        report = self.price()
        operations.post_batch(batch_id=report.batch_id, now=NOW)
        return report


def only_file() -> UsageFile:
    """The one file there is."""
    return UsageFile.objects.get()
