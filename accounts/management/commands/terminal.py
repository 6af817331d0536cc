"""Terminals: `terminal add CODE NAME`, `terminal password CODE`, `terminal registry CODE FILE`."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.formats.terminal_registry import UnreadableRegistry
from accounts.models import Terminal
from accounts.operations import terminals
from accounts.operations.terminals import registries
from accounts.queries.terminals import count_outcomes, find_terminal


class Command(BaseCommand):
    """Make a terminal, renew its password, take in its daily registry."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, and with which terminal."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="make a terminal and print its password once")
        add.add_argument("code")
        add.add_argument("name")
        add.add_argument("--networks", default="")
        add.add_argument("--account-by", choices=Terminal.AccountBy.values, default="number")
        renew = verbs.add_parser("password", help="print another password once")
        renew.add_argument("code")
        registry = verbs.add_parser("registry", help="take in a day's registry")
        registry.add_argument("code")
        registry.add_argument("file", type=Path)
        registry.add_argument("--date", type=date.fromisoformat, required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it."""
        getattr(self, f"_{options['verb']}")(options)

    def _add(self, options: dict[str, Any]) -> None:
        try:
            _terminal, password = terminals.add_terminal(
                code=options["code"],
                name=options["name"],
                networks=options["networks"],
                account_by=options["account_by"],
            )
        except terminals.UnableToKeepTerminal as error:
            raise CommandError(str(error)) from error
        self.stdout.write(password)

    def _password(self, options: dict[str, Any]) -> None:
        self.stdout.write(terminals.renew_password(terminal_id=_find(options["code"]).pk))

    def _registry(self, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        try:
            registry = registries.receive_registry(
                terminal_id=_find(options["code"]).pk,
                on=options["date"],
                data=file.read_bytes(),
                file_name=file.name,
                now=timezone.now(),
                actor="system:command",
            )
        except UnreadableRegistry as error:
            told = [f"{fault.line} {fault.column}: {fault.message}" for fault in error.faults]
            raise CommandError("\n".join([str(error), *told])) from error
        for outcome, (lines, total) in count_outcomes(registry.pk).items():
            self.stdout.write(f"{outcome} {lines} {total}")


def _find(code: str) -> Terminal:
    found = find_terminal(code)
    if found is None:
        message = f"There is no terminal {code}."
        raise CommandError(message)
    return found
