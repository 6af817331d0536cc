"""
Deposits of accounts, and what must hold of them and of billing calendars.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.models import Deposit
from billing_project.kernel.invariants import Invariant
from billing_project.kernel.money import ZERO

DEPOSITS_ON_LEDGER: Final = f"""
    SELECT d.account_id, d.id, d.amount, d.state, x.taken, x.returned
      FROM (SELECT *, CASE WHEN state = 'returned' THEN amount ELSE 0 END AS back
              FROM accounts_deposit) d
      FULL JOIN (SELECT account_id, ref,
                        coalesce(-sum(amount) FILTER (WHERE kind = {Kind.DEPOSIT:d}), 0) AS taken,
                        coalesce(sum(amount) FILTER (WHERE kind = {Kind.DEPOSIT_RETURN:d}), 0)
                        AS returned
                   FROM accounts_ledgerentry
                  WHERE kind IN ({Kind.DEPOSIT:d}, {Kind.DEPOSIT_RETURN:d})
                  GROUP BY account_id, ref) x
        ON x.account_id = d.account_id AND x.ref = d.id
     WHERE d.id IS NULL OR x.ref IS NULL OR x.taken <> d.amount OR x.returned <> d.back
"""
CALENDARS_WITHOUT_GAP: Final = """
    SELECT account_id, starts_on, until FROM (
        SELECT c.*, lag(until) OVER pages AS former, lead(starts_on) OVER pages AS next,
               row_number() OVER pages AS number
          FROM accounts_accountcycle c
        WINDOW pages AS (PARTITION BY account_id ORDER BY starts_on)) x
     WHERE (number = 1 AND starts_on > DATE '1900-01-01')
        OR (number > 1 AND former IS DISTINCT FROM starts_on)
        OR (next IS NULL AND until IS NOT NULL)
"""


def list_deposits(account_ids: Iterable[int]) -> list[Deposit]:
    """Return the deposits of accounts, those kept first, then the newest."""
    rows = Deposit.objects.filter(account_id__in=list(account_ids))
    return list(rows.select_related("account", "subscription").order_by("state", "-id"))


def kept_deposits(account_ids: Iterable[int]) -> dict[int, Decimal]:
    """Return what is kept of accounts that have a deposit."""
    rows = Deposit.objects.filter(account_id__in=list(account_ids), state=Deposit.State.HELD)
    return dict(
        rows.values("account_id").annotate(kept=Sum("amount")).values_list("account_id", "kept")
    )


def sum_deposits(account_id: int) -> Decimal:
    """Return what is kept of an account."""
    rows = Deposit.objects.filter(account_id=account_id, state=Deposit.State.HELD)
    found: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return found or ZERO


def deposit_invariants() -> list[Invariant]:
    """Return what must hold of deposits and billing calendars."""
    return [
        Invariant(
            "accounts: deposits are on the ledger",
            DEPOSITS_ON_LEDGER,
            _("A deposit was not taken off the balance, or not given back, as it says."),
        ),
        Invariant(
            "accounts: calendars have no gap",
            CALENDARS_WITHOUT_GAP,
            _("Days of an account are in no cycle."),
        ),
    ]
