"""
Dunning: states, due dates, retries, campaigns, fees, reminders, instalments overdue.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from billing_project.kernel.money import ZERO
from invoicing.domain.instalments import (
    Instalment,
    pay_instalments,
    split_debt,
    state_of,
    take_back,
)
from invoicing.domain.overdue import (
    Basis,
    OverdueState,
    Unpaid,
    due_on,
    late_interest,
    overdue_state,
    retries,
)
from invoicing.domain.reminders import Campaign, Counting, Level, next_level
from invoicing.domain.vectors.reading import Case, Fields

CLEAR: Final = "CLEAR"
LESS: Final = ("pay", "adjust", "chargeback_reversal")
MORE: Final = ("refund", "chargeback")


def dunning_state(case: Case) -> dict[str, Any]:
    """Return the states of an account at its checkpoints."""
    policy = case.setup.part("policy")
    basis = Basis(policy.choice("basis", tuple(Basis)))
    states = [_state(one) for one in policy.parts("states")]
    amounts: dict[str, Decimal] = {}
    invoices: dict[str, Unpaid] = {}
    for one in case.setup.parts("invoices"):
        code, amount = one.text("id"), one.number("amount")
        amounts[code] = amount
        invoices[code] = Unpaid(one.day("date"), ZERO if one.flag("paid") else amount)
    checkpoints, last = [], None
    for event in case.events:
        on = event.day("at")
        _happen(event, on, invoices=invoices, amounts=amounts)
        if event.take("check"):
            last = overdue_state(invoices.values(), states, basis=basis, on=on)
            checkpoints.append([on, last.name if last else CLEAR])
    return {
        "checkpoints": checkpoints,
        "state_after": last.name if last else CLEAR,
        "actions_after": list(last.actions) if last else [],
        "balance_after": sum((one.open for one in invoices.values()), ZERO),
    }


def _state(told: Fields) -> OverdueState:
    actions = tuple(map(str, told.items("actions")))
    return OverdueState(told.text("name"), told.number("threshold"), actions)


def _happen(
    event: Fields, on: date, *, invoices: dict[str, Unpaid], amounts: dict[str, Decimal]
) -> None:
    kind = event.event(("invoice", *LESS, *MORE))
    if kind == "check":
        return
    if kind == "invoice":
        code = event.text("id")
        amounts[code] = event.number("amount")
        invoices[code] = Unpaid(on, amounts[code])
        return
    named = [str(code) for code in event.items("invoices")] or [event.text("invoice")]
    for code in named:
        if code not in invoices:
            event.fail("invoice", f"there is no {code}")
        was = invoices[code]
        if kind in LESS:
            taken = event.number("amount") if "amount" in event else was.open
            invoices[code] = Unpaid(was.issued, max(ZERO, was.open - taken))
        else:
            back = event.number("amount") if "amount" in event else amounts[code]
            invoices[code] = Unpaid(was.issued, was.open + back)


def retry(case: Case) -> dict[str, Any]:
    """Return the days on which a payment is tried again."""
    gaps = [int(gap) for gap in case.setup.numbers("retry_days")]
    return {"retries": list(retries(case.setup.day("failed_on"), gaps))}


def campaign(case: Case) -> dict[str, Any]:
    """Return what each run of a campaign asks for."""
    setup = case.setup
    told = setup.part("thresholds")
    found = Campaign(
        thresholds={code: told.number(code) for code in told.names()},
        most_tries=setup.whole("max_attempts"),
        pause=timedelta(days=setup.whole("days_between")),
    )
    runs, finished = [], None
    for event in case.events:
        if event.choice("type", ("overdue", "run")) == "overdue":
            found.owe(event.text("currency"), event.number("amount"))
            continue
        asked = found.run(event.instant("at"))
        runs.append({"at": event.text("at"), "requests": [list(one) for one in asked.items()]})
        if found.is_over and finished is None:
            finished = event.text("at")
    return {"runs": runs, "attempts": found.tries, "finished_at": finished}


def due_dates(case: Case) -> dict[str, Any]:
    """Return the last day to pay each invoice, and the first overdue one."""
    found = []
    for one in case.setup.parts("invoices"):
        due = due_on(one.day("issued"), one.whole("net_days"))
        told = {"due": due, "overdue_from": due + timedelta(days=1)}
        found.append({"id": one.text("id"), **told})
    return {"due": found}


def dunning_fee(case: Case) -> dict[str, Any]:
    """Return interest and a fee on what is overdue."""
    setup = case.setup
    outstanding, fee = setup.number("outstanding"), setup.number("fee", "0")
    interest = late_interest(
        outstanding,
        annual_percent=setup.number("annual_rate_percent"),
        days=setup.whole("overdue_days"),
        year_days=setup.count("year_days", 365),
        convention=case.convention,
    )
    told = {"interest": interest, "fee": fee, "dunning_amount": interest + fee}
    return {**told, "total": outstanding + interest + fee}


def dunning_terms(case: Case) -> dict[str, Any]:
    """Return how an invoice in instalments stands after each event."""
    setup = case.setup
    terms = setup.parts("terms")
    amounts = split_debt(setup.number("amount"), [one.number("percent") for one in terms])
    issued = setup.day("issued")
    parts = [
        Instalment(str(place), amount, issued + timedelta(days=term.whole("days", 0)))
        for place, (term, amount) in enumerate(zip(terms, amounts, strict=True))
    ]
    payments: list[list[Decimal]] = []
    steps = []
    for event in case.events:
        on = event.day("at")
        kind = event.event(("pay", "cancel_payment"))
        if kind == "pay":
            payments.append(pay_instalments(parts, event.number("amount")))
        elif kind == "cancel_payment":
            if not payments:
                event.fail("type", "nothing was paid")
            take_back(parts, payments.pop())
        late = [one.open for one in parts if one.is_overdue(on)]
        steps.append(
            {
                "at": on,
                "overdue_amount": sum(late, ZERO),
                "invoice_state": state_of(parts, on=on),
                "dunning_state": "Unresolved" if late else "Resolved",
            }
        )
    return {"steps": steps}


def reminder_levels(case: Case) -> dict[str, Any]:
    """Return which level each run issues."""
    setup = case.setup
    levels = [
        Level(one.whole("level"), Counting(one.choice("mode", tuple(Counting))), one.whole("days"))
        for one in setup.parts("levels")
    ]
    sent: list[date] = []
    issued = []
    for text in setup.items("runs"):
        on = Fields({"run": text}, at="setup.runs").day("run")
        level = next_level(levels, sent, due=setup.day("due"), on=on)
        issued.append([on, level.number if level else None])
        if level:
            sent.append(on)
    return {"issued": issued}
