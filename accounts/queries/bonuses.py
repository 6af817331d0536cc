"""
Bonus money: what is left of it, what it may pay.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Case, F, Q, Sum, When

from accounts.domain.bonuses import KINDS_PAID, Grant, Share, allocate, room_for
from accounts.models import BonusGrant, BonusUse

#: By hand, charges of so many days may be paid, and fees of the day to come.
LOOK_BACK: Final = timedelta(days=31)
CHARGED: Final = """
    SELECT p.pays, -sum(e.amount)
      FROM accounts_ledgerentry e
      JOIN unnest(%s::text[], %s::smallint[]) AS p (pays, kind) ON p.kind = e.kind
     WHERE e.account_id = %s AND e.business_date >= %s AND e.business_date <= %s AND e.fund = 1
     GROUP BY p.pays
"""
#: (sort, kind) pairs, as two columns.
SORTS: Final = [pays for pays, kinds in KINDS_PAID.items() for _kind in kinds]
KINDS: Final = [int(kind) for kinds in KINDS_PAID.values() for kind in kinds]


def list_open_grants(account_id: int, *, on: date) -> list[Grant]:
    """List what may be used on the day."""
    good = Q(expires_on__isnull=True) | Q(expires_on__gte=on)
    rows = BonusGrant.objects.filter(good, account_id=account_id, left__gt=0)
    return [Grant(*row) for row in rows.values_list("pk", "left", "pays", "expires_on")]


def list_grants(account_id: int, *, limit: int = 50) -> list[BonusGrant]:
    """List the grants: those with something left first, by their last day, then the newest."""
    rows = BonusGrant.objects.filter(account_id=account_id)
    is_over = Case(When(left=0, then=1), default=0)
    return list(rows.order_by(is_over, F("expires_on").asc(nulls_last=True), "-pk")[:limit])


def room_of(account_id: int, *, first: date, last: date) -> dict[str, Decimal]:
    """Return by sort of bonus what charges of the days, both included, it may still pay."""
    with connection.cursor() as cursor:
        cursor.execute(CHARGED, [SORTS, KINDS, account_id, first, last])
        charged = dict(cursor.fetchall())
    uses = BonusUse.objects.filter(
        account_id=account_id, business_date__gte=first, business_date__lte=last
    )
    used = dict(uses.values_list("pays").annotate(total=Sum("amount")))
    return room_for(charged=charged, used=used)


def shares_for(account_id: int, *, wanted: Decimal, on: date) -> tuple[Share, ...]:
    """Return what is taken of which grants to pay `wanted` by hand, or as much as can be."""
    room = room_of(account_id, first=on - LOOK_BACK, last=on + timedelta(days=1))
    return allocate(wanted=wanted, grants=list_open_grants(account_id, on=on), room=room)


def usable(account_id: int, *, on: date) -> Decimal:
    """Return how much of its charges the account may pay with bonus money by hand."""
    everything = Decimal(10**12)
    shares = shares_for(account_id, wanted=everything, on=on)
    return sum((share.amount for share in shares), Decimal("0.00"))
