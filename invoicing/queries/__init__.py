"""What invoicing can tell: bills, offers of plan changes, the next fee, what must hold."""

from invoicing.domain.quotes import Quote, Refusal
from invoicing.queries.bill_numbers import accounts_of_bills
from invoicing.queries.bills import get_bill, list_bills, list_lines
from invoicing.queries.invariants import invariants
from invoicing.queries.moves import count_movers
from invoicing.queries.papers import render_bill_pdf, render_contract_pdf
from invoicing.queries.plans import (
    NextFee,
    UnableToQuote,
    describe_refusal,
    find_scheduled_change,
    forecast_fee,
    get_plan_on,
    get_quote,
    list_quotes,
    list_refusals,
)
from invoicing.queries.splits import Settlement, quote_settlement, quote_termination

__all__ = [
    "NextFee",
    "Quote",
    "Refusal",
    "Settlement",
    "UnableToQuote",
    "accounts_of_bills",
    "count_movers",
    "describe_refusal",
    "find_scheduled_change",
    "forecast_fee",
    "get_bill",
    "get_plan_on",
    "get_quote",
    "invariants",
    "list_bills",
    "list_lines",
    "list_quotes",
    "list_refusals",
    "quote_settlement",
    "quote_termination",
    "render_bill_pdf",
    "render_contract_pdf",
]
