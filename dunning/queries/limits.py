"""
Credit limits: what stands, what is used, what may be chosen, and why not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import queries as accounts_queries
from accounts.models import Account, CreditClass
from accounts.queries import Balance, credit
from billing_project.kernel.money import ZERO
from dunning.domain import limits
from dunning.domain.limits import Refusal, Standing
from dunning.queries.promise_words import written_money
from dunning.queries.promises import sum_open_promises
from invoicing.queries.disputes import FROZEN_SQL, sum_frozen
from invoicing.queries.instalments import PLANNED_SQL, sum_planned

SENTENCES: Final[dict[str, Promise]] = {
    limits.CLOSED: _("The account is closed."),
    limits.NOT_OFFERED: _("Accounts of this credit class choose no limit of their own."),
    limits.TOO_LARGE: _("The largest limit for this credit class is %(largest)s."),
    limits.IN_USE: _(
        "So much of the limit is used: %(used)s. It can be lowered to that now, or further after a "
        "payment of %(amount)s."
    ),
    limits.IN_DEBT: _("The present limit is overdrawn. Possible after a payment of %(amount)s."),
}

# What the floor is made of, for accounts with disputes; the invariant asks the same of everybody.
PARTS: Final = f"""
    SELECT a.id AS account_id, m.floor, a.credit_limit, p.amount AS promised,
           CASE WHEN d.frozen IS NOT NULL THEN least(d.frozen, c.dispute_cap) END AS disputed,
           i.planned
      FROM ({accounts_queries.MONEY_SQL}) m JOIN accounts_account a ON a.id = m.account_id
      {{join}} JOIN ({FROZEN_SQL}) d ON d.account_id = a.id
      LEFT JOIN ({credit.DISPUTE_CAPS_SQL}) c ON c.code = a.credit_class
      LEFT JOIN dunning_promisedpayment p ON p.account_id = a.id AND p.state = 'open'
      LEFT JOIN ({PLANNED_SQL}) i ON i.account_id = a.id
"""
#: Accounts whose floor is not what it is made of; `join` LEFT for all, nothing for disputed ones.
WRONG_FLOORS: Final = f"""
    SELECT * FROM ({PARTS}) f
     WHERE floor <> credit_limit + coalesce(promised, 0) + coalesce(disputed, 0)
                  + coalesce(planned, 0)
"""


@dataclass(frozen=True, slots=True)
class Credit:
    """What an account has by agreement: its class and limit, what is used, what is in dispute."""

    account: Account
    credit_class: CreditClass
    balance: Balance
    standing: Standing
    promised: Decimal
    disputed: Decimal
    widened: Decimal
    is_own: bool

    @property
    def limit(self) -> Decimal:
        """The limit now."""
        return self.standing.limit

    @property
    def most(self) -> Decimal:
        """The largest limit that may be chosen: the class's, or the present one."""
        return max(self.standing.largest, self.standing.limit)

    @property
    def may_choose(self) -> bool:
        """Whether there is anything to choose."""
        return not self.standing.is_closed and self.most > 0


def get_credit(account_id: int, *, balance: Balance | None = None) -> Credit:
    """Return the credit of an account; `balance` where the caller holds it locked."""
    account = Account.objects.select_related("customer").get(pk=account_id)
    found = balance or accounts_queries.get_balance(account_id)
    credit_class = credit.get_class(account.credit_class)
    promised = sum_open_promises([account_id]).get(account_id, ZERO)
    disputed = sum_frozen([account_id]).get(account_id, ZERO)
    widened = limits.widen(disputed, cap=credit_class.dispute_cap)
    last = credit.find_last_change(account_id)
    used = limits.used_of_limit(
        money=found.money,
        held=found.held,
        beside=promised + widened + sum_planned([account_id]).get(account_id, ZERO),
        limit=account.credit_limit,
    )
    standing = Standing(
        limit=account.credit_limit,
        largest=credit_class.largest_own_limit,
        used=used,
        overdrawn=max(-found.available, ZERO),
        is_closed=account.closed_on is not None,
    )
    is_own = last is not None and last.is_own
    return Credit(
        account, credit_class, found, standing, promised, disputed, widened, is_own=is_own
    )


def explain_refusal(refusal: Refusal, *, standing: Standing) -> str:
    """Return the sentence that tells what is in the way, and what would help."""
    return str(SENTENCES[refusal.code]) % {
        "largest": written_money(standing.largest),
        "used": written_money(standing.used),
        "amount": written_money(refusal.to_pay or ZERO),
    }


def list_wrong_floors(*, account_from: int, account_to: int) -> list[int]:
    """List accounts of the half-open range with open disputes whose floor is not what it should be."""
    sql = f"SELECT account_id FROM ({WRONG_FLOORS.format(join='')}) w"
    bounds = " WHERE account_id >= %s AND account_id < %s ORDER BY account_id"
    with connection.cursor() as cursor:
        cursor.execute(sql + bounds, [account_from, account_to])
        return [row[0] for row in cursor.fetchall()]


def count_by_class() -> dict[str, int]:
    """Return how many open accounts are of each class."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT credit_class, count(*) FROM accounts_account WHERE closed_on IS NULL GROUP BY 1"
        )
        return dict(cursor.fetchall())


def classes_of(account_ids: Iterable[int]) -> dict[int, str]:
    """Return the credit class of each account."""
    rows = Account.objects.filter(pk__in=list(account_ids))
    return dict(rows.order_by().values_list("pk", "credit_class"))
