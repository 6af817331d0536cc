"""
Series of vouchers: asked for, approved by a second person, generated and exported once, put in use.
"""

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.vouchers import Card, Print, make_cards, secret_hash, write_cards
from accounts.models import Voucher, VoucherSeries
from billing_project.kernel import operations as kernel_operations
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import change_state

APPROVAL: Final = "voucher_series"
MOST_CARDS: Final = 1_000_000
CHUNK: Final = 50_000
#: A new secret may be one of a card that is out already; a series is then made anew.
TRIES: Final = 5
State = VoucherSeries.State

COPY: Final = "COPY accounts_voucher (series_id, serial, secret_hash, state) FROM STDIN"


class UnableToIssueVouchers(Exception):
    """The terms are wrong, or the series is not in the state for it; `field` is a form's field."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def ask_series(
    *,
    code: str,
    nominal: Decimal,
    count: int,
    valid_from: date,
    valid_until: date,
    now: datetime,
    actor: str,
    currency: str = "RUB",
    comment: str = "",
) -> VoucherSeries:
    """Order a series; a second person decides (`approve_series`)."""
    series = _write(
        VoucherSeries(
            code=code.strip().upper(),
            nominal=nominal,
            currency=currency,
            count=count,
            valid_from=valid_from,
            valid_until=valid_until,
            comment=comment,
            asked_by=actor,
            asked_at=now,
        )
    )
    series.approval = kernel_operations.request_approval(
        kind=APPROVAL,
        comment=comment,
        requested_by=actor,
        now=now,
        amount=nominal * count,
        data={"series_id": series.pk},
    )
    series.save(update_fields=["approval"])
    return series


def _write(series: VoucherSeries) -> VoucherSeries:
    _check(series)
    try:
        with transaction.atomic():
            series.save(force_insert=True)
    except IntegrityError as clash:
        if VoucherSeries.objects.filter(code=series.code).exists():
            raise UnableToIssueVouchers(
                _("There is a series of this name."), field="code"
            ) from clash
        raise
    return series


def _check(series: VoucherSeries) -> None:
    is_plain = series.code.isascii() and series.code.replace("-", "").isalnum()
    if not is_plain or len(series.code) > 12:
        message = _("A series is named by up to 12 Latin letters, digits and hyphens.")
        raise UnableToIssueVouchers(message, field="code")
    if series.nominal <= 0 or series.nominal != round_money(series.nominal):
        message = _("The nominal must be positive, in whole minor units.")
        raise UnableToIssueVouchers(message, field="nominal")
    if not 0 < series.count <= MOST_CARDS:
        message = _("A series has 1 to %(most)s cards.") % {"most": MOST_CARDS}
        raise UnableToIssueVouchers(message, field="count")
    if series.valid_until <= series.valid_from:
        message = _("The series ends before it begins.")
        raise UnableToIssueVouchers(message, field="valid_until")


@transaction.atomic
def approve_series(*, approval_id: int, now: datetime, actor: str) -> VoucherSeries:
    """Approve a series asked for by somebody else; kernel.UnableToDecide otherwise."""
    approval = kernel_operations.approve(approval_id=approval_id, actor=actor, now=now)
    return _move(approval.data["series_id"], State.APPROVED, now=now, actor=actor)


@transaction.atomic
def refuse_series(*, approval_id: int, now: datetime, actor: str) -> VoucherSeries:
    """Refuse a series; nothing is made."""
    approval = kernel_operations.refuse(approval_id=approval_id, actor=actor, now=now)
    return _move(approval.data["series_id"], State.REFUSED, now=now, actor=actor)


def generate_cards(
    *, series_id: int, now: datetime, actor: str, keep: Callable[[str], None] | None = None
) -> str:
    """
    Make the cards of an approved series; return the list for the printer (CSV).

    It is the only time that the secrets are known: what is lost is blocked and ordered anew. `keep`
    is handed the list before the transaction ends; what it raises undoes everything.
    """
    for _try in range(TRIES):
        try:
            return _generate(series_id, now=now, actor=actor, keep=keep)
        except IntegrityError:
            continue
    raise UnableToIssueVouchers(_("The cards could not be made. Try again."))


@transaction.atomic
def _generate(
    series_id: int, *, now: datetime, actor: str, keep: Callable[[str], None] | None
) -> str:
    series = _move(series_id, State.MADE, now=now, actor=actor)
    VoucherSeries.objects.filter(pk=series_id).update(made_at=now)
    cards = make_cards(series.count)
    for start in range(0, len(cards), CHUNK):
        _copy(series_id, cards[start : start + CHUNK])
    on = Print(series.code, series.nominal, series.currency, series.valid_from, series.valid_until)
    listed = write_cards(cards, on=on)
    if keep is not None:
        keep(listed)
    return listed


def _copy(series_id: int, cards: Sequence[Card]) -> None:
    key = settings.VOUCHER_KEY
    lines = (
        f"{series_id}\t{card.serial}\t\\\\x{secret_hash(card.code, key=key).hex()}\tfresh\n"
        for card in cards
    )
    # psycopg2's own method: Django would not see a clash of secrets as its IntegrityError.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(COPY, io.StringIO("".join(lines)))


@transaction.atomic
def issue_series(
    *,
    code: str,
    nominal: Decimal,
    count: int,
    valid_from: date,
    valid_until: date,
    keep: Callable[[str], None],
    now: datetime,
    actor: str,
    currency: str = "RUB",
    comment: str = "",
) -> VoucherSeries:
    """Make a series at once, without a second person: for who has the server (the command)."""
    series = _write(
        VoucherSeries(
            code=code.strip().upper(),
            nominal=nominal,
            currency=currency,
            count=count,
            valid_from=valid_from,
            valid_until=valid_until,
            comment=comment,
            asked_by=actor,
            asked_at=now,
        )
    )
    _move(series.pk, State.APPROVED, now=now, actor=actor)
    generate_cards(series_id=series.pk, keep=keep, now=now, actor=actor)
    return VoucherSeries.objects.get(pk=series.pk)


@transaction.atomic
def activate_series(*, series_id: int, now: datetime, actor: str) -> VoucherSeries:
    """Put the cards in use: they were printed and went into the shops."""
    return _move(series_id, State.ACTIVE, now=now, actor=actor)


@transaction.atomic
def block_series(*, series_id: int, reason: str, now: datetime, actor: str) -> VoucherSeries:
    """Take the cards out of use: the list was lost, the box was stolen. May be put in use again."""
    return _move(series_id, State.BLOCKED, now=now, actor=actor, reason=reason)


@transaction.atomic
def block_card(*, voucher_id: int, reason: str, now: datetime, actor: str) -> None:
    """Take one card out of use."""
    _move_card(voucher_id, Voucher.State.BLOCKED, now=now, actor=actor, reason=reason)


@transaction.atomic
def unblock_card(*, voucher_id: int, reason: str, now: datetime, actor: str) -> None:
    """Put a blocked card in use again."""
    _move_card(voucher_id, Voucher.State.FRESH, now=now, actor=actor, reason=reason)


@transaction.atomic
def expire_series(*, business_date: date, now: datetime, actor: str) -> int:
    """End the series whose last day is over; return how many. The cards keep their state."""
    return len(
        change_state(
            model=VoucherSeries,
            ids_sql="SELECT id FROM accounts_voucherseries WHERE valid_until <= %s",
            params=[business_date],
            to=State.EXPIRED,
            at=now,
            actor=actor,
        )
    )


def _move(
    series_id: int, to: VoucherSeries.State, *, now: datetime, actor: str, reason: str = ""
) -> VoucherSeries:
    if not change_state(
        model=VoucherSeries, ids=[series_id], to=to, at=now, actor=actor, reason=reason
    ):
        series = VoucherSeries.objects.get(pk=series_id)
        message = _("The series is “%(state)s”: this can't be done with it.")
        raise UnableToIssueVouchers(message % {"state": series.get_state_display()})
    return VoucherSeries.objects.get(pk=series_id)


def _move_card(
    voucher_id: int, to: Voucher.State, *, now: datetime, actor: str, reason: str
) -> None:
    if not change_state(model=Voucher, ids=[voucher_id], to=to, at=now, actor=actor, reason=reason):
        card = Voucher.objects.get(pk=voucher_id)
        message = _("The card is “%(state)s”: this can't be done with it.")
        raise UnableToIssueVouchers(message % {"state": card.get_state_display()})
