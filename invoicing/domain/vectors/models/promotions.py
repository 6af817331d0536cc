"""
Coupons, basket offers and discounts.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period
from invoicing.domain.promotions.coupons import (
    FIXED,
    PERCENT,
    Coupon,
    CouponLife,
    Fee,
    apply_coupons,
)
from invoicing.domain.promotions.discounts import (
    Ambiguous,
    Band,
    ChargeDiscount,
    Rule,
    chain_percents,
    choose_rule,
    discount_charge,
    price_in_bands,
)
from invoicing.domain.promotions.offers import Article, Basket, BasketTerms, Benefit, Offer
from invoicing.domain.promotions.vouchers import Use, may_use
from invoicing.domain.proration import share_of
from invoicing.domain.vectors.reading import Case, Fields

COUPONS: Final = (FIXED, PERCENT)
FREQUENCIES: Final = ("once", "recurring", "forever")


def read_fees(setup: Fields) -> list[Fee]:
    """Return the fees of an invoice."""
    return [
        Fee(one.text("id"), one.number("amount"), one.number("tax_rate", "0"))
        for one in setup.parts("fees")
    ]


def read_coupons(setup: Fields) -> list[Coupon]:
    """Return its coupons."""
    return [
        Coupon(
            code=one.text("id"),
            kind=one.choice("type", COUPONS),
            value=_value(one),
            fees=frozenset(map(str, one.items("fees"))) if "fees" in one else None,
        )
        for one in setup.parts("coupons")
    ]


def _value(fields: Fields) -> Decimal:
    return fields.number("amount" if fields.text("type") == FIXED else "percent")


def invoice_coupons(case: Case) -> dict[str, Any]:
    """Return an invoice with coupons, tax by line, and what a wallet pays of it."""
    setup, rounded = case.setup, case.convention.rounded
    found = apply_coupons(read_fees(setup), read_coupons(setup), convention=case.convention)
    base = case.conventions.choice("tax_base", ("discounted", "rounded_fees"), "discounted")
    tax = found.tax(case.convention, after_coupons=base == "discounted")
    total = found.subtotal + tax
    places = setup.whole("alloc_places", case.convention.digits)
    answer = {
        "gross": found.gross,
        "coupons_total": found.taken,
        "coupons_used": [[code, rounded(taken)] for code, taken in found.used],
        "subtotal": found.subtotal,
        "tax": tax,
        "total": total,
        "line_tax": [[fee.code, rounded(found.tax_of(fee))] for fee in found.fees],
        "line_coupon": [
            [code, round_money(share, digits=places)] for code, share in found.shares.items()
        ],
    }
    if "wallet" in setup:
        wallet = setup.number("wallet")
        used = min(wallet, total)
        answer |= {"prepaid_used": used, "due": total - used, "wallet_after": wallet - used}
    return answer


def coupon_lifecycle(case: Case) -> dict[str, Any]:
    """Return what each invoice gets of one coupon."""
    told = case.setup.part("coupon")
    life = CouponLife(
        kind=told.choice("type", COUPONS),
        value=_value(told),
        is_once=told.choice("frequency", FREQUENCIES) == "once",
        periods=told.whole("periods") if "periods" in told else None,
    )
    taken = [life.take(one.number("invoice"), convention=case.convention) for one in case.events]
    return {"discounts": taken, "remaining": life.remaining, "periods_left": life.periods}


def voucher_rules(case: Case) -> dict[str, Any]:
    """Return the answers to questions about a voucher."""
    used_by: set[str] = set()
    answers = []
    for event in case.events:
        kind = event.choice("type", (*QUESTIONS, "use"))
        if kind == "use":
            used_by.add(event.text("user"))
        else:
            answers.append(QUESTIONS[kind](case.setup, event, used_by))
    return {"answers": answers}


def _is_available(setup: Fields, event: Fields, used_by: set[str]) -> bool:
    use = Use(setup.choice("usage", tuple(Use)))
    return may_use(use, user=event.text("user"), used_by=used_by)


def _is_in_time(setup: Fields, event: Fields, _used_by: set[str]) -> bool:
    return setup.instant("start") <= event.instant("at") <= setup.instant("end")


def _is_large(setup: Fields, event: Fields, _used_by: set[str]) -> bool:
    return event.number("qty") >= setup.number("min_qty")


QUESTIONS: Final[dict[str, Callable[[Fields, Fields, set[str]], bool]]] = {
    "available": _is_available,
    "check_date": _is_in_time,
    "basket_count": _is_large,
}


def offer(case: Case) -> dict[str, Any]:
    """Return a basket after its offers."""
    setup, said = case.setup, case.conventions
    rate = setup.number("tax_rate", "0")
    basket = Basket(
        [Article(one.number("price"), one.whole("qty")) for one in setup.parts("lines")],
        BasketTerms(
            tax_rate=rate,
            condition_has_tax=said.flag("condition_includes_tax"),
            discount_has_tax=said.flag("discount_on_tax_inclusive"),
            convention=case.convention,
        ),
    )
    for one in setup.parts("offers"):
        basket.apply(_offer(one))
    left, taxed = basket.gross - basket.discount, 1 + Fraction(rate)
    answer = {
        "discount": round_money(basket.discount),
        "total": round_money(left),
        "offers_applied": basket.applied,
        "items_touched": basket.touched,
        "line_discounts": [round_money(one) for one in basket.discounts],
    }
    if rate:
        answer["discount_excl_tax"] = round_money(basket.discount / taxed)
        answer["total_excl_tax"] = round_money(left / taxed)
    return answer


def _offer(told: Fields) -> Offer:
    condition, benefit = told.part("condition"), told.part("benefit")
    return Offer(
        threshold=condition.number("value"),
        benefit=Benefit(benefit.choice("type", tuple(Benefit))),
        value=benefit.number("value", "0"),
        counts=condition.choice("type", ("count", "value")) == "count",
        most_items=benefit.whole("max_items", 0) or None,
    )


def discount_select(case: Case) -> dict[str, Any]:
    """Return the percent of the rule that wins, for each context."""
    is_specific = case.setup.choice("rule", ("priority", "specificity")) == "specificity"
    rules = [
        Rule(one.number("percent"), _context(one.part("when")), one.whole("priority", 0))
        for one in case.setup.parts("rules")
    ]
    answers: list[Decimal | str | None] = []
    for event in case.events:
        context = _context(event.part("context"))
        try:
            rule = choose_rule(rules, context, most_specific=is_specific)
            answers.append(rule.percent if rule else None)
        except Ambiguous:
            answers.append("conflict")
    return {"answers": answers}


def _context(fields: Fields) -> dict[str, object]:
    return {name: fields.take(name) for name in fields.names()}


def price_chain(case: Case) -> dict[str, Any]:
    """Return the price after each step."""
    percents = [
        one.number("percent") * (1 if one.choice("op", STEPS) == STEPS[0] else -1)
        for one in case.setup.parts("steps")
    ]
    steps = chain_percents(case.setup.number("list_price"), percents)
    after = [case.convention.rounded(step) for step in steps]
    return {"after_steps": after, "total": after[-1] if after else None}


STEPS: Final = ("add_percent", "less_percent")


def qty_band(case: Case) -> dict[str, Any]:
    """Return the price of one by quantity."""
    setup = case.setup
    bands = [
        Band(one.number("min"), one.number("max"), one.number("percent"))
        for one in setup.parts("bands")
    ]
    factor, price = setup.number("unit_factor", "1"), setup.number("list_price")
    prices = [price_in_bands(price, one.number("qty") * factor, bands) for one in case.events]
    return {"unit_prices": [case.convention.rounded(one) for one in prices]}


def charges_discounted(case: Case) -> dict[str, Any]:
    """Return charges after discounts; only what is shown is rounded."""
    setup, rounded = case.setup, case.convention.rounded
    discounts = [_discount(one) for one in setup.parts("discounts")]
    amounts = []
    for charge in setup.parts("charges"):
        period = _period(charge, "period_start", "period_end")
        code = charge.text("id")
        exact = discount_charge(code, _charge(charge, period, case), discounts, period=period)
        amounts.append((code, exact))
    total = sum((amount for _code, amount in amounts), Fraction(0))
    rate = Fraction(setup.number("tax_rate", "0"))
    return {
        "subtotal": rounded(total),
        "total": rounded(total * (1 + rate)),
        "line_amounts": [[code, rounded(amount)] for code, amount in amounts],
    }


def _period(fields: Fields, start: str, end: str) -> Period | None:
    return Period(*fields.period(start, end)) if start in fields else None


def _charge(told: Fields, period: Period | None, case: Case) -> Fraction:
    if "amount" in told:
        return Fraction(told.number("amount"))
    if "plan_price" in told:
        whole = _period(told, "full_start", "full_end")
        if period is None or whole is None:
            told.fail("full_start", "a price needs its period and the whole one")
        return Fraction(told.number("plan_price")) * share_of(period, whole, case.convention)
    included = told.number("included_units", "0") * told.number("included_factor", "1")
    return Fraction(max(ZERO, told.number("units") - included)) * Fraction(
        told.number("unit_price")
    )


def _discount(told: Fields) -> ChargeDiscount:
    return ChargeDiscount(
        percent=told.number("percent"),
        targets=frozenset(map(str, told.items("targets"))) if "targets" in told else None,
        valid=_period(told, "valid_from", "valid_until"),
        is_additive=told.choice("stacking", STACKING, "multiplicative") == "additive",
    )


STACKING: Final = ("additive", "multiplicative")
