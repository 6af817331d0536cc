"""
`manage.py migrate`, beside a product that goes on working: it waits for no lock for long.

A change of a table wants it alone for a moment. Whoever uses it just then (a backup, a step of the
night) keeps the change waiting, and everybody else waits behind it. So after some seconds the change
steps back, whole, and is tried again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connection

#: SQLSTATE of a lock not got in time, and of being chosen to step back from a deadlock.
HELD_UP: Final = {"55P03", "40P01"}


class Command(Migrate):
    """Django's command, with a limit for each wait and several tries."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ours to Django's."""
        super().add_arguments(parser)
        parser.add_argument("--lock-timeout", type=float, default=5, help="seconds; 0: no limit")
        parser.add_argument("--tries", type=int, default=60)

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; what was applied before a step back stays applied."""
        for left in reversed(range(options["tries"])):
            try:
                with _impatient(options["lock_timeout"]):
                    super().handle(*args, **options)
                return
            except OperationalError as error:
                if left == 0 or getattr(error.__cause__, "pgcode", "") not in HELD_UP:
                    raise
                self.stderr.write(f"\nA table is in use: trying again ({left} tries left).")
                time.sleep(options["lock_timeout"])


@contextmanager
def _impatient(seconds: float) -> Iterator[None]:
    """Let no statement of this session wait longer for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(seconds * 1000)}ms"])
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
