"""
The sources of the history: each gives its items older than a key, newest first.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Payment, PaymentNotice
from accounts.queries import cash_desk as desk_queries
from accounts.queries import receipts as receipt_queries
from accounts.queries.credit import list_classes
from billing_project.kernel.models import BusinessEvent
from crm.domain.timeline import Item, Key
from crm.models import Interaction
from crm.queries.history import words
from crm.queries.history.ledger import ledger_days
from crm.queries.history.scope import Scope, older_than
from dunning.models import AccessChange
from invoicing.models import Bill
from notifications.models import Channel, Message
from provisioning.models import NetworkOrder
from tariffs.models import PackageVersion, PlanVersion

Source = Callable[[Scope, Key | None, int], Sequence[Item]]

REVERSED: Final = "payment.reversed"
MONEY_EVENTS: Final = (
    Q(kind__startswith="adjustment.")
    | Q(kind__startswith="promise.")
    | Q(kind__startswith="hold.")
    | Q(kind__startswith="bonus.")
    | Q(kind__startswith="deposit.")
    | Q(kind__in=("limit.changed", "credit_class.changed"))
    | Q(kind__in=("debt.written_off", "entry.reversed", "money.transferred"))
    | Q(kind=REVERSED)
    | Q(kind__startswith="payment.re")
    | Q(kind__startswith="chargeback.")
    | Q(kind__startswith="autopay.")
    | Q(kind="payment.link")
    | Q(kind__startswith="dispute.")
    | Q(kind__startswith="instalments.")
    | Q(kind__in=("late_fee.began", "payment.split", "payment.shares_returned"))
    | Q(kind__in=("credit_note.issued", "debit_note.issued", "bill.voided", "bill.reissued"))
)

MONEY_KINDS: Final = (
    "payment.",
    "deposit.",
    "chargeback.",
    "autopay.",
    "hold.",
    "bonus.",
    "debt.",
    "entry.reversed",
    "money.",
    "adjustment.",
    "promise.",
    "limit.",
    "credit_class.",
    "dispute.",
    "instalments.",
    "late_fee.",
    "credit_note.",
    "debit_note.",
    "bill.",
)
#: Events whose amount leaves the account.
TAKING: Final = (
    REVERSED,
    "payment.refunded",
    "chargeback.lost",
    "debit_note.issued",
    "money.transferred",
    "deposit.taken",
)

#: Events with an amount that doesn't move by them.
STANDING: Final = (
    *("promise.", "hold.", "bonus.", "dispute.", "bill.", "autopay.", "payment.link"),
    *("instalments.", "payment.split", "payment.shares_returned"),
    *("payment.refund_failed", "chargeback.opened", "chargeback.won"),
)
#: Kinds of events that another source shows better (the payment itself, the bill itself).
SHOWN_ELSEWHERE: Final = (
    "payment.received",
    "balance.opened",
    "fee.charged",
    "access.restricted",
    "access.restored",
    "bill.issued",
    "note.written",
    "balance.low",
)


def money_events(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """Adjustments and promised payments."""
    return _events(scope, before, limit, kinds=MONEY_EVENTS)


def service_events(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """Contract signed, service connected, plan changed, contacts edited."""
    return _events(scope, before, limit, kinds=~MONEY_EVENTS)


def notes(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """What people said and agents wrote down."""
    rows = Interaction.objects.filter(customer_id=scope.customer_id)
    rows = older_than(rows, before, at="happened_at", source="note")
    return [
        Item(
            key=Key(row.happened_at, "note", row.pk),
            kind="note",
            title=row.get_kind_display().capitalize(),
            text=row.text,
            actor=row.actor,
        )
        for row in rows[:limit]
    ]


def payments(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """Money that came in."""
    rows = Payment.objects.filter(account_id__in=scope.accounts)
    found = list(older_than(rows, before, at="paid_at", source="payment")[:limit])
    ids = [row.pk for row in found]
    fiscal = receipt_queries.receipts_of(ids) if ids else {}
    desk = [row.pk for row in found if row.gateway in desk_queries.GATEWAYS]
    lines = desk_queries.lines_of(desk) if desk else {}
    return [
        Item(
            key=Key(row.paid_at, "payment", row.pk),
            kind="money",
            title=_("Payment"),
            text=row.comment,
            amount=row.amount,
            currency=row.currency,
            actor=row.actor,
            on_behalf_of=row.on_behalf_of,
            state="reversed" if row.state == Payment.State.REVERSED else "",
            state_name=row.get_state_display(),
            details=(
                words.gateway_name(row.gateway),
                *(() if row.pk in lines else (row.external_id,)),
                *_where(scope, row.account_id),
                *words.receipt_texts(fiscal.get(row.pk, ())),
            ),
            desk_line=lines.get(row.pk, 0),
        )
        for row in found
    ]


def notices(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """Money that came for the customer and was not credited, and what was said about payments."""
    rows = PaymentNotice.objects.filter(account_id__in=scope.accounts)
    rows = rows.exclude(what=PaymentNotice.What.PAYMENT, state=PaymentNotice.State.CREDITED)
    rows = older_than(rows, before, at="received_at", source="notice")
    return [
        Item(
            key=Key(row.received_at, "notice", row.pk),
            kind="money",
            title=_("Payment notice") if row.what == "payment" else row.get_what_display(),
            text=" · ".join(filter(None, [row.reason_label(), row.note])),
            amount=row.amount or None,
            moves_money=False,
            currency=row.currency,
            actor=row.settled_by if row.settled_by.startswith("staff:") else "",
            state=row.state,
            state_name=row.get_state_display(),
            details=(
                words.gateway_name(row.gateway),
                row.external_id,
                *_where(scope, row.account_id or 0),
            ),
        )
        for row in rows[:limit]
    ]


def access_changes(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """What the services might do from then on, and why."""
    rows = AccessChange.objects.filter(account_id__in=scope.accounts)
    rows = older_than(rows, before, at="changed_at", source="access")
    return [
        Item(
            key=Key(row.changed_at, "access", row.pk),
            kind="access",
            title=_("Access"),
            text=words.access_before(row.old),
            actor=row.actor,
            state=row.new,
            state_name=words.level_name(row.new),
            details=(
                _("available %(amount)s")
                % {
                    "amount": words.money(
                        row.available, scope.currencies.get(row.account_id, "RUB")
                    )
                },
                *_where(scope, row.account_id, row.subscription_id),
            ),
        )
        for row in rows[:limit]
    ]


def messages(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """What the customer was told."""
    rows = Message.objects.filter(customer_id=scope.customer_id)
    rows = older_than(rows, before, at="created_at", source="message")
    return [
        Item(
            key=Key(row.created_at, "message", row.pk),
            kind="message",
            title=_("Message"),
            text=row.subject or row.body[:160],
            state=row.state,
            state_name=row.get_state_display(),
            details=_sent(row),
        )
        for row in rows[:limit]
    ]


def network_orders(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """What the network was told, and whether it agreed."""
    rows = NetworkOrder.objects.filter(subscription_id__in=scope.services)
    rows = older_than(rows.select_related("gateway"), before, at="ordered_at", source="network")
    return [
        Item(
            key=Key(row.ordered_at, "network", row.pk),
            kind="network",
            title=_("Network"),
            text=words.network_text(row.desired, row.error),
            state=row.state,
            state_name=row.get_state_display(),
            details=(row.gateway.code, *_where(scope, row.account_id, row.subscription_id)),
        )
        for row in rows[:limit]
    ]


def bills(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """Documents; a bill is dated by a day, and shown at the day's start."""
    rows = Bill.objects.filter(account_id__in=scope.accounts)
    if before is not None:
        rows = rows.filter(issued_on__lte=words.day_of(before.at))
    found = [
        Item(
            key=Key(words.start_of(row.issued_on), "bill", row.pk),
            kind="bill",
            title=_("Bill"),
            text=words.bill_text(row.number_text, row.period_start, row.period_end),
            amount=row.gross,
            currency=row.currency,
            moves_money=False,
            details=_where(scope, row.account_id),
        )
        for row in rows.order_by("-issued_on", "-pk")[: limit + len(scope.accounts)]
    ]
    return [item for item in found if before is None or item.key < before][:limit]


