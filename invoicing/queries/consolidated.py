"""
Consolidated bills as people read them, and what is promised of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from invoicing.domain import wording
from invoicing.models import ConsolidatedBill, ConsolidatedPart
from invoicing.queries.papers import LANGUAGES, operator_of, render

SUM_OF_PARTS: Final = """
    SELECT d.id, d.number_text, d.gross, p.gross AS of_parts
      FROM invoicing_consolidatedbill d
      LEFT JOIN (SELECT x.consolidated_id, sum(b.opening) AS opening, sum(b.net) AS net,
                        sum(b.tax) AS tax, sum(b.gross) AS gross, sum(b.payments) AS payments,
                        sum(b.adjustments) AS adjustments, sum(b.closing) AS closing,
                        bool_and(b.currency = d.currency
                                 AND b.legal_entity_id = d.legal_entity_id) AS is_one
                   FROM invoicing_consolidatedpart x
                   JOIN invoicing_bill b ON b.id = x.bill_id AND b.account_id = x.account_id
                   JOIN invoicing_consolidatedbill d ON d.id = x.consolidated_id
                  GROUP BY x.consolidated_id) p ON p.consolidated_id = d.id
     WHERE (d.opening, d.net, d.tax, d.gross, d.payments, d.adjustments, d.closing, true)
           IS DISTINCT FROM (p.opening, p.net, p.tax, p.gross, p.payments, p.adjustments,
                             p.closing, p.is_one)
"""
NUMBERS: Final = """
    SELECT s.legal_entity_id, s.year, s.last, count(d.id) AS papers, max(d.number) AS greatest
      FROM invoicing_numberseries s
      LEFT JOIN invoicing_consolidatedbill d
        ON d.legal_entity_id = s.legal_entity_id AND d.year = s.year
     WHERE s.document = 'consolidated'
     GROUP BY s.id
    HAVING count(d.id) <> s.last OR coalesce(max(d.number), 0) <> s.last
"""


def list_told() -> list[tuple[str, str, str]]:
    """Return the promises about consolidated bills: name, select of what breaks it, why."""
    return [
        (
            "a consolidated bill is the sum of its bills",
            SUM_OF_PARTS,
            _("A company would be asked for more or less than its units owe."),
        ),
        (
            "consolidated bills are numbered without holes",
            NUMBERS,
            _("A number was given out and no paper has it."),
        ),
    ]


def list_consolidated(customer_ids: Iterable[int], *, limit: int = 24) -> list[ConsolidatedBill]:
    """List the consolidated bills of payers, newest first."""
    rows = ConsolidatedBill.objects.filter(customer_id__in=list(customer_ids))
    return list(rows.order_by("-period_end", "-pk")[:limit])


def find_consolidated(
    consolidated_id: int, *, customer_ids: Iterable[int] | None = None
) -> ConsolidatedBill | None:
    """Return a consolidated bill, of these payers only if they are given; or None."""
    rows = ConsolidatedBill.objects.select_related("customer", "legal_entity")
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=list(customer_ids))
    return rows.filter(pk=consolidated_id).first()


def render_consolidated_pdf(consolidated_id: int, language: str = "ru") -> bytes:
    """Return a consolidated bill as PDF in Russian (ru) or English (en)."""
    found = find_consolidated(consolidated_id)
    if found is None:
        raise ConsolidatedBill.DoesNotExist
    return render("consolidated.typ", consolidated_paper(found, language=language))


def consolidated_paper(paper: ConsolidatedBill, *, language: str) -> dict[str, Any]:
    """Return the plain values that the template of a consolidated bill shows."""
    language = language if language in LANGUAGES else "ru"
    with translation.override(language):
        period = wording.days(paper.period_start, paper.period_end, language=language)
        issued = wording.day(paper.issued_on, language=language)
        title = _("Consolidated bill %(number)s of %(day)s") % {
            "number": paper.number_text,
            "day": issued,
        }
        entity = paper.legal_entity
        return {
            "language": language,
            "title": title,
            "subtitle": _("for communication services, %(period)s") % {"period": period},
            "footer": f"{entity.name} · {title}",
            "operator": operator_of(entity),
            "due": _due(paper, language),
            "payer": _payer(paper),
            "centres": _centres(paper, language),
            "totals": _totals(paper, language),
            "words": {
                "payer": _("Payer"),
                "parts": _("By cost centre"),
                "columns": [_("Unit, account"), _("Bill"), _("Charged"), _("To pay")],
                "all": _("In all"),
                "how_to_pay": _("How to pay"),
            },
            "how_to_pay": [
                (_("Payee"), f"{entity.full_name}, {_('INN')} {entity.inn}"),
                (_("Bank"), f"{entity.bank_name}, {_('BIC')} {entity.bank_bic}"),
                (_("Bank account"), entity.bank_account),
                (_("Purpose"), _("Consolidated bill %(number)s") % {"number": paper.number_text}),
            ],
        }


def _due(paper: ConsolidatedBill, language: str) -> dict[str, Any]:
    owed = max(paper.closing, Decimal(0))
    until = wording.day(paper.due_on, language=language)
    advice = _("until %(day)s") % {"day": until} if owed else _("Nothing to pay.")
    return {"label": _("To pay"), "amount": _money(owed, paper, language), "advice": [advice]}


def _payer(paper: ConsolidatedBill) -> list[tuple[str, str]]:
    customer = paper.customer
    codes = f"{customer.inn}, {_('KPP')} {customer.kpp}" if customer.kpp else customer.inn
    rows = [(_("Name"), customer.name), (_("INN"), codes), (_("Address"), customer.address)]
    return [row for row in rows if row[1]]


def _centres(paper: ConsolidatedBill, language: str) -> list[dict[str, Any]]:
    """Return the bills by cost centre with their sums; units without one come last."""
    rows = ConsolidatedPart.objects.filter(consolidated=paper).select_related(
        "customer", "bill__account"
    )
    by_centre: dict[str, list[ConsolidatedPart]] = defaultdict(list)
    for part in rows.order_by("cost_centre", "customer__name", "account_id"):
        by_centre[part.cost_centre].append(part)
    return [
        {
            "title": centre or _("Without a cost centre"),
            "gross": _money(sum((p.bill.gross for p in parts), Decimal(0)), paper, language),
            "closing": _money(sum((p.bill.closing for p in parts), Decimal(0)), paper, language),
            "parts": [
                [
                    part.customer.name,
                    part.bill.account.number,
                    part.bill.number_text,
                    _money(part.bill.gross, paper, language),
                    _money(part.bill.closing, paper, language),
                ]
                for part in parts
            ],
        }
        for centre, parts in sorted(by_centre.items(), key=lambda item: (not item[0], item[0]))
    ]


def _totals(paper: ConsolidatedBill, language: str) -> list[list[str]]:
    """Return the balance of all units from the payer's side: money on accounts is positive."""
    rows = [
        (_("Balance before"), -paper.opening),
        (_("Charged"), -paper.gross),
        (_("of which VAT"), -paper.tax),
        (_("Paid"), paper.payments),
        (_("Adjustments"), paper.adjustments),
    ]
    return [[label, _money(amount, paper, language)] for label, amount in rows]


def _money(amount: Decimal, paper: ConsolidatedBill, language: str) -> str:
    return wording.money(amount, language=language, currency=paper.currency)
