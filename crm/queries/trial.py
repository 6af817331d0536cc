"""
The trial balance for the accountant: contra accounts with their kinds, and the table as a workbook.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.styles import Font

from accounts import queries as accounts_queries
from accounts.domain.kinds import Contra
from accounts.queries import TrialSide

MONEY_FORMAT = "#,##0.00"


@dataclass(frozen=True, slots=True)
class ContraAccount:
    """A contra account over the days: its two sides, and the kinds they are made of."""

    contra: Contra
    label: str
    kinds: tuple[TrialSide, ...]
    entries: int
    debit: Decimal
    credit: Decimal

    @property
    def turnover(self) -> Decimal:
        """Credit less debit."""
        return self.credit - self.debit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """
    Both sides of the days. What the contra accounts are debited the personal ones are credited, so
    all debits equal all credits.
    """

    first: date
    last: date
    contras: tuple[ContraAccount, ...]

    @property
    def entries(self) -> int:
        """How many entries."""
        return sum(each.entries for each in self.contras)

    @property
    def contra_debit(self) -> Decimal:
        """What was given to subscribers."""
        return sum((each.debit for each in self.contras), Decimal("0.00"))

    @property
    def contra_credit(self) -> Decimal:
        """What was charged to subscribers."""
        return sum((each.credit for each in self.contras), Decimal("0.00"))

    @property
    def debits(self) -> Decimal:
        """Every debit: of contra accounts, and of personal ones."""
        return self.contra_debit + self.contra_credit

    @property
    def credits(self) -> Decimal:
        """Every credit; equal to the debits."""
        return self.contra_credit + self.contra_debit


def get_trial_balance(*, first: date, last: date) -> TrialBalance:
    """Return the days from `first` to `last`, both included."""
    sides = accounts_queries.trial_sides(first=first, last=last)
    by_contra = groupby(sides, key=lambda side: side.contra)
    return TrialBalance(first, last, tuple(_contra(list(found)) for _c, found in by_contra))


def as_workbook(trial: TrialBalance) -> bytes:
    """Return the trial balance as XLSX: figures as numbers, totals as formulas of the table."""
    book = Workbook()
    sheet = book.active
    sheet.title = _("Trial balance")[:31]
    sheet.append([_("Trial balance"), f"{trial.first:%d.%m.%Y} – {trial.last:%d.%m.%Y}"])
    sheet.append([])
    titles = [
        _("Contra account"),
        _("Kind"),
        _("Entries"),
        pgettext("ledger", "Debit"),
        pgettext("ledger", "Credit"),
    ]
    sheet.append(titles)
    for account in trial.contras:
        for side in account.kinds:
            sheet.append([account.label, side.kind_label, side.entries, side.debit, side.credit])
    personal = [_("Personal accounts"), "", trial.entries, trial.contra_credit, trial.contra_debit]
    sheet.append(personal)
    last = sheet.max_row
    sheet.append([_("Total"), "", "", f"=SUM(D4:D{last})", f"=SUM(E4:E{last})"])
    for row in (1, 3, sheet.max_row):
        for cell in sheet[row]:
            cell.font = Font(bold=True)
    for column, width in zip("ABCDE", (32, 36, 12, 18, 18), strict=True):
        sheet.column_dimensions[column].width = width
    _as_money(sheet.iter_rows(min_row=4, min_col=4, max_col=5))
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _as_money(rows: Iterable[Iterable[object]]) -> None:
    for row in rows:
        for cell in row:
            cell.number_format = MONEY_FORMAT  # type: ignore[attr-defined]


def _contra(kinds: list[TrialSide]) -> ContraAccount:
    return ContraAccount(
        contra=kinds[0].contra,
        label=kinds[0].contra_label,
        kinds=tuple(kinds),
        entries=sum(side.entries for side in kinds),
        debit=sum((side.debit for side in kinds), Decimal("0.00")),
        credit=sum((side.credit for side in kinds), Decimal("0.00")),
    )
