"""
Documents as PDF, set by typst from plain values; the templates are in invoicing/documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import orjson
import typst
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Account, Contract, Customer, IdentifierUse, LegalEntity, Subscription
from invoicing.domain import papers, wording
from invoicing.models import Bill, BillLine
from invoicing.queries.bills import get_bill, list_lines
from invoicing.queries.explained import explain_bill
from invoicing.queries.plans import get_plan_on

DOCUMENTS: Final = Path(__file__).resolve().parents[1] / "documents"
LANGUAGES: Final = ("ru", "en")


def render_bill_pdf(bill_id: int, language: str = "ru") -> bytes:
    """Return a bill as PDF in Russian (ru) or English (en)."""
    return render("bill.typ", bill_paper(get_bill(bill_id), language=language))


def render_contract_pdf(contract_id: int, language: str = "ru") -> bytes:
    """Return a contract with its accounts and services as PDF."""
    contract = Contract.objects.select_related("customer", "legal_entity").get(pk=contract_id)
    return render("contract.typ", contract_paper(contract, language=language))


def render(template: str, paper: dict[str, Any]) -> bytes:
    """Return a template of invoicing/documents filled with plain values, as PDF."""
    data = orjson.dumps(paper).decode()
    # A compiler of this call's own, since threads set papers at once; the fonts are everybody's.
    compiler = typst.Compiler(str(DOCUMENTS / template), font_paths=_fonts())
    pdf = compiler.compile(sys_inputs={"data": data})
    assert isinstance(pdf, bytes)  # noqa: S101
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Look for the machine's fonts once a process: that took as long as setting a bill."""
    return typst.Fonts()


def bill_paper(bill: Bill, *, language: str) -> dict[str, Any]:
    """Return the plain values that the template of a bill shows."""
    language = language if language in LANGUAGES else "ru"
    with translation.override(language):
        lines = list_lines(bill)
        sold = [line for line in lines if line.kind != "adjustment"]
        moved = [line for line in lines if line.kind == "adjustment"]
        period = wording.days(bill.period_start, bill.period_end, language=language)
        issued = wording.day(bill.issued_on, language=language)
        title = _("Bill %(number)s of %(day)s") % {"number": bill.number_text, "day": issued}
        return {
            "language": language,
            "title": title,
            "subtitle": _("for communication services, %(period)s") % {"period": period},
            "footer": f"{bill.legal_entity.name} · {title}",
            "operator": operator_of(bill.legal_entity),
            "due": _due(bill, language),
            "payer": payer_of(bill.account),
            "balance": _balance(bill, language),
            "groups": _groups(bill, sold, language=language),
            "taxes": _taxes(bill, sold, language=language),
            "gross": _money(bill.gross, bill, language=language),
            "adjustments": [
                {
                    "title": _title(line, language),
                    "amount": _money(line.gross, bill, language=language),
                }
                for line in moved
            ],
            "how_to_pay": _how_to_pay(bill),
            "explained": explain_bill(bill, language=language),
            "words": {
                "payer": _("Payer"),
                "balance": _("Balance"),
                "charges": _("Charges"),
                "charged": _("Charged in all"),
                "nothing": _("Nothing was charged in this period."),
                "adjustments": _("Adjustments"),
                "how_to_pay": _("How to pay"),
            },
        }


def _money(amount: Decimal, bill: Bill, *, language: str) -> str:
    return wording.money(amount, language=language, currency=bill.currency)


def _title(line: BillLine, language: str) -> str:
    return line.title_ru if language == "ru" else line.title_en


def operator_of(entity: LegalEntity) -> dict[str, Any]:
    """Return the masthead of a document: the operator's name and requisites."""
    requisites = [
        entity.full_name,
        _joined((_("INN"), entity.inn), (_("KPP"), entity.kpp), (_("OGRN"), entity.ogrn)),
        entity.address,
        _joined((_("tel."), entity.phone), ("", entity.email)),
    ]
    return {"name": entity.name, "requisites": [text for text in requisites if text]}


def _joined(*pairs: tuple[str, str]) -> str:
    return ", ".join(f"{name} {value}".strip() for name, value in pairs if value)


