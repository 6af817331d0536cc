"""
The home page in one value.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from invoicing.queries.open_debt import get_open
from portal.domain.charts import MonthChart
from portal.queries import bills, inbox, money, promises, services
from portal.queries.access import AccessView
from portal.queries.bills import BillRow
from portal.queries.inbox import Letter
from portal.queries.money import BalanceView, Charge
from portal.queries.people import AccountChoice
from portal.queries.promises import PromiseView
from portal.queries.services import ServiceCard

CHARGES_SHOWN = 6
BILLS_SHOWN = 3
LETTERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Home:
    """Everything on the home page."""

    balance: BalanceView
    say: str
    tone: str
    shows_promise: bool
    services: tuple[ServiceCard, ...]
    charges: tuple[Charge, ...]
    chart: MonthChart
    bills: tuple[BillRow, ...]
    letters: tuple[Letter, ...]
    promise: PromiseView


def get_home(account: AccountChoice, *, customer_id: int, now: datetime) -> Home:
    """Return the home page of one account."""
    on = timezone.localdate(now)
    promise = promises.find_promise(account.id, now=now)
    debt = get_open(account.id)
    figures = money.get_money(account, promise=promise.open, debt=debt, on=on)
    cards = services.list_cards(account, now=now, on=on)
    titles = {card.view.id: card.view.title for card in cards}
    worst = _worst([card.access for card in cards])
    saying = money.say(figures.balance, worst=worst, currency=account.currency, on=on)
    return Home(
        balance=figures.balance,
        say=saying.text,
        tone=saying.tone,
        shows_promise=figures.balance.money < 0 or worst is not None or promise.open is not None,
        services=tuple(card for card in cards if card.view.state != "terminated"),
        charges=tuple(
            money.list_charges(
                account.id, titles=titles, currency=account.currency, limit=CHARGES_SHOWN
            )
        ),
        chart=figures.chart,
        bills=tuple(bills.list_bills(account.id, limit=BILLS_SHOWN, debt=debt)),
        letters=tuple(inbox.list_letters(customer_id, limit=LETTERS_SHOWN)),
        promise=promise,
    )


def _worst(accesses: list[AccessView]) -> AccessView | None:
    order = ("suspended", "slow", "bar_long_distance")
    restricted = [access for access in accesses if access.level in order]
    return min(restricted, key=lambda access: order.index(access.level), default=None)
