"""
A payment slip (счёт-квитанция) as PDF, with a QR code for bank applications.
"""

from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import segno
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import Account, LegalEntity
from invoicing.domain import wording
from invoicing.domain.payment_qr import PaymentQr, UnableToWriteQr
from invoicing.models import Bill
from invoicing.queries import papers
from invoicing.queries.open_debt import get_open

#: Bank applications pay in roubles only.
CURRENCY: Final = "RUB"


class UnableToRenderSlip(Exception):
    """The legal entity's bank requisites are missing, or the account is in another currency."""


def has_slips(entity: LegalEntity, *, currency: str = CURRENCY) -> bool:
    """Return whether slips can be made for accounts of this legal entity."""
    return bool(
        currency == CURRENCY and entity.bank_account and entity.bank_bic and entity.bank_name
    )


def account_has_slips(account_id: int) -> bool:
    """Return whether a slip can be made for this account."""
    account = Account.objects.select_related("contract__legal_entity").get(pk=account_id)
    return has_slips(account.contract.legal_entity, currency=account.currency)


def render_slip_pdf(account_id: int, language: str = "ru") -> bytes:
    """
    Return a slip for the account's debt as PDF; without debt the payer writes the sum.

    Raises UnableToRenderSlip.
    """
    owed = -accounts_queries.get_balance(account_id).money
    return _render(account_id, owed=owed, language=language)


def render_bill_slip_pdf(bill: Bill, language: str = "ru") -> bytes:
    """
    Return a slip for what is still owed on a bill as PDF.

    What was paid since the bill is taken off, as on its page. Raises UnableToRenderSlip.
    """
    owed = min(bill.closing, get_open(bill.account_id).up_to(bill.due_on))
    return _render(bill.account_id, owed=owed, language=language, bill=bill)


def _render(account_id: int, *, owed: Decimal, language: str, bill: Bill | None = None) -> bytes:
    rows = Account.objects.select_related("customer", "contract__legal_entity")
    account = rows.get(pk=account_id)
    amount = owed if owed > 0 else None
    return papers.render("slip.typ", slip_paper(account, amount, language=language, bill=bill))


def slip_paper(
    account: Account, amount: Decimal | None, *, language: str, bill: Bill | None = None
) -> dict[str, Any]:
    """Return the plain values that the template of a slip shows; `amount` None: any sum."""
    language = language if language in papers.LANGUAGES else "ru"
    entity = account.contract.legal_entity
    code = qr_of(account, amount, bill=bill)
    with translation.override(language):
        title = _("Payment slip")
        return {
            "language": language,
            "title": title,
            "subtitle": _("for communication services, account %(number)s")
            % {"number": account.number},
            "footer": f"{entity.name} · {title} · {account.number}",
            "operator": papers.operator_of(entity),
            "sum": {"label": _("To pay"), "amount": _amount(amount, language)},
            "until": _until(bill, amount, language),
            "payer": papers.payer_of(account),
            "payee": _payee(code),
            "purpose": code.purpose,
            "qr": _svg(code),
            "words": {
                "payer": _("Payer"),
                "payee": _("Payee"),
                "purpose": _("Purpose of the payment"),
                "scan": _("Scan the code in your bank's application: everything is filled in."),
                "paper": _(
                    "Or pay at any bank by the requisites; the account number says whose it is."
                ),
                "signature": _("Payer's signature"),
                "day": _("Date"),
            },
        }


def qr_of(account: Account, amount: Decimal | None, *, bill: Bill | None = None) -> PaymentQr:
    """Return what the slip's code says; raises UnableToRenderSlip."""
    entity = account.contract.legal_entity
    code = PaymentQr(
        name=entity.full_name or entity.name,
        bank_account=entity.bank_account,
        bank_name=entity.bank_name,
        bic=entity.bank_bic,
        correspondent_account=entity.correspondent_account,
        purpose=_purpose(account, bill),
        inn=entity.inn,
        kpp=entity.kpp,
        personal_account=account.number,
        amount=amount,
    )
    try:
        code.text()
    except UnableToWriteQr as error:
        message = _("A slip needs the bank requisites of %(entity)s: write them down first.")
        raise UnableToRenderSlip(message % {"entity": entity.name}) from error
    if account.currency != CURRENCY:
        raise UnableToRenderSlip(_("A slip can be made in roubles only."))
    return code


def _purpose(account: Account, bill: Bill | None) -> str:
    """Return the purpose in Russian, as banks and our own reading of statements understand it."""
    purpose = f"Оплата услуг связи, л/с {account.number}"
    return purpose if bill is None else f"{purpose}, счёт № {bill.number_text}"


def _amount(amount: Decimal | None, language: str) -> str:
    if amount is None:
        return _("any sum")
    return wording.money(amount, language=language, currency=CURRENCY)


def _until(bill: Bill | None, amount: Decimal | None, language: str) -> str:
    if amount is None:
        return _("Nothing is owed: the money is kept for the charges to come.")
    if bill is None:
        return _("This is the debt of the account on the day of printing.")
    return _("Bill %(number)s, pay until %(day)s") % {
        "number": bill.number_text,
        "day": wording.day(bill.due_on, language=language),
    }


def _payee(code: PaymentQr) -> list[tuple[str, str]]:
    rows = [
        (_("Payee"), code.name),
        (_("INN"), code.inn),
        (_("KPP"), code.kpp),
        (_("Bank account"), code.bank_account),
        (_("Bank"), code.bank_name),
        (_("BIC"), code.bic),
        (_("Correspondent account"), code.correspondent_account),
        (_("Account"), code.personal_account),
    ]
    return [row for row in rows if row[1]]


def _svg(code: PaymentQr) -> str:
    """Return the code as a picture: a quarter of it may be dirty and it is still read."""
    picture = BytesIO()
    made = segno.make(code.text(), error="m", encoding="utf-8", micro=False, boost_error=False)
    made.save(picture, kind="svg", border=4, xmldecl=False, nl=False)
    return picture.getvalue().decode()