def _due(bill: Bill, language: str) -> dict[str, Any]:
    amount = max(bill.closing, Decimal(0))
    if bill.closing > 0:
        until = wording.day(bill.due_on, language=language)
        return {
            "label": _("To pay"),
            "amount": _money(amount, bill, language=language),
            "advice": [_("until %(day)s") % {"day": until}],
        }
    return {
        "label": _("On your account") if bill.closing < 0 else _("To pay"),
        "amount": _money(abs(bill.closing), bill, language=language),
        "advice": [_("Nothing to pay.")],
    }


def payer_of(account: Account) -> list[tuple[str, str]]:
    """Return who pays, as pairs of a label and its value."""
    customer = account.customer
    rows = [
        (_("Name"), customer.name),
        (_("INN"), _joined(("", customer.inn), (_("KPP"), customer.kpp))),
        (_("Account"), account.number),
        (_("Contract"), account.contract.number),
        (_("Address"), customer.address),
    ]
    return [row for row in rows if row[1]]


def _balance(bill: Bill, language: str) -> list[dict[str, Any]]:
    after = wording.day(bill.period_end - timedelta(days=1), language=language)
    # People read a balance from their side: money on the account is positive.
    rows = [
        (_("Balance before"), -bill.opening, False),
        (_("Charged"), -bill.gross, False),
        (_("Paid"), bill.payments, False),
        (_("Adjustments"), bill.adjustments, False),
        (_("Balance on %(day)s") % {"day": after}, -bill.closing, True),
    ]
    return [
        {"label": label, "amount": _money(amount, bill, language=language), "strong": strong}
        for label, amount, strong in rows
        if amount or label != _("Adjustments")
    ]


def _groups(bill: Bill, lines: Sequence[BillLine], *, language: str) -> list[dict[str, Any]]:
    """Return the lines service by service; what belongs to none comes last."""
    names = _service_names({line.subscription_id for line in lines if line.subscription_id})
    last = 2**62
    ordered = sorted(lines, key=lambda line: (line.subscription_id or last, line.position))
    return [
        {
            "title": names.get(subscription_id or 0, _("Other")),
            "lines": [_line(bill, line, language=language) for line in group],
        }
        for subscription_id, group in groupby(ordered, key=lambda line: line.subscription_id)
    ]


def _line(bill: Bill, line: BillLine, *, language: str) -> dict[str, str]:
    return {
        "title": _title(line, language),
        "why": papers.why(
            kind=line.kind,
            explanation=line.explanation,
            count=line.count,
            language=language,
            currency=bill.currency,
        ),
        "quantity": wording.quantity(line.quantity, unit=line.unit, language=language),
        "amount": _money(line.gross, bill, language=language),
    }


def _service_names(subscription_ids: Iterable[int]) -> dict[int, str]:
    """Return «мобильная связь, +7 921 555-01-01» for each service."""
    services = Subscription.objects.filter(pk__in=list(subscription_ids))
    identifiers: dict[int, list[str]] = defaultdict(list)
    uses = IdentifierUse.objects.filter(subscription__in=services).order_by("-active_from", "id")
    for use in uses:
        identifiers[use.subscription_id].append(wording.phone(use.value))
    return {
        service.pk: ", ".join(
            [str(service.get_service_display()).capitalize(), *identifiers[service.pk][:1]]
        )
        for service in services
    }


def _taxes(bill: Bill, lines: Sequence[BillLine], *, language: str) -> list[dict[str, str]]:
    sums: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.tax_percent] += line.tax
    return [
        {
            "label": _("of which VAT %(percent)s %%")
            % {"percent": f"{percent:f}".removesuffix(".00")},
            "amount": _money(tax, bill, language=language),
        }
        for percent, tax in sorted(sums.items())
        if percent
    ] or [{"label": _("VAT is not charged"), "amount": ""}]


def _how_to_pay(bill: Bill) -> list[tuple[str, str]]:
    entity = bill.legal_entity
    rows = [
        (_("Say the account"), bill.account.number),
        (_("Payee"), _joined(("", entity.full_name), (_("INN"), entity.inn))),
        (_("Bank"), _joined(("", entity.bank_name), (_("BIC"), entity.bank_bic))),
        (_("Bank account"), entity.bank_account),
        (_("Online"), _("in your personal account on our site, by card, without commission")),
    ]
    return [row for row in rows if row[1]]


