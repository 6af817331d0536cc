"""
One load in a process of its own, so that its memory can be told: `python -m bench.loading FOLDER DAY`.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bench.setting import NOW, timed


@dataclass(frozen=True, slots=True)
class Load:
    """
    How long each step took, and this process computed, in seconds; the most memory it held, MB.
    """

    steps: dict[str, float]
    batch_id: int
    memory: float
    processor: float
    report: dict[str, Any]

    @property
    def seconds(self) -> float:
        """All steps together."""
        return sum(self.steps.values())

    @property
    def told(self) -> str:
        """The steps for people."""
        steps = ", ".join(f"{name} {took:.1f} s" for name, took in self.steps.items())
        return f"{steps}; this process computed {self.processor:.1f} s"


def load(folder: Path, day: date) -> Load:
    """Receive, price and post a folder in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.loading", str(folder), day.isoformat()],
        stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    return Load(**json.loads(run.stdout))


def main() -> None:
    """Load and print what became of it."""
    import django

    django.setup()
    from rating import operations

    folder, day = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
    steps: dict[str, float] = {}
    began = time.process_time()
    steps["receive"], _ = timed(lambda: operations.receive_files(folder=folder, now=NOW))
    batch_id = operations.open_batch(business_date=day, now=NOW) or 0
    steps["price"], report = timed(lambda: operations.price_batch(batch_id=batch_id, now=NOW))
    steps["post"], _ = timed(lambda: operations.post_batch(batch_id=batch_id, now=NOW))
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime - began
    told = {"records": report.records, "priced": report.priced, "duplicates": report.duplicates}
    told |= {"suspended": report.suspended, "amounts": report.amounts}
    loaded = Load(steps, batch_id, used.ru_maxrss / 1024, spent, told)
    print(json.dumps(asdict(loaded)))


if __name__ == "__main__":
    main()
