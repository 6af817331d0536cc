"""
Allocation, aging, instalments, matching, statements; sums of other documents.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from billing_project.kernel.money import ZERO
from invoicing.domain.aging import OpenItem, age_debt, statement
from invoicing.domain.consolidated import ParentInvoice, settle, tax_lines
from invoicing.domain.instalments import Instalment, pay_instalments, split_debt
from invoicing.domain.receivables import Matching, Receivables, UnableToAllocate
from invoicing.domain.vectors.reading import Case, Fields


def allocation(case: Case) -> dict[str, Any]:
    """Return balances of an account and its invoices at checkpoints."""
    books = Receivables()
    checkpoints = []
    next_due = ZERO
    # Only the order of invoices matters: moments may be days, or names in their order.
    moments = sorted({event.text("at", "") for event in case.events})
    for event in case.events:
        kind = event.event(("invoice", *MOVES))
        if kind == "invoice":
            on = date.fromordinal(1 + moments.index(event.text("at", "")))
            next_due = books.issue(event.text("id"), event.number("amount"), on=on)
        elif kind in MOVES:
            MOVES[kind](books, event)
        if event.take("check"):
            checkpoints.append(
                {
                    "at": event.text("at", ""),
                    "account_balance": books.balance,
                    "invoice_balances": {code: one.balance for code, one in books.invoices.items()},
                    "next_due": next_due,
                    "credit_pool": books.credit,
                }
            )
    return {"checkpoints": checkpoints, "balance_after": books.balance}


def _refund(books: Receivables, event: Fields) -> None:
    adjust = event.number("adjust", "0")
    books.refund(event.text("invoice"), event.number("amount"), adjust=adjust)


MOVES: Final[dict[str, Callable[[Receivables, Fields], None]]] = {
    "pay": lambda books, event: books.pay(event.text("invoice"), event.number("amount")),
    "adjust": lambda books, event: books.adjust(event.text("invoice"), event.number("amount")),
    "credit": lambda books, event: books.add_credit(event.number("amount")),
    "refund": _refund,
    "chargeback": lambda books, event: books.charge_back(
        event.text("invoice"), event.number("amount")
    ),
    "chargeback_reversal": lambda books, event: books.charge_back(
        event.text("invoice"), -event.number("amount")
    ),
}


def aging(case: Case) -> dict[str, Any]:
    """Return debt by age."""
    setup = case.setup
    items = [
        OpenItem(one.day("due"), one.number("amount") - sum(one.numbers("payments"), ZERO))
        for one in setup.parts("items")
    ]
    buckets = age_debt(
        items,
        [int(limit) for limit in setup.numbers("limits")],
        on=setup.day("as_of"),
        has_current=setup.flag("has_current", default=True),
        advance=setup.number("unallocated_advance", "0"),
    )
    return {"buckets": buckets, "total": sum(buckets, ZERO)}


def installments(case: Case) -> dict[str, Any]:
    """Return how payments and notes spread over instalments."""
    terms = case.setup.parts("terms")
    percents = [one.number("percent") for one in terms]
    amounts = split_debt(case.setup.number("amount"), percents)
    parts = [Instalment(one.text("id"), amount) for one, amount in zip(terms, amounts, strict=True)]
    steps = []
    for event in case.events:
        amount = event.number("amount")
        is_note = event.choice("type", ("pay", "credit_note")) == "credit_note"
        used = sum(pay_instalments(parts, amount, by_note=is_note), ZERO)
        told = [[one.code, one.amount, one.paid, one.credited, one.open] for one in parts]
        steps.append({"at": event.text("at", ""), "terms": told, "unallocated": amount - used})
    return {"steps": steps}


def matching(case: Case) -> dict[str, Any]:
    """Return which parts of payments may be allocated to a receivable."""
    payments = {one.text("id"): one.number("unallocated") for one in case.setup.parts("payments")}
    books = Matching(case.setup.number("receivable"), payments)
    steps = []
    for event in case.events:
        code = event.choice("payment", tuple(payments))
        steps.append(
            {
                "accepted": _accepts(books, code, event.number("amount")),
                "receivable": books.open,
                "payment_left": books.payments[code],
            }
        )
    return {"steps": steps, "balance_after": books.open}


def _accepts(books: Matching, code: str, amount: Decimal) -> bool:
    try:
        books.match(code, amount)
    except UnableToAllocate:
        return False
    return True


def running_statement(case: Case) -> dict[str, Any]:
    """Return the balance after each line, and the sums of both sides."""
    moves = [(event.text("at"), event.number("amount")) for event in case.events]
    lines = list(statement(moves))
    return {
        "running": [[line.reference, line.balance] for line in lines],
        "debits": sum((max(line.amount, ZERO) for line in lines), ZERO),
        "credits": sum((max(-line.amount, ZERO) for line in lines), ZERO),
        "balance_after": lines[-1].balance if lines else ZERO,
    }


def household(case: Case) -> dict[str, Any]:
    """Return a parent's invoice of its children."""
    children = {one.text("id"): one.number("amount") for one in case.setup.parts("children")}
    parent = ParentInvoice(children)
    for event in case.events:
        if event.choice("type", ("child_credit", "child_adjust")) == "child_credit":
            parent.credit(event.choice("child", tuple(children)), event.number("amount"))
        else:
            parent.adjust(event.number("amount"))
    lines = [list(line) for line in parent.children.items()]
    return {"lines": lines, "total": parent.total}


def taxes(case: Case) -> dict[str, Any]:
    """Return the taxes on the sum of lines."""
    base = sum((one.number("amount") for one in case.setup.parts("lines")), ZERO)
    percents = {one.text("id"): one.number("percent") for one in case.setup.parts("taxes")}
    found = tax_lines(base, percents, convention=case.convention)
    tax = sum(found.values(), ZERO)
    lines = [list(line) for line in found.items()]
    return {"subtotal": base, "tax_lines": lines, "tax": tax, "total": base + tax}


def sum_lines(case: Case) -> dict[str, Any]:
    """Return an invoice's total and what credit pays of it."""
    credit = case.setup.number("credit_balance", "0")
    amounts = [one.number("amount") for one in case.setup.parts("lines")]
    total, used = settle(amounts, credit=credit)
    told = {"total": total, "credit_used": used, "due": total - used}
    return {**told, "credit_balance_after": credit - used}
