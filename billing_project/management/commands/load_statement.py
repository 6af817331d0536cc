"""`manage.py load_statement FILE`: take in a bank statement, credit it, tell what became of it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import BankStatement, BankStatementLine
from accounts.operations import statements
from accounts.queries import statements as queries
from invoicing.queries import accounts_of_bills


class Command(BaseCommand):
    """All of a file or nothing; the same file again changes nothing."""

    help = "Take in a bank statement in 1CClientBankExchange and credit the payments in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--preview", action="store_true", help="only tell what would be credited"
        )

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        path: Path = options["file"]
        try:
            received = statements.receive_statement(
                data=path.read_bytes(),
                name=path.name,
                bills=accounts_of_bills,
                business_date=timezone.localdate(now),
                now=now,
                actor=statements.ACTOR,
            )
        except OSError as error:
            raise CommandError(str(error)) from error
        except statements.UnableToReceiveStatement as refusal:
            for fault in refusal.faults:
                self.stderr.write(str(fault))
            raise CommandError(_("Nothing of the file was taken.")) from None
        statement = received.statement
        if statement.state == BankStatement.State.LOADED:
            self.stdout.write(_("This file was loaded before: nothing changes."))
        elif not options["preview"]:
            statements.confirm_statement(statement_id=statement.pk, now=now, actor=statements.ACTOR)
            statements.finish_statement(statement_id=statement.pk, now=timezone.now())
        self._summarise(queries.get_statement(statement.pk))

    def _summarise(self, view: queries.StatementView) -> None:
        statement = view.statement
        self.stdout.write(f"{statement.name}: {statement.get_state_display()}")
        if not statement.is_proven:
            self.stdout.write(
                _("The bank gave no totals: whether anything is missing, is unknown.")
            )
        for fate, label in BankStatementLine.Fate.choices:
            found = view.of(fate)
            self.stdout.write(f"{label}: {found.lines}, {found.amount}")
            for each in view.sums:
                if each.fate == fate and each.label:
                    self.stdout.write(f"  {each.label}: {each.lines}, {each.amount}")
        self.stdout.write(
            _("Outgoing, not looked at: %(count)s, %(amount)s")
            % {"count": statement.outgoing, "amount": statement.outgoing_amount}
        )
        if statement.own:
            self.stdout.write(
                _("Between our own accounts: %(count)s, %(amount)s")
                % {"count": statement.own, "amount": statement.own_amount}
            )
