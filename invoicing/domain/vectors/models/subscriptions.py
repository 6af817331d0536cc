"""
The timeline of an account, event by event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from billing_project.kernel.money import ZERO
from invoicing.domain.cycles import ANNIVERSARY, CALENDAR, Unit
from invoicing.domain.timeline import Account, Item, Paper, Plan, Terms
from invoicing.domain.timeline.difference import cycles_billed
from invoicing.domain.timeline.papers import INVOICE
from invoicing.domain.timeline.terms import ADVANCE, ARREARS, CREDIT_NOTE, SAME_INVOICE
from invoicing.domain.vectors.reading import Case, Fields, NotKnown

UNITS: Final = tuple(Unit)
POLICIES: Final = ("immediate", "end_of_period")
REALIGNED: Final = ("gap", "credit_overlap")
BACK: Final = "subtract_from_next"


def answer(case: Case) -> dict[str, Any]:
    """Play the events and return lines, documents and balances."""
    account = Account(read_terms(case))
    lines: list[dict[str, Any]] = []
    documents: list[tuple[str | date, Paper]] = []
    for event in case.events:
        on = case.local(event, "at")
        is_billed = _play(account, Event(event, case, on))
        if is_billed and event.flag("bill", default=True):
            label = event.text("label") if "label" in event else on
            items, papers = account.bill_run(on=on)
            lines += [_line(label, item) for item in items]
            documents += [(label, paper) for paper in papers]
    papers = [paper for _label, paper in documents]
    return {
        "lines": lines,
        "documents": [_document(label, paper) for label, paper in documents],
        "total": sum((line["amount"] for line in lines), ZERO),
        "tax": sum((p.tax if p.kind == INVOICE else -p.tax for p in papers), ZERO),
        "credit_balance_after": account.credit,
        "balance_after": account.owed - account.paid,
        "invoice_count": sum(paper.kind == INVOICE for paper in papers),
        "credit_note_count": sum(paper.kind == CREDIT_NOTE for paper in papers),
        "cycles_billed": cycles_billed(list(account.charged()), account.terms),
    }


def read_terms(case: Case) -> Terms:
    """Return the plans and conventions of a case."""
    said = case.conventions
    said.choice("change_day", ("billed_on_new_plan",), "billed_on_new_plan")
    said.choice("period_end", ("exclusive",), "exclusive")
    return Terms(
        plans={code: _plan(plan) for code, plan in case.setup.named("plans").items()},
        convention=case.convention,
        steps_back=said.choice("previous_boundary", ("", BACK), "") == BACK,
        is_last_day_billed=said.choice("termination_day", ("billed", "unbilled"), "unbilled")
        == "billed",
        credit_document=said.choice("credit_document", (SAME_INVOICE, CREDIT_NOTE), SAME_INVOICE),
        gives_back=said.flag("refund_unused", default=True),
        tells_zero=said.flag("zero_lines"),
        tax_rate=case.setup.number("tax_rate", "0"),
    )


def _plan(fields: Fields) -> Plan:
    return Plan(
        price=fields.number("price"),
        unit=Unit(fields.choice("interval", UNITS)),
        count=fields.count("interval_count", 1),
        timing=fields.choice("timing", (ADVANCE, ARREARS), ADVANCE),
    )


@dataclass(frozen=True, slots=True)
class Event:
    """What a case says of an event, and when it happens."""

    told: Fields
    case: Case
    on: date

    @property
    def service(self) -> str:
        """Whose event it is."""
        return self.told.text("sub", "S1")

    @property
    def waits(self) -> bool:
        """Whether it takes effect at the end of the period."""
        return self.told.choice("policy", POLICIES, "immediate") == "end_of_period"

    def moment(self, key: str) -> date | None:
        """Return a moment that may be absent."""
        return self.case.local(self.told, key) if key in self.told else None


def _play(account: Account, event: Event) -> bool:
    """Let one event happen; return whether a run follows it."""
    kind = event.told.text("type")
    if kind not in EVENTS:
        message = f"event {kind}"
        raise NotKnown(message)
    return EVENTS[kind](account, event)


def _subscribe(account: Account, event: Event) -> bool:
    start = account.subscribe(
        event.service,
        _plan_code(account, event),
        on=event.on,
        anchor=_anchor(event.told if "anchor" in event.told else event.case.setup),
        anchored_on=event.moment("anchor_date"),
        charged_from=event.moment("charge_from"),
    )
    return start <= event.on


def _change_plan(account: Account, event: Event) -> bool:
    moment = account.change_plan(
        event.service,
        _plan_code(account, event),
        on=event.on,
        at_end_of_period=event.waits,
        anchor=_anchor(event.told) if "anchor" in event.told else None,
    )
    return moment <= event.on


def _cancel(account: Account, event: Event) -> bool:
    return account.cancel(event.service, on=event.on, at_end_of_period=event.waits) <= event.on


def _set_cycle_day(account: Account, event: Event) -> bool:
    account.set_cycle_day(
        event.service,
        _cycle_day(event.told, "day"),
        effective=event.moment("effective") or event.on,
        credits_overlap=event.told.choice("realign", REALIGNED, "gap") == "credit_overlap",
    )
    return True


def _pause(account: Account, event: Event) -> bool:
    account.pause(event.service, since=event.moment("effective") or event.on)
    return True


def _resume(account: Account, event: Event) -> bool:
    account.resume(event.service, at=event.moment("effective") or event.on)
    return True


def _use(account: Account, event: Event) -> bool:
    account.use(event.service, event.told.number("amount"))
    return False


def _adjust(account: Account, event: Event) -> bool:
    account.adjust(event.told.whole("line"), event.told.number("amount"))
    return False


def _pay(account: Account, event: Event) -> bool:
    account.pay(event.told.number("amount"))
    return False


def _refund(account: Account, event: Event) -> bool:
    account.pay(-event.told.number("amount"))
    return False


def _run(_account: Account, _event: Event) -> bool:
    return True


EVENTS: Final[dict[str, Callable[[Account, Event], bool]]] = {
    "subscribe": _subscribe,
    "change_plan": _change_plan,
    "cancel": _cancel,
    "set_cycle_day": _set_cycle_day,
    "pause": _pause,
    "resume": _resume,
    "usage": _use,
    "adjust_line": _adjust,
    "payment": _pay,
    "refund": _refund,
    "billing_run": _run,
}


def _plan_code(account: Account, event: Event) -> str:
    return event.told.choice("plan", tuple(account.terms.plans))


def _anchor(fields: Fields) -> int | str:
    anchor = fields.text("anchor")
    return anchor if anchor in {CALENDAR, ANNIVERSARY} else _cycle_day(fields, "anchor")


def _cycle_day(fields: Fields, key: str) -> int:
    day = fields.whole(key)
    if not 1 <= day <= 31:
        fields.fail(key, f"{day} is no day of a month")
    return day


def _line(label: str | date, item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {"at": label, "sub": item.service, "kind": item.kind}
    if item.period is not None:
        line |= {"period_start": item.period.start, "period_end": item.period.end}
    return line | {"amount": item.amount}


def _document(label: str | date, paper: Paper) -> dict[str, Any]:
    told = {"subtotal": paper.subtotal, "tax": paper.tax, "total": paper.total}
    if paper.kind == INVOICE:
        told |= {
            "credit_used": paper.credit_used,
            "credit_generated": paper.credit_generated,
            "due": paper.due,
        }
    return {"at": label, "type": paper.kind, **told}
