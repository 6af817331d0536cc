"""
Which functions of the engine answer a case, by the name of its model.
"""

from collections.abc import Callable
from typing import Any, Final

from invoicing.domain.vectors.models import (
    calendars,
    credits,
    debts,
    promotions,
    receivables,
    subscriptions,
    wallets,
)
from invoicing.domain.vectors.reading import Case

Answer = dict[str, Any]

MODELS: Final[dict[str, Callable[[Case], Answer]]] = {
    "subscription": subscriptions.answer,
    "fraction_table": calendars.fraction_table,
    "boundaries": calendars.boundaries,
    "buckets": calendars.buckets,
    "day_rounding": calendars.day_rounding,
    "invoice_coupons": promotions.invoice_coupons,
    "coupon_lifecycle": promotions.coupon_lifecycle,
    "voucher_rules": promotions.voucher_rules,
    "offer": promotions.offer,
    "discount_select": promotions.discount_select,
    "price_chain": promotions.price_chain,
    "qty_band": promotions.qty_band,
    "charges_discounted": promotions.charges_discounted,
    "spend_bounds": wallets.spend_bounds,
    "free_units": wallets.free_units,
    "commitment": wallets.commitment,
    "tax_lines": receivables.taxes,
    "sum_lines": receivables.sum_lines,
    "household": receivables.household,
    "unused_credit": credits.unused,
    "credit_notes": credits.credit_notes,
    "credit_apply": credits.credit_apply,
    "void": credits.void,
    "wallet": wallets.wallet,
    "wallets_targeted": wallets.wallets_targeted,
    "wallet_flow": wallets.wallet_flow,
    "invoice_prepaid": wallets.invoice_prepaid,
    "allowances": wallets.allowances,
    "line_credits": wallets.line_credits,
    "topup_rounding": wallets.topup_rounding,
    "progressive": credits.progressive,
    "dunning_state": debts.dunning_state,
    "dunning_campaign": debts.campaign,
    "retry": debts.retry,
    "due_dates": debts.due_dates,
    "dunning_fee": debts.dunning_fee,
    "dunning_terms": debts.dunning_terms,
    "reminder_levels": debts.reminder_levels,
    "aging": receivables.aging,
    "allocation": receivables.allocation,
    "installments": receivables.installments,
    "matching": receivables.matching,
    "statement": receivables.running_statement,
}
