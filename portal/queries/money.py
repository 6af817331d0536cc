"""
The balance and what it is made of, charges with their reasons, the days of a month.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.domain.kinds import USAGE_KINDS, Fund, Kind
from accounts.queries import Entry
from accounts.queries.deposits import sum_deposits
from invoicing.models import Bill
from invoicing.queries.open_debt import OpenDebt
from portal.domain import wording
from portal.domain.charts import MonthChart, chart_month
from portal.queries.access import AccessView
from portal.queries.disputes import disputable_entries
from portal.queries.explanations import explain_entry
from portal.queries.people import AccountChoice
from portal.queries.services import list_services
from portal.queries.words import SPENDING, name_entry, name_kind

#: How far back the composition of a balance looks where there is no bill: two long months.
MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of charges or payments since the last bill."""

    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BalanceView:
    """
    money = opening + the parts; available = money + credit limit + promised − held.

    `since` is the first day after the last bill (None = from the beginning).
    """

    money: Decimal
    bonus: Decimal
    deposit: Decimal
    held: Decimal
    credit_limit: Decimal
    promised: Decimal
    promised_until: object
    available: Decimal
    since: date | None
    opening: Decimal
    parts: tuple[Part, ...]
    due_on: date | None
    #: What the last bill asks for, less what was paid in since.
    owed_on_bill: Decimal

    @property
    def available_size(self) -> Decimal:
        """What can be spent, or what is missing: its label says which."""
        return abs(self.available)

    @property
    def has_parts(self) -> bool:
        """Whether what can be spent differs from the money."""
        return self.available != self.money

    @property
    def to_pay(self) -> Decimal:
        """What is missing to zero."""
        return max(-self.money, Decimal(0))


@dataclass(frozen=True, slots=True)
class Saying:
    """How things stand in a sentence; `tone` is ok, soon or now."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Charge:
    """One ledger entry in words; `usage_query` leads to the records it sums up."""

    day: date
    title: str
    about: str
    amount: Decimal
    lines: tuple[str, ...]
    usage_query: str
    key: str
    #: The entry, if it may be disputed as it is: on no bill yet.
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """Balance and month of an account, from one reading of its days."""

    balance: BalanceView
    chart: MonthChart


def get_money(account: AccountChoice, *, promise: object, debt: OpenDebt, on: date) -> Money:
    """Return the balance with its composition and the chart of the month: four queries."""
    balance = accounts_queries.get_balance(account.id)
    bill = _find_last_bill(account.id)
    days = accounts_queries.list_days(account_ids=[account.id], before=None, limit=MOST_DAYS)
    since = bill[0] if bill else _first_of_many({row[0] for row in days})
    parts = _parts((row[2], row[3]) for row in days if since is None or row[0] >= since)
    return Money(
        balance=BalanceView(
            money=balance.money,
            bonus=balance.bonus,
            deposit=sum_deposits(account.id),
            held=balance.held,
            credit_limit=account.credit_limit,
            promised=getattr(promise, "amount", Decimal(0)),
            promised_until=getattr(promise, "due_at", None),
            available=balance.available,
            since=since,
            opening=balance.money - sum((part.amount for part in parts), Decimal(0)),
            parts=parts,
            due_on=bill[2] if bill else None,
            owed_on_bill=max(min(bill[1], debt.up_to(bill[2])), Decimal(0)) if bill else Decimal(0),
        ),
        chart=chart_month(_spent(days), on=on),
    )


def _first_of_many(days: set[date]) -> date | None:
    """Return the first day where there may be more before it, None where these are all."""
    return min(days) if len(days) >= MOST_DAYS else None


def list_charges(
    account_id: int,
    *,
    titles: dict[int, str],
    currency: str,
    on: date | None = None,
    before: tuple[date, int] | None = None,
    limit: int = 30,
) -> list[Charge]:
    """
    Return ledger entries in words, newest first; `titles` names services by id.

    With `on` it is looked which of them may be disputed on that day.
    """
    rows = accounts_queries.list_entries(
        account_id=account_id, before=before, limit=limit, funds=[Fund.MONEY]
    )
    may = disputable_entries(rows, on=on) if on else set()
    return [
        _charge(row, titles=titles, currency=currency, may_dispute=row.id in may) for row in rows
    ]


def _charge(
    row: Entry, *, titles: dict[int, str], currency: str, may_dispute: bool = False
) -> Charge:
    return Charge(
        day=row.business_date,
        title=name_entry(row.kind),
        about=titles.get(row.about_subscription_id or 0, ""),
        amount=row.amount,
        lines=explain_entry(row, currency=currency),
        usage_query=_usage_query(row),
        key=f"{row.business_date.isoformat()}~{row.id}",
        entry_id=row.id if may_dispute else None,
    )


def _usage_query(row: Entry) -> str:
    if row.kind not in USAGE_KINDS:
        return ""
    service = row.about_subscription_id
    return f"month={row.business_date:%Y-%m}" + (f"&service={service}" if service else "")


def _find_last_bill(account_id: int) -> tuple[date, Decimal, date] | None:
    """Return the first day after the last bill, what it asks for, and until when."""
    bills = Bill.objects.filter(account_id=account_id).order_by("-period_start")
    return bills.values_list("period_end", "closing", "due_on").first()


def _parts(rows: Iterable[tuple[int, Decimal]]) -> tuple[Part, ...]:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for kind, amount in rows:
        sums[kind] += amount
    return tuple(Part(name_kind(kind), sums[kind]) for kind in sorted(sums) if sums[kind])


def _spent(rows: Iterable[tuple[date, int, int, Decimal, int]]) -> dict[date, Decimal]:
    spent: dict[date, Decimal] = defaultdict(Decimal)
    for day, _account, kind, amount, _entries in rows:
        if Kind(kind) in SPENDING:
            spent[day] -= amount
    return spent


def say(balance: BalanceView, *, worst: AccessView | None, currency: str, on: date) -> Saying:
    """Say how much, until when, what to do: what is restricted first, then what is owed."""
    if worst is not None:
        return Saying(worst.tone, " ".join(filter(None, (worst.word_of_home, worst.lift))))
    if balance.promised:
        return Saying("soon", _("All services work. Pay what you promised in time."))
    values = {
        "amount": _written(balance.owed_on_bill or balance.to_pay, currency=currency),
        "due": "" if balance.due_on is None else _day(balance.due_on, on=on),
    }
    if balance.owed_on_bill and balance.due_on and balance.due_on < on:
        return Saying(
            "now", _("The bill was to be paid by %(due)s: please pay %(amount)s.") % values
        )
    if balance.owed_on_bill and balance.due_on:
        return Saying("ok", _("All services work. Please pay %(amount)s by %(due)s.") % values)
    if balance.money < 0 and not balance.credit_limit:
        return Saying("soon", _("All services work. To pay: %(amount)s.") % values)
    return Saying("ok", _("All services work. Nothing to pay now."))


def _written(amount: Decimal, *, currency: str) -> str:
    language = (get_language() or "ru")[:2]
    return wording.format_money(amount, currency=currency, language=language)


def _day(day: date, *, on: date) -> str:
    return wording.day(day, language=(get_language() or "ru")[:2], today=on)


def list_account_charges(
    account: AccountChoice, *, before: tuple[date, int] | None, limit: int, now: datetime
) -> list[Charge]:
    """Return a page of every movement of the account."""
    views = list_services([account.id], now=now, on=timezone.localdate(now))
    titles = {view.id: view.title for view in views}
    return list_charges(
        account.id,
        titles=titles,
        currency=account.currency,
        on=timezone.localdate(now),
        before=before,
        limit=limit,
    )
