"""
Prepaid credit, free units, minimums and maximums.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.commitment import Counted, TrueUp, true_up
from invoicing.domain.crediting import apply_credits, with_tax
from invoicing.domain.grants import UnitGrant, burn_down
from invoicing.domain.proration import Convention
from invoicing.domain.spending import Bounds, bound_spend, take_free
from invoicing.domain.vectors.reading import Case, Fields
from invoicing.domain.wallets import (
    GRANTED,
    USUAL_PRIORITY,
    Due,
    Grant,
    NotEnough,
    Purse,
    Wallet,
    pay_from_purses,
    use,
)
from tariffs.domain.price_models import UnableToReadModel, read_charge


def wallet(case: Case) -> dict[str, Any]:
    """Return which grants pay for what."""
    rate = case.setup.number("rate", "1")
    grants = [
        Grant(
            code=one.text("id"),
            left=one.number("credits") * rate,
            came_at=one.text("at", ""),
            expires_at=one.text("expires", ""),
            priority=one.whole("priority", USUAL_PRIORITY),
            source=one.text("source", GRANTED),
        )
        for one in case.setup.parts("grants")
    ]
    sources: dict[str, Decimal] = {}
    steps = []
    for event in case.events:
        at = event.text("at")
        amount = event.number("credits") * rate if "credits" in event else event.number("amount")
        is_void = event.text("type", "use") == "void"
        try:
            used = use(grants, amount, at=at, in_full=is_void)
        except NotEnough:
            steps.append({"at": at, "rejected": True})
            continue
        for grant, taken in used:
            sources[grant.source] = sources.get(grant.source, ZERO) + taken
        left = amount - sum((taken for _grant, taken in used), ZERO)
        told = [[grant.code, taken] for grant, taken in used]
        steps.append({"at": at, "allocations": told, "uncovered": left})
    return {
        "steps": steps,
        "remaining": [[grant.code, grant.left] for grant in grants],
        "balance_after": sum((grant.left for grant in grants), ZERO),
        "by_source": sources,
    }


def wallets_targeted(case: Case) -> dict[str, Any]:
    """Return what wallets for some types of fees pay."""
    dues = [
        Due(one.text("id"), one.text("type", ""), one.number("amount") + one.number("tax", "0"))
        for one in case.setup.parts("fees")
    ]
    purses = [
        Purse(
            code=one.text("id"),
            balance=one.number("balance"),
            priority=one.whole("priority", USUAL_PRIORITY),
            kinds=frozenset(map(str, one.items("fee_types"))) or None,
        )
        for one in case.setup.parts("wallets")
    ]
    paid, due = pay_from_purses(purses, dues)
    return {
        "wallets": [[purse.code, spent, purse.balance - spent] for purse, spent in paid],
        "applied_total": sum((spent for _purse, spent in paid), ZERO),
        "due": due,
    }


def wallet_flow(case: Case) -> dict[str, Any]:
    """Return a balance, and what usage that waits leaves of it."""
    setup = case.setup
    rate = setup.number("rate", "1")
    purse = Wallet(
        balance=setup.number("credits") * rate,
        tax_rate=setup.number("tax_rate", "0"),
        rate=rate,
        convention=case.convention,
    )
    checkpoints = []
    for event in case.events:
        FLOW[event.event(FLOW)](purse, event)
        if event.flag("check"):
            told = {"balance": purse.balance, "ongoing": purse.ongoing}
            checkpoints.append({"at": event.text("at"), **told})
    return {
        "checkpoints": checkpoints,
        "balance_after": purse.balance,
        "credits_after": case.convention.rounded(purse.credits),
    }


DRAFT: Final = "draft"
FLOW: Final[dict[str, Callable[[Wallet, Fields], None]]] = {
    "usage": lambda purse, event: purse.use(event.text("bucket"), event.number("amount")),
    "draft": lambda purse, event: purse.draft(
        DRAFT, bucket=event.text("bucket"), extra=event.number("extra", "0")
    ),
    "charge_now": lambda purse, event: purse.take_now(event.number("amount")),
    "finalize": lambda purse, event: purse.finalize(event.text("bucket")),
    "check": lambda _purse, _event: None,
}


def invoice_prepaid(case: Case) -> dict[str, Any]:
    """Return what a balance pays of invoices, tax included."""
    balance = case.setup.number("balance")
    steps = []
    for event in case.events:
        rate = event.number("tax_rate", "0")
        total = case.convention.rounded(event.number("amount") * (1 + rate))
        usable = balance if event.flag("eligible", default=True) else ZERO
        paid = apply_credits({"": usable}, total)[""]
        balance -= paid
        told = {"total": total, "prepaid": paid, "due": total - paid, "balance_after": balance}
        steps.append({"at": event.text("at", ""), **told})
    return {"steps": steps, "balance_after": balance}


def topup_rounding(case: Case) -> dict[str, Any]:
    """Return what top-ups credit."""
    return {"credited": [case.convention.rounded(one) for one in case.setup.numbers("topups")]}


def line_credits(case: Case) -> dict[str, Any]:
    """Return what credits pay of lines, both in their order."""
    left = {one.text("id"): one.number("amount") for one in case.setup.parts("credits")}
    lines: list[dict[str, Any]] = []
    for one in case.setup.parts("lines"):
        taken = apply_credits(left, one.number("amount"))
        left = {code: balance - taken[code] for code, balance in left.items()}
        due = one.number("amount") - sum(taken.values(), ZERO)
        used = [[code, amount] for code, amount in taken.items() if amount]
        lines.append({"id": one.text("id"), "credits": used, "due": due})
    return {
        "lines": lines,
        "total": sum((line["due"] for line in lines), ZERO),
        "credits_left": sum(left.values(), ZERO),
    }


def allowances(case: Case) -> dict[str, Any]:
    """Return what is left of grants of units, and what none of them covered."""
    setup = case.setup
    grants = [_grant(one) for one in setup.parts("grants")]
    burnt = burn_down(
        grants,
        [(event.instant("at"), event.number("units")) for event in case.events],
        since=setup.instant("from"),
        until=setup.instant("until"),
    )
    balances = [[grant.code, burnt.balances[grant.code]] for grant in grants]
    return {"balances": balances, "overage": burnt.overage}


def _grant(told: Fields) -> UnitGrant:
    every = told.whole("reset_days", 0)
    return UnitGrant(
        code=told.text("id"),
        units=told.number("units"),
        effective=told.instant("effective"),
        priority=told.whole("priority", 0),
        expires=told.instant("expires") if "expires" in told else None,
        voided=told.instant("voided") if "voided" in told else None,
        opening=told.number("opening", "0"),
        reset_every=timedelta(days=every) if every > 0 else None,
        reset_from=told.instant("reset_anchor") if every > 0 else None,
    )


def commitment(case: Case) -> dict[str, Any]:
    """Return what minimums add to the charges of periods."""
    setup, convention = case.setup, case.convention
    rounds_last = case.conventions.flag("round_after_subtract")
    periods, found = [], []
    for told in setup.parts("periods"):
        active = Period(*told.period("active_start", "active_end"))
        one = true_up(
            setup.number("minimum"),
            [_counted(charge) for charge in told.parts("charges")],
            active=active,
            cycle=Period(*told.period("cycle_start", "cycle_end")),
            convention=convention,
            rounds_last=rounds_last,
        )
        found.append(one)
        days = {"period_start": active.start, "period_end": active.end}
        periods.append({**days, "charges": one.charges, "true_up": one.amount})
    answer: dict[str, Any] = {"periods": periods}
    if "tax_rate" in setup:
        answer |= _committed_invoice(setup, found, convention)
    return answer


def _counted(told: Fields) -> Counted:
    return Counted(
        code=told.text("id"),
        amount=told.number("amount"),
        is_prorated=told.flag("prorated"),
        counts=told.flag("counts", default=True),
    )


def _committed_invoice(
    setup: Fields, found: list[TrueUp], convention: Convention
) -> dict[str, Any]:
    rate = setup.number("tax_rate")
    total = sum((one.total for one in found), ZERO)
    invoice = with_tax(total, rate, convention=convention)
    note = ZERO
    if "unused_plan" in setup:
        plan = setup.part("unused_plan")
        share = Fraction(plan.whole("unused_days"), plan.count("cycle_days"))
        net = convention.rounded(Fraction(plan.number("price")) * share)
        note = with_tax(net, rate, convention=convention).total
    return {
        "subtotal": invoice.net,
        "tax": invoice.tax,
        "total": invoice.total,
        "credit_note": note,
        "due": max(ZERO, invoice.total - note),
    }


TIERS: Final = ("volume", "graduated")


def spend_bounds(case: Case) -> dict[str, Any]:
    """Return a line of usage within what a period costs at least and at most."""
    setup, rounded = case.setup, case.convention.rounded
    found = bound_spend(
        _tiered(setup) if "tiers" in setup else _simple(setup),
        Bounds(
            least=setup.optional("min_spend"),
            most=setup.optional("max_spend"),
            before=setup.number("previously_billed", "0"),
            is_last=setup.flag("last_line", default=True),
        ),
        percent_off=setup.number("percent_discount", "0"),
        convention=case.convention,
    )
    answer = {
        "gross": rounded(found.gross),
        "percent_discount": rounded(found.discount),
        "max_spend_discount": rounded(found.over),
        "minimum_true_up": rounded(found.missing),
        "total": rounded(found.total),
    }
    credits = setup.numbers("credits")
    if credits:
        total = rounded(found.total)
        used = apply_credits({"": sum(credits, ZERO)}, total)[""]
        answer |= {"credits_used": used, "due": total - used}
    return answer


def _simple(setup: Fields) -> Fraction:
    return Fraction(setup.number("units")) * Fraction(setup.number("unit_price"))


def _tiered(setup: Fields) -> Fraction:
    """Return the price of a line's units as coming after others, by the catalogue's own models."""
    units, before = setup.number("units_line"), setup.number("units_before", "0")
    kind = setup.choice("tier_mode", TIERS)
    ranges = [_range(tier) for tier in setup.parts("tiers")]
    try:
        charge = read_charge(kind, {"ranges": ranges, "quantity_before": str(before)})
    except UnableToReadModel as error:
        setup.fail("tiers", f"{error.key}: {error.rule}")
    if kind == "graduated" and not before + units:
        return Fraction(0)
    return charge.price(Fraction(units)).amount


def _range(tier: Fields) -> dict[str, str]:
    told = {"unit_price": str(tier.number("unit", "0")), "flat_fee": str(tier.number("flat", "0"))}
    return {**told, "up_to": str(tier.number("up_to"))} if "up_to" in tier else told


def free_units(case: Case) -> dict[str, Any]:
    """Return what lines cost that share free units."""
    left, price = case.setup.number("free_units"), case.setup.number("unit_price")
    lines: list[dict[str, Any]] = []
    for event in case.events:
        units = event.number("units")
        free = take_free(left, units)
        left -= free
        amount = case.convention.rounded((units - free) * price)
        told = {"free": free, "billed_units": units - free, "amount": amount}
        lines.append({"at": event.text("at", ""), **told})
    return {"lines": lines, "total": sum((line["amount"] for line in lines), ZERO)}
