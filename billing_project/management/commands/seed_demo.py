"""`manage.py seed_demo`: the invented operator «Ладога Телеком», with files of its switches."""

import os
import time
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Customer
from billing_project.demo.seed import Seeded, UnableToSeed, Wishes, seed_demo
from billing_project.launcher import running


class Command(BaseCommand):
    """Fill an empty installation with a demo operator; the same arguments make the same operator."""

    help = "Fill an empty installation with the demo operator «Ладога Телеком»."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--subscribers", type=int, default=2000)
        parser.add_argument("--days", type=int, default=92, help="days with usage")
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--last-day", type=date.fromisoformat, help="by default yesterday")
        parser.add_argument("--records-per-day", type=float, default=1.0, help="per subscriber")
        parser.add_argument(
            "--no-history", action="store_true", help="don't close the months before the last"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there are customers"
        )

    def handle(self, **options: Any) -> None:
        if options["if_empty"] and Customer.objects.exists():
            self.stdout.write("There are customers already: the demo data stay as they are.")
            return
        now = timezone.now()
        wishes = Wishes(
            subscribers=options["subscribers"],
            days=options["days"],
            seed=options["seed"],
            last_day=options["last_day"] or timezone.localdate(now) - timedelta(days=1),
            now=now,
            usage_dir=settings.USAGE_DIR,
            per_day=options["records_per_day"],
            with_history=not options["no_history"],
        )
        began = time.monotonic()
        try:
            seeded = seed_demo(wishes=wishes, tell=self._teller(began))
        except UnableToSeed as refusal:
            message = "There are customers already; the demo goes into an empty installation only."
            raise CommandError(message) from refusal
        self._report(seeded, seconds=time.monotonic() - began)

    def _teller(self, began: float) -> Any:
        def tell(what: str) -> None:
            self.stdout.write(f"  {time.monotonic() - began:6.1f} s  {what}")

        return tell

    def _report(self, seeded: Seeded, *, seconds: float) -> None:
        self.stdout.write(
            f"{seeded.customers} customers, {seeded.accounts} accounts, {seeded.services} services, "
            f"{seeded.payments} payments, {seeded.usage.lines} usage lines in "
            f"{seeded.usage.files} files, in {seconds:.1f} s"
        )
        lines = [f"{where}: {login} / {password}" for where, login, password in seeded.logins]
        path = running.STATE_DIR / "demo_logins.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        os.chmod(path, 0o600)
        self.stdout.write("\n".join(lines))
