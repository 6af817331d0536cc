"""The accounts a log-in may look at, as a list to search: a company has hundreds."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from accounts.queries import get_balances
from portal.queries.people import AccountChoice

PAGE: Final = 30
#: So many fit into the list at the top of each page; more have a page of their own.
AT_HAND: Final = 8


@dataclass(frozen=True, slots=True)
class SeenRow:
    """An account with the money on it."""

    choice: AccountChoice
    money: Decimal


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Accounts found by the words asked for; `after` is where the next page begins, 0 at the end."""

    rows: Sequence[SeenRow]
    found: int
    after: int


def find_seen(accounts: Sequence[AccountChoice], *, words: str, start: int = 0) -> SeenPage:
    """Return the accounts whose holder has every word, or whose number has the digits, from the place `start`: one query."""
    wanted = words.casefold().split()
    found = [choice for choice in accounts if _has(choice, wanted)]
    shown = found[start : start + PAGE]
    balances = get_balances(account_ids=[choice.id for choice in shown])
    after = start + PAGE if start + PAGE < len(found) else 0
    rows = [SeenRow(choice, balances[choice.id].money) for choice in shown]
    return SeenPage(rows, len(found), after)


def _has(choice: AccountChoice, words: Sequence[str]) -> bool:
    holder, digits = choice.holder.casefold(), "".join(words)
    # «100 000 017» is one number, however it was grouped.
    is_number = digits.isdigit() and digits in choice.number
    return is_number or all(word in holder for word in words)


def at_hand(accounts: Sequence[AccountChoice], *, chosen: AccountChoice) -> list[AccountChoice]:
    """Return the accounts of the short list, the one looked at among them."""
    first = list(accounts[:AT_HAND])
    return first if chosen in first else [chosen, *first[:-1]]