def _events(scope: Scope, before: Key | None, limit: int, *, kinds: Q) -> list[Item]:
    mine = Q(account_id__in=scope.accounts) | Q(account_id=0, customer_id=scope.customer_id)
    rows = BusinessEvent.objects.filter(mine, kinds).exclude(kind__in=SHOWN_ELSEWHERE)
    found = list(older_than(rows, before, at="happened_at", source="event")[:limit])
    names = {**_names(found, PlanVersion, "plan"), **_names(found, PackageVersion, "package")}
    return [_event_item(scope, row, names) for row in found]


def _names(
    rows: Iterable[BusinessEvent], model: type[PlanVersion | PackageVersion], what: str
) -> dict[tuple[str, int], str]:
    """Return the names of the plans or packages of the events, in one query or none."""
    key = f"{what}_version_id"
    wanted = {row.data[key] for row in rows if row.data.get(key)}
    if not wanted:
        return {}
    name = f"{what}__name_ru" if words.is_russian() else f"{what}__name_en"
    found = model.objects.filter(pk__in=wanted).values_list("pk", name)
    return {(key, pk): value for pk, value in found}


def _class_names() -> dict[str, str]:
    return {each.code: each.name for each in list_classes()}


def _event_text(scope: Scope, row: BusinessEvent, names: dict[tuple[str, int], str]) -> str:
    keys = ("plan_version_id", "package_version_id")
    found = (names.get((key, row.data.get(key, 0)), "") for key in keys)
    about = next(filter(None, found), "")
    if row.kind in {"limit.changed", "credit_class.changed"}:
        currency = scope.currencies.get(row.account_id, "RUB")
        return words.credit_text(row.data, classes=_class_names(), currency=currency)
    if row.kind == "cycle.changed":
        return words.cycle_text(row.data)
    if row.kind.startswith("price."):
        return words.price_text(row.data, about=about)
    return words.event_text(row.data, about=about)


