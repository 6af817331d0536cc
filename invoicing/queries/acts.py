"""
The act of services rendered (акт об оказании услуг) of a company's bill, as PDF.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Customer, LegalEntity
from invoicing.domain import wording
from invoicing.domain.amount_words import roubles
from invoicing.models import Bill, BillLine, BillVoid
from invoicing.queries import papers
from invoicing.queries.bills import get_bill, list_lines


class UnableToRenderAct(Exception):
    """The bill is no company's, counts no more, or nothing was charged on it."""


def render_act_pdf(bill_id: int, language: str = "ru") -> bytes:
    """Return the act of a company's bill as PDF; raises UnableToRenderAct."""
    return papers.render("act.typ", act_paper(get_bill(bill_id), language=language))


def has_act(bill: Bill) -> bool:
    """Return whether there is an act to the bill: services of a company, and a bill that counts."""
    return bill.account.customer.kind == Customer.Kind.COMPANY and not _is_void(bill)


def act_paper(bill: Bill, *, language: str) -> dict[str, Any]:
    """Return the plain values that the template of an act shows."""
    language = language if language in papers.LANGUAGES else "ru"
    sold = [line for line in list_lines(bill) if line.kind != "adjustment"]
    _check(bill, sold)
    with translation.override(language):
        values = {
            "number": bill.number_text,
            "day": wording.day(_last_day(bill), language=language),
        }
        title = _("Act of services rendered No. %(number)s of %(day)s") % values
        return {
            "language": language,
            "title": title,
            "subtitle": _basis(bill, language),
            "footer": f"{bill.legal_entity.name} · {title}",
            "operator": papers.operator_of(bill.legal_entity),
            "parties": [_executor(bill.legal_entity), _client(bill.account.customer)],
            "lines": [_line(bill, line, place, language) for place, line in enumerate(sold, 1)],
            "totals": [
                (_("Without VAT"), _money(bill.net, bill, language)),
                (_("VAT"), _money(bill.tax, bill, language)),
                (_("In all"), _money(bill.gross, bill, language)),
            ],
            "in_words": _in_words(bill, language),
            "conclusion": _(
                "The services named above were rendered in full and in time. The Client has no "
                "claims to their volume, quality and term."
            ),
            "signatures": [
                (_("For the Contractor"), bill.legal_entity.director),
                (_("For the Client"), ""),
            ],
            "words": {
                "columns": [
                    *("№", _("Service"), _("Quantity")),
                    *(_("Without VAT"), _("VAT"), _("In all")),
                ],
                "seal": _("signature, seal"),
            },
        }


def _check(bill: Bill, sold: Sequence[BillLine]) -> None:
    if bill.account.customer.kind != Customer.Kind.COMPANY:
        raise UnableToRenderAct(_("Acts are made for companies; a person has the bill."))
    if _is_void(bill):
        raise UnableToRenderAct(_("This bill counts no more: there is no act to it."))
    if not sold:
        raise UnableToRenderAct(_("Nothing was charged on this bill: there is no act to it."))


def _is_void(bill: Bill) -> bool:
    return BillVoid.objects.filter(bill=bill).exists()


def _basis(bill: Bill, language: str) -> str:
    contract = bill.account.contract
    return _("by contract %(contract)s of %(signed)s, account %(account)s, %(period)s") % {
        "contract": contract.number,
        "signed": wording.day(contract.signed_on, language=language),
        "account": bill.account.number,
        "period": wording.days(bill.period_start, bill.period_end, language=language),
    }


def _executor(entity: LegalEntity) -> tuple[str, str]:
    requisites = f"{entity.full_name}, {_('INN')} {entity.inn}"
    kpp = f", {_('KPP')} {entity.kpp}" if entity.kpp else ""
    return _("Contractor"), f"{requisites}{kpp}, {entity.address}"


def _client(customer: Customer) -> tuple[str, str]:
    parts = [customer.name]
    parts += [f"{_('INN')} {customer.inn}"] if customer.inn else []
    parts += [f"{_('KPP')} {customer.kpp}"] if customer.kpp else []
    parts += [customer.address] if customer.address else []
    return _("Client"), ", ".join(parts)


def _line(bill: Bill, line: BillLine, place: int, language: str) -> list[str]:  # noqa: PLR0917
    return [
        str(place),
        line.title_ru if language == "ru" else line.title_en,
        wording.quantity(line.quantity, unit=line.unit, language=language) or "1",
        _money(line.net, bill, language),
        _money(line.tax, bill, language),
        _money(line.gross, bill, language),
    ]


def _in_words(bill: Bill, language: str) -> str:
    if bill.currency != "RUB":
        return _("In all: %(sum)s") % {"sum": _money(bill.gross, bill, language)}
    return _("In all: %(sum)s") % {"sum": roubles(bill.gross, language=language)}


def _money(amount: Decimal, bill: Bill, language: str) -> str:
    return wording.money(amount, language=language, currency=bill.currency)


def _last_day(bill: Bill) -> Any:
    return bill.period_end - timedelta(days=1)
