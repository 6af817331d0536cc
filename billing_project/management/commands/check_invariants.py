"""`manage.py check_invariants`: prove the books."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing_project.invariants import list_invariants
from billing_project.kernel.invariants import find_violations


class Command(BaseCommand):
    """Ask every promise of the house; print what breaks one and exit with 1."""

    help = "Prove the books: each invariant is a query that must return no rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print only what is broken")

    def handle(self, **options: Any) -> None:
        broken = 0
        for app, invariant in list_invariants():
            name = f"{app}: {invariant.name.removeprefix(f'{app}: ')}"
            began = time.monotonic()
            rows = find_violations(invariant)
            seconds = time.monotonic() - began
            if rows:
                broken += 1
                self.stdout.write(self.style.ERROR(f"BROKEN  {name}"))
                self.stdout.write(f"        {invariant.why}")
                for row in rows:
                    self.stdout.write(f"        {row}")
            elif not options["quiet"]:
                self.stdout.write(f"holds   {name} ({seconds:.2f} s)")
        if broken:
            self.stdout.write(self.style.ERROR(f"{broken} broken"))
            sys.exit(1)
        self.stdout.write("All promises hold.")
