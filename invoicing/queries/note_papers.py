"""
A credit or debit note as PDF.
"""

from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from invoicing.domain import wording
from invoicing.domain.notes import CREDIT
from invoicing.models import Note, NoteLine
from invoicing.queries import papers
from invoicing.queries.notes import get_note


def render_note_pdf(note_id: int, language: str = "ru") -> bytes:
    """Return a note as PDF in Russian (ru) or English (en)."""
    return papers.render("note.typ", note_paper(get_note(note_id), language=language))


def note_paper(note: Note, *, language: str) -> dict[str, Any]:
    """Return the plain values that the template of a note shows."""
    language = language if language in papers.LANGUAGES else "ru"
    with translation.override(language):
        title = _title(note, language)
        return {
            "language": language,
            "title": title,
            "subtitle": _about(note, language),
            "footer": f"{note.legal_entity.name} · {title}",
            "operator": papers.operator_of(note.legal_entity),
            "sum": {
                "label": _("We give back") if note.kind == CREDIT else _("Charged in addition"),
                "amount": _money(note.gross, note, language),
                "advice": _effect(note),
            },
            "payer": papers.payer_of(note.account),
            "reason": note.reason,
            "lines": [_line(note, line, language) for line in note.lines.order_by("position")],
            "totals": [
                (_("Without VAT"), _money(note.net, note, language)),
                (_("VAT"), _money(note.tax, note, language)),
                (_("In all"), _money(note.gross, note, language)),
            ],
            "words": {
                "payer": _("Payer"),
                "reason": _("Reason"),
                "lines": _("What is corrected"),
                "columns": [_("Line of the bill"), _("Without VAT"), _("VAT"), _("In all")],
            },
        }


def _title(note: Note, language: str) -> str:
    values = {
        "number": note.number_text,
        "day": wording.day(note.issued_on, language=language),
    }
    if note.kind == CREDIT:
        return _("Credit note %(number)s of %(day)s") % values
    return _("Debit note %(number)s of %(day)s") % values


def _about(note: Note, language: str) -> str:
    values = {
        "number": note.bill.number_text,
        "day": wording.day(note.bill.issued_on, language=language),
    }
    told = _("to bill %(number)s of %(day)s") % values
    if note.counters is None:
        return told
    answered = _("in answer to note %(number)s") % {"number": note.counters.number_text}
    return f"{told}, {answered}"


def _effect(note: Note) -> str:
    if note.kind == CREDIT:
        return _("The sum is on your account already and lowers what is to be paid.")
    return _("The sum is taken from your account and stands on the next bill.")


def _line(note: Note, line: NoteLine, language: str) -> list[str]:
    percent = f"{line.tax_percent:f}".removesuffix(".00")
    return [
        line.title_ru if language == "ru" else line.title_en,
        _money(line.net, note, language),
        f"{_money(line.tax, note, language)} ({percent} %)",
        _money(line.gross, note, language),
    ]


def _money(amount: Decimal, note: Note, language: str) -> str:
    return wording.money(amount, language=language, currency=note.currency)
