"""
Money set aside (`AccountBalance.held`): for usage that goes on, and by holds that somebody asked for.

What is held still belongs to the account: available = money + floor - held. Online charging holds
by `hold` and `release_holds`, whose is what its own table says; what was asked for is a `Hold` row.
The SQL of single holds is accounts/sql/accounts_holds.sql; operations of upper apps call it inside
their own functions.

Who changes a hold locks its row first, its balance after it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.domain.posting import LARGEST, OWN_REFS, Posting
from accounts.models import Account, Hold, HoldCapture
from accounts.operations.posting import post
from billing_project.kernel import operations as kernel
from billing_project.kernel.money import round_money

#: Locked in the order of accounts, like every posting.
CHANGE: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT account_id, sum(amount) AS amount
          FROM unnest(%s::bigint[], %s::numeric[]) AS w (account_id, amount)
         GROUP BY account_id
    ), locked AS MATERIALIZED (
        SELECT b.account_id FROM accounts_accountbalance b
         WHERE b.account_id IN (SELECT account_id FROM wanted)
         ORDER BY b.account_id FOR NO KEY UPDATE
    )
    UPDATE accounts_accountbalance b SET held = b.held - w.amount
      FROM wanted w JOIN locked l ON l.account_id = w.account_id
     WHERE b.account_id = w.account_id
"""


#: Expired holds are let go of so many at once, each portion in a transaction of its own.
PORTION: Final = 5_000
EXPIRING: Final = """
    SELECT id FROM accounts_hold WHERE state = 'open' AND expires_at <= %s
     ORDER BY expires_at, id LIMIT %s
"""


class UnableToHold(Exception):
    """No such money to hold, a hold that is over, or one account without a balance."""


