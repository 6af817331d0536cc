"""
The table of steps of the night, and what each does with the apps' operations.

A step takes the night, its piece (a range of accounts) and a function to report progress, and returns
its figures: whole numbers, amounts as text, and tables of these. Figures of pieces are added up.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.operations import acquiring, vouchers
from billing_project.invariants import broken_promises
from billing_project.kernel import jobs
from billing_project.kernel import operations as kernel_operations
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.models import JobRun
from billing_project.night import (
    JOB,
    Advance,
    Night,
    NightReport,
    Step,
    Summary,
    Watcher,
    added,
    run,
)
from dunning import operations as dunning_operations
from invoicing import operations as invoicing_operations
from invoicing.operations import bill_runs, minimums, settlement
from notifications import operations as notifications_operations
from provisioning import operations as provisioning_operations
from rating import operations as rating_operations
from rating import queries as rating_queries
from rating.operations import BatchReport, charging, limits

#: Orders and messages per portion; between portions others get their turn.
PORTION: Final = 500


class UnableToProveBooks(Exception):
    """The night ended with a broken promise; `check_invariants` shows the rows."""


def make_months(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Make the partitions of the coming months."""
    first, last = night.business_date, night.business_date + timedelta(days=120)
    made = kernel_operations.ensure_months(first=first, last=last)
    return {"partitions made": len(made)}


