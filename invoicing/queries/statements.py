"""
Statements of an account on paper (by day) and as a table (every entry).
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from itertools import groupby
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import Account
from accounts.queries import StatementDay, StatementLine
from invoicing.domain import wording
from invoicing.queries.papers import LANGUAGES, operator_of, payer_of, render

#: Tables open it as UTF-8 by this.
MARK = "\ufeff"


def render_statement_pdf(
    *, account_id: int, first: date, last: date, language: str = "ru"
) -> bytes:
    """Return the statement from `first` to `last`, both included, by day and kind as PDF."""
    paper = statement_paper(account_id=account_id, first=first, last=last, language=language)
    return render("statement.typ", paper)


def statement_paper(
    *, account_id: int, first: date, last: date, language: str = "ru"
) -> dict[str, Any]:
    """Return the plain values that the template of a statement shows."""
    language = language if language in LANGUAGES else "ru"
    account = Account.objects.select_related("customer", "contract__legal_entity").get(
        pk=account_id
    )
    head = accounts_queries.get_statement(account_id=account_id, first=first, last=last, limit=0)
    days = accounts_queries.list_statement_days(account_id=account_id, first=first, last=last)

    def money(amount: Decimal) -> str:
        return wording.money(amount, language=language, currency=account.currency)

    with translation.override(language):
        period = wording.days(first, last + timedelta(days=1), language=language)
        title = _("Statement of account %(number)s") % {"number": account.number}
        operator = operator_of(account.contract.legal_entity)
        return {
            "language": language,
            "title": title,
            "subtitle": period,
            "footer": f"{operator['name']} · {title} · {period}",
            "operator": operator,
            "payer": payer_of(account),
            "totals": [
                (_("Balance before"), money(head.opening)),
                (_("Came in"), money(head.credited)),
                (_("Charged in all"), money(head.charged)),
                (_("Balance after"), money(head.closing)),
            ],
            "days": [
                _day(day, found, money=money, language=language) for day, found in _by_day(days)
            ],
            "words": {
                "payer": _("Payer"),
                "balance": _("Balance"),
                "moves": _("Day by day"),
                "nothing": _("Nothing came or went in these days."),
                "after": _("Balance after"),
            },
        }


def statement_csv(*, account_id: int, first: date, last: date) -> Iterator[str]:
    """Yield the lines of a CSV with every entry of the period and the balance after it."""
    lines = accounts_queries.iterate_statement(account_id=account_id, first=first, last=last)
    header = [_("Day"), _("Number"), _("Kind"), _("Amount"), _("Balance after"), _("Reason")]
    yield MARK + _row(header)
    for line in lines:
        yield _row(_cells(line))


def _cells(line: StatementLine) -> list[str]:
    entry = line.entry
    told = entry.explanation or {}
    reason = str(told.get("reason") or "")
    # A cell that begins like a formula is one to a table program.
    safe = f"'{reason}" if reason.startswith(("=", "+", "-", "@", "\t")) else reason
    return [
        entry.business_date.isoformat(),
        str(entry.id),
        entry.kind_label,
        str(entry.amount),
        str(line.balance),
        safe,
    ]


def _row(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _by_day(rows: Iterable[StatementDay]) -> Iterator[tuple[date, list[StatementDay]]]:
    for day, found in groupby(rows, key=lambda row: row.day):
        yield day, list(found)


def _day(
    day: date, rows: list[StatementDay], *, money: Callable[[Decimal], str], language: str
) -> dict[str, Any]:
    return {
        "day": wording.day(day, language=language),
        "balance": money(rows[-1].balance),
        "lines": [
            {
                "title": row.kind_label + (f" × {row.entries}" if row.entries > 1 else ""),
                "amount": money(row.amount),
            }
            for row in rows
        ],
    }
