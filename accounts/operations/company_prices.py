"""
Prices of one company's own: a fee on a plan version, a deck for a kind of usage.

Private persons take what is published: for them it is refused here and by the database (CAT-1).
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer, DeckOverride, FeeOverride
from billing_project.kernel.operations import record_event
from tariffs.models import PlanVersion, RateDeck

Price = TypeVar("Price", FeeOverride, DeckOverride)


class UnableToSetCompanyPrice(Exception):
    """The customer is no company, the price is none, or another one holds on some of the days."""


def set_company_fee(
    *,
    customer_id: int,
    plan_version_id: int,
    fee: Decimal,
    active_from: date,
    reason: str,
    now: datetime,
    actor: str,
    active_to: date | None = None,
) -> FeeOverride:
    """
    Give a company its own fee on a published plan version, in [active_from, active_to).

    Periods that begin on these days cost that; what is billed already stays. Writes `price.agreed`.
    """
    version = PlanVersion.objects.get(pk=plan_version_id)
    if version.published_at is None:
        raise UnableToSetCompanyPrice(_("This plan is not published."))
    if fee < 0:
        raise UnableToSetCompanyPrice(_("A fee is not below zero."))
    row = FeeOverride(
        customer_id=customer_id,
        plan_version=version,
        fee=fee,
        active_from=active_from,
        active_to=active_to,
        reason=reason,
        actor=actor,
        created_at=now,
    )
    return _write(row, told={"plan_version_id": plan_version_id, "fee": str(fee)})


def set_company_deck(
    *,
    customer_id: int,
    usage_kind: str,
    deck: RateDeck,
    active_from: date,
    reason: str,
    now: datetime,
    actor: str,
    active_to: date | None = None,
) -> DeckOverride:
    """
    Price a kind of usage of all a company's services by a deck, in [active_from, active_to).

    Writes `price.agreed`.
    """
    if deck.usage_kind != usage_kind:
        raise UnableToSetCompanyPrice(_("The deck is not for this kind of usage."))
    if not deck.versions.filter(published_at__isnull=False).exists():
        raise UnableToSetCompanyPrice(_("The deck has no published version."))
    row = DeckOverride(
        customer_id=customer_id,
        usage_kind=usage_kind,
        deck=deck,
        active_from=active_from,
        active_to=active_to,
        reason=reason,
        actor=actor,
        created_at=now,
    )
    return _write(row, told={"usage_kind": usage_kind, "deck": deck.code})


@transaction.atomic
def _write(row: Price, *, told: dict[str, Any]) -> Price:
    customer = Customer.objects.select_for_update(no_key=True).get(pk=row.customer_id)
    if customer.kind != Customer.Kind.COMPANY:
        message = _("Only companies have prices of their own; persons take what is published.")
        raise UnableToSetCompanyPrice(message)
    if row.active_to is not None and row.active_to <= row.active_from:
        raise UnableToSetCompanyPrice(_("The last day lies before the first."))
    if not row.reason.strip():
        raise UnableToSetCompanyPrice(_("Write down the reason."))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        message = _("The company has another price of its own on some of these days.")
        raise UnableToSetCompanyPrice(message) from None
    _announce("price.agreed", row, now=row.created_at, actor=row.actor, told=told)
    return row


@transaction.atomic
def end_company_price(
    *, price: FeeOverride | DeckOverride, active_to: date, now: datetime, actor: str
) -> None:
    """
    End a company's own price before that day; not in the past, where it has been charged.

    Writes `price.ended`.
    """
    row = type(price).objects.select_for_update(no_key=True).get(pk=price.pk)
    first = max(row.active_from, timezone.localdate(now))
    if active_to < first or (row.active_to is not None and row.active_to <= active_to):
        raise UnableToSetCompanyPrice(_("The day lies outside of those to come."))
    if active_to == row.active_from:
        row.delete()
    else:
        row.active_to = active_to
        row.save(update_fields=["active_to"])
    _announce("price.ended", row, now=now, actor=actor, told={})


def _announce(
    kind: str, row: FeeOverride | DeckOverride, *, now: datetime, actor: str, told: dict[str, Any]
) -> None:
    record_event(
        kind=kind,
        customer_id=row.customer_id,
        happened_at=now,
        actor=actor,
        data={
            **told,
            "active_from": row.active_from.isoformat(),
            "active_to": row.active_to.isoformat() if row.active_to else None,
            "reason": row.reason,
        },
    )