def contract_paper(contract: Contract, *, language: str) -> dict[str, Any]:
    """Return the plain values that the template of a contract shows."""
    language = language if language in LANGUAGES else "ru"
    with translation.override(language):
        entity, customer = contract.legal_entity, contract.customer
        signed = wording.day(contract.signed_on, language=language)
        title = _("Contract for communication services No. %(number)s") % {
            "number": contract.number
        }
        accounts = list(contract.accounts.order_by("id"))
        return {
            "language": language,
            "title": title,
            "subtitle": signed,
            "footer": f"{entity.name} · {title}",
            "operator": operator_of(entity),
            "preamble": _preamble(entity, customer),
            "articles": _articles(accounts),
            "services": _contract_services(contract, accounts, language=language),
            "parties": [_operator_party(entity), _subscriber_party(customer)],
            "words": {
                "services": _("Services on the day of printing"),
                "no_services": _("Services are listed in orders signed apart."),
                "columns": [_("Service"), _("Plan"), _("Account"), _("Recurring fee")],
                "parties": _("Parties"),
            },
        }


def _preamble(entity: LegalEntity, customer: Customer) -> str:
    return _(
        "%(operator)s, hereinafter the Operator, on one side, and %(customer)s, hereinafter the "
        "Subscriber, on the other side, have concluded this contract."
    ) % {"operator": entity.full_name, "customer": customer.name}


def _articles(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    numbers = ", ".join(account.number for account in accounts) or "—"
    return [
        {
            "title": _("What it is about"),
            "sentences": [
                _(
                    "The Operator provides communication services, the Subscriber pays for them "
                    "by the plan chosen for each service."
                ),
                _("Charges and payments are kept on the personal account No. %(numbers)s.")
                % {"numbers": numbers},
            ],
        },
        {
            "title": _("Paying"),
            "sentences": [
                _(
                    "Recurring fees are charged by the day of activation and of termination, each "
                    "of them counted as a day of service."
                ),
                _("A bill is issued for each closed billing cycle and names the day to pay until."),
                _("Every charge is explained in the personal account and on the bill."),
            ],
        },
        {
            "title": _("Changing and ending"),
            "sentences": [
                _(
                    "A plan is changed from the start of the next cycle; the Subscriber is told "
                    "its price before agreeing."
                ),
                _(
                    "The Subscriber may end any service on any day; the fee for days after it is "
                    "given back."
                ),
            ],
        },
    ]


def _contract_services(
    contract: Contract, accounts: Sequence[Account], *, language: str
) -> list[list[str]]:
    services = list(
        Subscription.objects.filter(account__in=accounts)
        .exclude(state=Subscription.State.TERMINATED)
        .select_related("account")
        .order_by("id")
    )
    names = _service_names([service.pk for service in services])
    rows = []
    for service in services:
        latest = service.plan_assignments.order_by("-active_from").first()
        if latest is None:
            continue
        plan = get_plan_on(service.pk, on=latest.active_from.date() + timedelta(days=1))
        name = plan.plan.name_ru if language == "ru" else plan.plan.name_en
        fee = wording.money(plan.fee, language=language, currency=service.account.currency)
        per = _("a day") if plan.fee_period == "day" else _("a month")
        rows.append([names[service.pk], name, service.account.number, f"{fee} {per}"])
    return rows


def _operator_party(entity: LegalEntity) -> dict[str, Any]:
    facts = [
        entity.full_name,
        entity.address,
        _joined((_("INN"), entity.inn), (_("KPP"), entity.kpp)),
        _joined(("", entity.bank_name), (_("BIC"), entity.bank_bic)),
        entity.bank_account,
    ]
    return {
        "title": _("Operator"),
        "facts": [fact for fact in facts if fact],
        "signer": entity.director,
    }


def _subscriber_party(customer: Customer) -> dict[str, Any]:
    facts = [
        customer.name,
        customer.address,
        _joined((_("INN"), customer.inn), (_("KPP"), customer.kpp)),
        _joined((_("tel."), wording.phone(customer.phone.removeprefix("+"))), ("", customer.email)),
    ]
    return {
        "title": _("Subscriber"),
        "facts": [fact for fact in facts if fact],
        "signer": customer.name,
    }
