"""
Credit notes, credit for unused time, applying and voiding; progressive billing.
"""

from datetime import timedelta
from typing import Any

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.crediting import (
    CreditedInvoice,
    Taxed,
    UnableToCredit,
    apply_credits,
    split_refund,
    unused_credit,
    void_invoice,
    with_tax,
)
from invoicing.domain.progressive import Progress
from invoicing.domain.promotions.coupons import apply_coupons
from invoicing.domain.proration import price_of
from invoicing.domain.vectors.models.promotions import read_coupons, read_fees
from invoicing.domain.vectors.reading import Case, Fields


def credit_notes(case: Case) -> dict[str, Any]:
    """Return the notes against one invoice, and what they leave of it."""
    setup = case.setup
    invoice = CreditedInvoice(
        apply_coupons(read_fees(setup), read_coupons(setup), convention=case.convention),
        convention=case.convention,
        carries_rest=setup.text("conventions_note", "") == "carry",
    )
    total = invoice.total
    return {
        "notes": [_note(invoice, event) for event in case.events],
        "invoice_subtotal": total.net,
        "invoice_tax": total.tax,
        "invoice_total": total.total,
        "credited_total": invoice.done.total,
        "remaining": total.total - invoice.done.total,
    }


def _note(invoice: CreditedInvoice, event: Fields) -> dict[str, Any] | str:
    items = [(one.text("fee"), one.number("amount")) for one in event.parts("items")]
    try:
        note = invoice.add_note(items)
    except UnableToCredit:
        return "rejected"
    return {**_told(note.taxed), "coupon_adjustment": note.coupons}


def _told(taxed: Taxed) -> dict[str, Any]:
    return {"subtotal": taxed.net, "tax": taxed.tax, "total": taxed.total}


def unused(case: Case) -> dict[str, Any]:
    """Return an invoice in advance, the credit of an early end, and the closing invoice."""
    setup, convention = case.setup, case.convention
    price, rate = setup.number("price"), setup.number("tax_rate", "0")
    cycle = Period(*setup.period("cycle_start", "cycle_end"))
    billed = Period(*setup.period("start", "cycle_end"))
    fee = price_of(price, billed, cycle=cycle, convention=convention)
    invoice = with_tax(fee, rate, convention=convention)
    mode = setup.choice("credit_mode", ("credit", "refund", "skip", "offset"), "credit")
    credited = Taxed()
    if mode != "skip":
        credited = unused_credit(
            price,
            _rest(case, cycle),
            cycle=cycle,
            tax_rate=rate,
            convention=convention,
        )
    refund, credit = ZERO, credited.total
    if mode == "refund":
        paid = setup.number("paid")
        refund, credit = split_refund(credited.total, invoiced=invoice.total, paid=paid)
    answer = {
        "invoice_subtotal": invoice.net,
        "invoice_tax": invoice.tax,
        "invoice_total": invoice.total,
        "credit_note_total": credited.total,
        "credit_subtotal": credited.net,
        "credit_tax": credited.tax,
        "refund": refund,
        "credit": credit,
    }
    if "closing_charges" in setup:
        closing = with_tax(setup.number("closing_charges"), rate, convention=convention).total
        used = apply_credits({"": credit}, closing)[""]
        answer |= {
            "closing_total_before_credit": closing,
            "credit_applied": used,
            "closing_due": closing - used,
            "credit_left": credit - used,
        }
    return answer


def _rest(case: Case, cycle: Period) -> Period | None:
    """Return the days after a service ended."""
    choices = ("billed", "unbilled")
    is_billed = case.conventions.choice("termination_day", choices, "unbilled") == "billed"
    first = case.setup.day("terminated") + timedelta(days=is_billed)
    return Period(first, cycle.end) if first < cycle.end else None


def credit_apply(case: Case) -> dict[str, Any]:
    """Return what an invoice takes of notes in its currency, oldest first, and its fees' shares."""
    setup = case.setup
    total = setup.number("invoice_total")
    notes = setup.parts("credit_notes")
    balances = {
        note.text("id"): note.number("balance")
        for note in notes
        if note.text("currency", case.currency) == case.currency
    }
    taken = apply_credits(balances, total)
    used = sum(taken.values(), ZERO)
    applied = [
        [code, taken.get(code, ZERO), note.number("balance") - taken.get(code, ZERO)]
        for note in notes
        for code in (note.text("id"),)
    ]
    answer = {"applied": applied, "applied_total": used, "due": total - used}
    if "fees" in setup:
        fees = read_fees(setup)
        base = sum((fee.amount for fee in fees), ZERO)
        answer["fee_share"] = [
            [fee.code, case.convention.rounded(used * fee.amount / base)] for fee in fees
        ]
    return answer


def void(case: Case) -> dict[str, Any]:
    """Return the notes that void an invoice; an invoice that can't be voided stays."""
    setup = case.setup
    try:
        notes = void_invoice(
            setup.number("invoice_total"),
            paid=setup.number("paid", "0"),
            credit=setup.number("credit", "0"),
            refund=setup.number("refund", "0"),
        )
    except UnableToCredit:
        return {"accepted": False, "notes": [], "state_after": "finalized"}
    told = [
        {"total": one.total, "credit": one.credit, "refund": one.refund, "voided": one.is_voided}
        for one in notes
    ]
    return {"accepted": True, "notes": told, "state_after": "voided"}


def progressive(case: Case) -> dict[str, Any]:
    """Return the bills of thresholds, and of the period."""
    setup = case.setup
    progress = Progress(setup.numbers("thresholds"), setup.optional("recurring_threshold"))
    bills: list[dict[str, Any]] = []
    for event in case.events:
        at = event.text("at")
        if event.choice("type", ("usage", "period_end")) == "usage":
            amount = event.number("units") * setup.number("unit_price")
            due = progress.use(case.convention.rounded(amount))
            if due is not None:
                bills.append({"at": at, "kind": "threshold", "total": due})
        else:
            bill = progress.end_period(setup.number("plan_price", "0"))
            told = {"fees": bill.fees, "credited": bill.credited, "total": bill.total}
            bills.append({"at": at, "kind": "period", **told})
    return {"invoices": bills}