def hold(*, account_id: int, amount: Decimal, is_limited: bool = True) -> Decimal | None:
    """
    Set money aside, or with a negative amount let go of it; return what may be spent afterwards.

    None if there was too little (nothing is held then). Without `is_limited` it is held in any
    case: for usage that took place and must be charged.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_hold(%s, %s, %s)", [account_id, amount, is_limited])
        available: Decimal | None = cursor.fetchone()[0]
    return available


def release_holds(*, rows: Sequence[tuple[int, Decimal]]) -> None:
    """
    Let go of held money of many accounts; rows are (account_id, amount), accounts may repeat.

    Locks the balances in order and keeps them until the caller's transaction ends: the postings
    that follow in it lock nothing new. Raises UnableToHold, nothing written, without a balance.
    """
    if not rows:
        return
    accounts, amounts = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [accounts, amounts])
        if cursor.rowcount != len(set(accounts)):
            message = _("%(count)s accounts have no balance.")
            raise UnableToHold(message % {"count": len(set(accounts)) - cursor.rowcount})


def authorise_hold(
    *,
    account_id: int,
    amount: Decimal,
    reason: str,
    reference: str,
    expires_at: datetime,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Hold:
    """
    Set money aside until `expires_at`; the same `reference` of the account holds once.

    A repeat with the same amount is answered with the hold as it stands, whatever became of it.
    Raises UnableToHold when there is too little, or the reference was another amount.
    """
    if amount <= 0 or amount > LARGEST or amount != round_money(amount):
        raise UnableToHold(_("The amount must be positive, in whole minor units."))
    if not reason.strip():
        raise UnableToHold(_("Say what the money is held for."))
    if expires_at <= now:
        raise UnableToHold(_("The time of the hold is over already."))
    with transaction.atomic():
        made, is_new = Hold.objects.get_or_create(
            account_id=account_id,
            reference=reference,
            defaults={
                "amount": amount,
                "reason": reason,
                "expires_at": expires_at,
                "authorised_at": now,
                "actor": actor,
                "on_behalf_of": on_behalf_of,
            },
        )
        if made.amount != amount:
            raise UnableToHold(_("This reference holds another amount."))
        if is_new:
            _set_aside(made, now=now)
    return made


def capture_hold(
    *,
    hold_id: int,
    amount: Decimal,
    request_id: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    keeps_rest: bool = False,
) -> HoldCapture:
    """
    Charge what was held, all or a part; the rest is let go, unless `keeps_rest`.

    The same `request_id` charges once. Raises UnableToHold for more than is held, or a hold that is
    over.
    """
    with transaction.atomic():
        hold_row = _locked(hold_id)
        earlier = HoldCapture.objects.filter(
            account_id=hold_row.account_id, request_id=request_id
        ).first()
        if earlier is not None:
            return _same_capture(earlier, hold_row, amount)
        held = _open_amount(hold_row, now=now)
        if amount <= 0 or amount > held or amount != round_money(amount):
            raise UnableToHold(_("No more can be taken than is held."))
        made = HoldCapture.objects.create(
            account_id=hold_row.account_id,
            hold=hold_row,
            amount=amount,
            request_id=request_id,
            business_date=business_date,
            captured_at=now,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
        is_over = not keeps_rest or amount == held
        release_holds(rows=[(hold_row.account_id, held if is_over else amount)])
        _charge(made, reason=hold_row.reason)
        Hold.objects.filter(pk=hold_id).update(captured=hold_row.captured + amount)
        if is_over:
            _close([hold_id], to=Hold.State.CAPTURED, now=now, actor=actor)
        _tell("hold.captured", hold_row, amount=amount, now=now, actor=actor)
    return made


def void_hold(
    *, hold_id: int, reason: str, now: datetime, actor: str, on_behalf_of: str = ""
) -> Hold:
    """Let go of what is still held. A hold let go before stays so; one taken or expired: refused."""
    with transaction.atomic():
        hold_row = _locked(hold_id)
        if hold_row.state == Hold.State.VOIDED:
            return hold_row
        held = _open_amount(hold_row, now=None)
        release_holds(rows=[(hold_row.account_id, held)])
        _close([hold_id], to=Hold.State.VOIDED, now=now, actor=actor, reason=reason)
        _tell("hold.voided", hold_row, amount=held, now=now, actor=actor, reason=reason)
    hold_row.refresh_from_db()
    return hold_row


def expire_holds(*, now: datetime, actor: str) -> int:
    """Let go of the holds whose time is over, in portions; return how many."""
    expired = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(EXPIRING, [now, PORTION])
            ids = [pk for (pk,) in cursor.fetchall()]
        with transaction.atomic():
            # The move locks the rows and leaves those taken or let go meanwhile.
            moved = _close(ids, to=Hold.State.EXPIRED, now=now, actor=actor)
            rows = Hold.objects.filter(pk__in=moved).values_list("account_id", "amount", "captured")
            release_holds(rows=[(account, amount - taken) for account, amount, taken in rows])
        expired += len(moved)
        if len(ids) < PORTION:
            return expired


def _set_aside(made: Hold, *, now: datetime) -> None:
    available = hold(account_id=made.account_id, amount=made.amount)
    if available is None:
        raise UnableToHold(_("There is not enough money on the account."))
    _tell("hold.authorised", made, amount=made.amount, now=now, actor=made.actor)


def _locked(hold_id: int) -> Hold:
    found: Hold | None = Hold.objects.select_for_update(no_key=True).filter(pk=hold_id).first()
    if found is None:
        raise UnableToHold(_("There is no such hold."))
    return found


def _open_amount(hold_row: Hold, *, now: datetime | None) -> Decimal:
    """Return what is still held; `now` is asked for when it must not be over."""
    if hold_row.state != Hold.State.OPEN or (now is not None and hold_row.expires_at <= now):
        raise UnableToHold(_("This hold is over: nothing is held any more."))
    return hold_row.amount - hold_row.captured


def _same_capture(earlier: HoldCapture, hold_row: Hold, amount: Decimal) -> HoldCapture:
    if (earlier.hold_id, earlier.amount) != (hold_row.pk, amount):
        raise UnableToHold(_("This request took another amount."))
    return earlier


def _charge(made: HoldCapture, *, reason: str) -> None:
    posting = Posting(
        account_id=made.account_id,
        kind=Kind.ONE_OFF,
        ref=OWN_REFS + made.pk,
        amount=-made.amount,
        business_date=made.business_date,
        explanation={"reason": reason, "hold_id": made.hold_id},
    )
    post(postings=[posting], now=made.captured_at, actor=made.actor, on_behalf_of=made.on_behalf_of)


def _close(
    ids: Sequence[int], *, to: str, now: datetime, actor: str, reason: str = ""
) -> list[int]:
    return kernel.change_state(model=Hold, ids=ids, to=to, at=now, actor=actor, reason=reason[:200])


def _tell(
    kind: str, about: Hold, *, amount: Decimal, now: datetime, actor: str, reason: str = ""
) -> None:
    kernel.record_event(
        kind=kind,
        account_id=about.account_id,
        customer_id=Account.objects.values_list("customer_id", flat=True).get(pk=about.account_id),
        happened_at=now,
        actor=actor,
        data={
            "hold_id": about.pk,
            "amount": str(amount),
            "reason": reason or about.reason,
            "number": about.reference,
        },
    )
