"""Records that wait in suspense."""

from datetime import date

from rating.models import SuspenseRecord, UsageFile, UsageSource
from tests.integration.invoicing.household import at


def suspend(number: int) -> None:
    """So many records of one file can't be priced."""
    source = UsageSource.objects.create(code="retel_csv", name="Switch", format="retel_csv")
    file = UsageFile.objects.create(
        source=source,
        name="day.csv",
        sha256="0" * 64,
        size=1,
        archive_path="x",
        received_at=at(date(2026, 1, 31)),
    )
    SuspenseRecord.objects.bulk_create(
        SuspenseRecord(
            file=file,
            line=line,
            reason="unknown_subscriber",
            raw="x",
            suspended_at=at(date(2026, 1, 31)),
        )
        for line in range(1, number + 1)
    )
