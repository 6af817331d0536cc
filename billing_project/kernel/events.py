"""
The kinds of business events, and who reads them (decision A4).

A kind is listed with its consumers by name; nobody is imported. Kinds with no consumer are
still written: the customer's timeline reads them. Mass steps write only kinds that have one.
"""

from typing import Final

NOTIFICATIONS: Final = "notifications"
ACCESS: Final = "access"
NETWORK: Final = "network"

#: consumer -> the task that drains its inbox.
NUDGES: Final[dict[str, str]] = {
    NOTIFICATIONS: "notifications.read_events",
    ACCESS: "access.drain",
    NETWORK: "network.send",
}

#: kind -> consumers that get an inbox row.
CONSUMERS: Final[dict[str, tuple[str, ...]]] = {
    "customer.created": (),
    "customer.changed": (),
    "unit.added": (),
    "unit.changed": (),
    "unit.removed": (),
    "household.joined": (),
    "household.left": (),
    "document.added": (),
    "document.seen": (),
    "document.removed": (),
    "contract.signed": (),
    "account.opened": (),
    "account.closed": (NOTIFICATIONS,),
    "cycle.changed": (),
    "deposit.taken": (),
    "deposit.returned": (),
    "service.ordered": (),
    "service.activated": (ACCESS, NOTIFICATIONS),
    "service.suspended": (ACCESS, NOTIFICATIONS),
    "service.resumed": (ACCESS, NOTIFICATIONS),
    "service.terminated": (ACCESS, NOTIFICATIONS),
    "number.changed": (ACCESS, NOTIFICATIONS),
    "plan.change_scheduled": (NOTIFICATIONS,),
    "plan.changed": (ACCESS, NOTIFICATIONS),
    "plan.change_cancelled": (NOTIFICATIONS,),
    "package.added": (),
    "package.removed": (),
    "bundle.bought": (),
    "bundle.dissolved": (NOTIFICATIONS,),
    "pause.agreed": (NOTIFICATIONS,),
    "pause.cancelled": (NOTIFICATIONS,),
    "price.agreed": (),
    "price.ended": (),
    "payment.received": (NOTIFICATIONS,),
    "payment.reversed": (NOTIFICATIONS,),
    "payment.refunded": (NOTIFICATIONS,),
    "payment.refund_failed": (),
    "payment.link": (NOTIFICATIONS,),
    "chargeback.opened": (),
    "chargeback.won": (),
    "chargeback.lost": (NOTIFICATIONS,),
    "autopay.set": (NOTIFICATIONS,),
    "autopay.stopped": (NOTIFICATIONS,),
    "autopay.declined": (),
    "autopay.capped": (NOTIFICATIONS,),
    "autopay.failed": (NOTIFICATIONS,),
    "adjustment.posted": (NOTIFICATIONS,),
    "fee.charged": (),
    "hold.authorised": (),
    "hold.captured": (),
    "hold.voided": (),
    "debt.written_off": (),
    "entry.reversed": (),
    "balance.opened": (),
    "money.transferred": (),
    "bonus.granted": (NOTIFICATIONS,),
    "limit.changed": (NOTIFICATIONS,),
    "credit_class.changed": (),
    "balance.low": (NOTIFICATIONS,),
    "access.restricted": (NOTIFICATIONS,),
    "access.restored": (NOTIFICATIONS,),
    "promise.given": (NOTIFICATIONS,),
    "promise.kept": (NOTIFICATIONS,),
    "promise.broken": (NOTIFICATIONS,),
    "bill.issued": (NOTIFICATIONS,),
    "bill.consolidated": (NOTIFICATIONS,),
    "credit_note.issued": (NOTIFICATIONS,),
    "debit_note.issued": (NOTIFICATIONS,),
    "bill.voided": (),
    "bill.released": (),
    "bill.reissued": (NOTIFICATIONS,),
    "dispute.raised": (NOTIFICATIONS,),
    "dispute.answered": (NOTIFICATIONS,),
    "dispute.accepted": (NOTIFICATIONS,),
    "dispute.rejected": (NOTIFICATIONS,),
    "dispute.withdrawn": (),
    "compensation.given": (NOTIFICATIONS,),
    "late_fee.began": (),
    "instalments.agreed": (),
    "instalments.kept": (),
    "instalments.broken": (),
    "instalments.cancelled": (),
    "payment.split": (),
    "payment.shares_returned": (),
    "ticket.opened": (),
    "ticket.answered": (NOTIFICATIONS,),
    "ticket.closed": (),
    "guard.set": (),
    "guard.lifted": (),
    "guard.extended": (),
    "guard.reached": (NOTIFICATIONS,),
    "allowance.low": (NOTIFICATIONS,),
    "allowance.used_up": (NOTIFICATIONS,),
    "group.opened": (),
    "group.joined": (),
    "group.left": (),
    "suspense.recycled": (),
    "suspense.grew": (),
    "password.changed": (NOTIFICATIONS,),
    "note.written": (),
    "catalogue.published": (),
    "catalogue.closed": (),
    "catalogue.archived": (),
}


class UnknownEventKind(KeyError):
    """A kind that is not in the table: add it there first."""


def consumers_of(kind: str) -> tuple[str, ...]:
    """Return the consumers subscribed to the kind, by name."""
    try:
        return CONSUMERS[kind]
    except KeyError:
        raise UnknownEventKind(kind) from None