def receive_files(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Take the files that the switches left."""
    if night.folder is None or not night.folder.is_dir():
        return {"new files": 0}
    received = rating_operations.receive_files(folder=night.folder, now=night.now)
    rating_operations.suspend_incomplete(now=night.now)
    return {
        "new files": len(received.new),
        "seen before": len(received.seen),
        "refused": dict(received.refused),
    }


def book_sessions(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Book the online sessions that ended, before files bring their records again."""
    booked = charging.settle(business_date=night.business_date, now=night.now)
    return {"sessions booked": booked.sessions, "charged by record": booked.by_record}


def price_usage(night: Night, _piece: JobRun, advance: Advance) -> Summary:
    """Price the records of the files waiting, and what an earlier night left half priced."""
    unfinished = rating_queries.list_batches(state="open")
    batch_id = rating_operations.open_batch(business_date=night.business_date, now=night.now)
    total: Summary = {"records": 0}
    for number in sorted({*unfinished, *([batch_id] if batch_id else [])}):
        report = rating_operations.price_batch(batch_id=number, now=night.now, progress=advance)
        total = added(total, _figures(report))
    return total


def _figures(report: BatchReport) -> Summary:
    return {
        "files": report.files,
        "records": report.records,
        "priced": report.priced,
        "duplicates": report.duplicates,
        "not chargeable": report.not_charged,
        "in suspense": report.suspended,
        "suspense by reason": report.suspense,
        "refused": report.refused,
        "charged": report.amounts,
    }


def post_usage(night: Night, _piece: JobRun, advance: Advance) -> Summary:
    """Post what was priced to the accounts, and look whether more than usual was not priced."""
    entries = 0
    for number in rating_queries.list_batches(state="priced"):
        entries += rating_operations.post_batch(batch_id=number, now=night.now, progress=advance)
    alarms = rating_operations.watch_suspense(business_date=night.business_date, now=night.now)
    kernel_operations.refresh_statistics()
    return {"entries": entries, "alarms of the suspense": alarms}


def watch_limits(night: Night, piece: JobRun, _advance: Advance) -> Summary:
    """Carry on what is left of allowances, and tell whose allowance or limit is used up."""
    day, now, actor = night.business_date, night.now, night.actor
    accounts = {"account_from": piece.account_from, "account_to": piece.account_to}
    carried = limits.carry_over(business_date=day, now=now, **accounts)
    told = limits.notice_allowances(business_date=day, now=now, actor=actor, **accounts)
    reached = limits.check_guards(business_date=day, now=now, actor=actor, **accounts)
    return {
        "allowances carried over": carried,
        "notices of allowances": told,
        "spending limits reached": reached,
    }


def change_plans(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Carry out plan changes and pauses due the coming day; tell who is moved to a new version."""
    announced = invoicing_operations.announce_moves(
        business_date=_morning(night), now=night.now, actor=night.actor
    )
    done = invoicing_operations.execute_due(
        business_date=_morning(night), now=night.now, actor=night.actor
    )
    rested = invoicing_operations.run_pauses(
        business_date=_morning(night), now=night.now, actor=night.actor
    )
    invoicing_operations.review_lapsed(now=night.now, actor=night.actor)
    return {"plan changes": done, "moves announced": announced, "pauses": rested}


def charge_fees(night: Night, piece: JobRun, _advance: Advance) -> Summary:
    """Charge the recurring fees due when the day ends."""
    charged = invoicing_operations.charge_fees(
        business_date=_morning(night),
        now=night.now,
        actor=night.actor,
        account_from=piece.account_from,
        account_to=piece.account_to,
    )
    topped_up = minimums.charge_minimums(
        business_date=_morning(night),
        now=night.now,
        actor=night.actor,
        account_from=piece.account_from,
        account_to=piece.account_to,
    )
    return {"periods charged": charged + topped_up}


def settle_bonuses(night: Night, piece: JobRun, _advance: Advance) -> Summary:
    """Pay the charges of the day, and fees of the coming one, with bonuses; let go what is over."""
    accounts: dict[str, Any] = {
        "now": night.now,
        "actor": night.actor,
        "account_from": piece.account_from,
        "account_to": piece.account_to,
    }
    day = night.business_date
    used = sum(
        accounts_operations.use_bonuses(business_date=day, charges_of=charged, **accounts)
        for charged in (day, _morning(night))
    )
    lost = accounts_operations.expire_bonuses(business_date=day, **accounts)
    expired = accounts_operations.expire_holds(now=night.now, actor=night.actor)
    return {"bonuses used": used, "bonuses expired": lost, "holds expired": expired}


def expire_vouchers(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """End the series of vouchers whose last day is over."""
    expired = vouchers.expire_series(
        business_date=_morning(night), now=night.now, actor=night.actor
    )
    return {"series of vouchers ended": expired}


def close_promises(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Close promised payments that were kept or are overdue."""
    closed = dunning_operations.promises.close_due(now=night.now, actor=night.actor)
    return {"promises kept": closed.kept, "promises broken": closed.broken}


def charge_late_fees(night: Night, piece: JobRun, _advance: Advance) -> Summary:
    """Charge what being late cost on the day that ends."""
    charged = invoicing_operations.charge_late_fees(
        business_date=night.business_date,
        now=night.now,
        actor=night.actor,
        account_from=piece.account_from,
        account_to=piece.account_to,
    )
    return {"late fees": charged}


def follow_debts(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Split what was paid for consolidated bills; look which instalment plans are kept."""
    shares = invoicing_operations.settle_shares(
        business_date=night.business_date, now=night.now, actor=night.actor
    )
    plans = dunning_operations.instalments.follow(
        on=_morning(night), may_break=True, now=night.now, actor=night.actor
    )
    return {
        "payments split": shares.split,
        "splits taken back": shares.returned,
        "plans kept": plans.kept,
        "plans broken": plans.broken,
    }


def decide_access(night: Night, piece: JobRun, advance: Advance) -> Summary:
    """Decide access where balances left their intervals, then look at every account."""
    decided = dunning_operations.drain_crossings(now=night.now, actor=night.actor)
    decided += dunning_operations.audit_all(
        account_from=piece.account_from,
        account_to=piece.account_to,
        now=night.now,
        actor=night.actor,
        advance=advance,
    )
    return {
        "accounts decided": decided.accounts,
        "restricted": decided.restricted,
        "restored": decided.restored,
    }


def draft_bills(night: Night, piece: JobRun, _advance: Advance) -> Summary:
    """Draft the bills that a person looks through before they go out."""
    drafted = bill_runs.draft_at_night(
        business_date=_morning(night),
        now=night.now,
        actor=night.actor,
        account_from=piece.account_from,
        account_to=piece.account_to,
    )
    return {"bills drafted": drafted}


def approve_drafts(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Let the drafts go out in which nothing is unusual, where the legal entity lets it."""
    return {"runs approved": bill_runs.settle_at_night(now=night.now, actor=night.actor)}


def issue_bills(night: Night, piece: JobRun, _advance: Advance) -> Summary:
    """Issue the bills of cycles that closed with the day."""
    issued = invoicing_operations.issue_bills(
        business_date=_morning(night),
        now=night.now,
        actor=night.actor,
        account_from=piece.account_from,
        account_to=piece.account_to,
    )
    issued += bill_runs.issue_all(
        issued_on=_morning(night),
        now=night.now,
        account_from=piece.account_from,
        account_to=piece.account_to,
    ).bills
    settlement.settle_deposits(
        business_date=_morning(night),
        now=night.now,
        actor=night.actor,
        account_from=piece.account_from,
        account_to=piece.account_to,
    )
    # Tax that prices don't include is posted with the bill, and may leave an interval of access.
    decided = dunning_operations.drain_crossings(now=night.now, actor=night.actor)
    return {"bills": issued, "accounts decided": decided.accounts}


def consolidate_bills(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Join the bills of companies' units into consolidated ones."""
    made = invoicing_operations.consolidate_bills(
        business_date=_morning(night), now=night.now, actor=night.actor
    )
    return {"consolidated bills": made}


def tell_network(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Send the network orders that wait."""
    confirmed = later = failed = 0
    while True:
        # Hours after the night began its claims would count as abandoned, its signatures as old.
        sent = provisioning_operations.send_waiting(now=night.moment, limit=PORTION)
        confirmed, later = confirmed + sent.confirmed, later + sent.later
        failed += sent.failed
        if sent.total < PORTION:
            return {"confirmed": confirmed, "put off": later, "failed": failed}


def tell_people(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Turn events into messages. E-mail is delivered by the workers, in portions, as it goes."""
    told = notifications_operations.read_events(now=night.now)
    return {"events": told.events, "inbox": told.inbox, "e-mail": told.email}


def prove_books(_night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Ask every invariant; a broken one stops the night loudly."""
    kernel_operations.refresh_statistics()
    broken = broken_promises()
    if broken:
        names = "; ".join(f"{item.app}: {item.invariant.name}" for item in broken)
        raise UnableToProveBooks(names)
    return {"promises broken": 0}


def _morning(night: Night) -> date:
    """The day that begins when the business day ends: fees and bills are due on it."""
    return night.business_date + timedelta(days=1)


def account_ranges() -> list[tuple[int, int]]:
    """Cut the accounts into half-open ranges; the last is open to accounts to come."""
    ranges = accounts_queries.list_account_ranges()
    return (
        [*ranges[:-1], (ranges[-1][0], jobs.LAST_ACCOUNT)] if ranges else [(0, jobs.LAST_ACCOUNT)]
    )


def charge_cards(night: Night, _piece: JobRun, _advance: Advance) -> Summary:
    """Carry out standing orders that are due, and ask acquirers about what is open."""
    asked = acquiring.run_autopay(now=night.now)
    looked = acquiring.settle(now=night.now)
    return {"charges by standing order": asked, "payments by card looked at": looked.total}


STEPS: Final = (
    Step("months", make_months),
    Step("load", receive_files),
    Step("online", book_sessions),
    Step("price", price_usage),
    Step("post", post_usage),
    Step("limits", watch_limits, account_ranges),
    Step("plans", change_plans),
    Step("fees", charge_fees, account_ranges),
    Step("bonuses", settle_bonuses, account_ranges),
    Step("vouchers", expire_vouchers),
    Step("promises", close_promises),
    Step("cards", charge_cards),
    Step("late_fees", charge_late_fees, account_ranges),
    Step("debts", follow_debts),
    Step("access", decide_access, account_ranges),
    Step("drafts", draft_bills, account_ranges),
    Step("approve", approve_drafts),
    Step("bills", issue_bills, account_ranges),
    Step("consolidated", consolidate_bills),
    Step("network", tell_network),
    Step("messages", tell_people),
    Step("books", prove_books),
)


def close_day(
    *,
    business_date: date,
    now: datetime,
    folder: Path | None,
    watcher: Watcher | None = None,
    actor: str = "system:nightly",
) -> NightReport:
    """
    Close a business day; if it was closed before, go through it again (books stay as they are).

    Raises night.UnableToFinishNight.
    """
    if is_closed(business_date):
        jobs.reopen(job=JOB, business_date=business_date)
    work = Night(business_date=business_date, now=now, folder=folder, actor=actor)
    return run(night=work, steps=STEPS, watcher=watcher)


def is_closed(business_date: date) -> bool:
    """Whether every step of the day's night is done."""
    steps = kernel_queries.list_steps(job=JOB, business_date=business_date)
    return len(steps) == len(STEPS) and all(step.done == step.pieces for step in steps)


def total_charged(report: NightReport) -> Decimal:
    """Return the sum charged for usage over all kinds."""
    amounts = report.summary_of("price").get("charged", {})
    return sum((Decimal(amount) for amount in amounts.values()), Decimal(0))