def _event_item(scope: Scope, row: BusinessEvent, names: dict[tuple[str, int], str]) -> Item:
    is_money = row.kind == REVERSED or row.kind.startswith(MONEY_KINDS)
    amount = words.event_amount(row.data)
    return Item(
        key=Key(row.happened_at, "event", row.pk),
        kind="money" if is_money else "service",
        title=words.event_title(row.kind),
        text=_event_text(scope, row, names),
        amount=-amount if amount is not None and row.kind in TAKING else amount,
        currency=scope.currencies.get(row.account_id, "RUB"),
        moves_money=not row.kind.startswith(STANDING),
        actor=row.actor,
        on_behalf_of=row.on_behalf_of,
        details=_where(scope, row.account_id, row.subscription_id),
    )


def _sent(row: Message) -> tuple[str, ...]:
    """Return how and where to; the inbox is the customer's own, its address says nothing."""
    channel = str(row.get_channel_display())
    return (channel,) if row.channel == Channel.INBOX else (channel, row.recipient)


def _where(scope: Scope, account_id: int, subscription_id: int | None = None) -> tuple[str, ...]:
    service = scope.services.get(subscription_id or 0, "")
    account = scope.accounts.get(account_id, "") if len(scope.accounts) > 1 else ""
    return tuple(part for part in (service, account) if part)


#: kind of filter -> the sources that may hold such items.
SOURCES: Final[dict[str, tuple[Source, ...]]] = {
    "note": (notes,),
    "money": (payments, notices, money_events, ledger_days),
    "service": (service_events,),
    "access": (access_changes,),
    "message": (messages,),
    "bill": (bills,),
    "network": (network_orders,),
}
ALL: Final[tuple[Source, ...]] = (
    money_events,
    service_events,
    notes,
    payments,
    notices,
    ledger_days,
    access_changes,
    messages,
    network_orders,
    bills,
)
