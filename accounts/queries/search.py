"""
The one search field: phone, name, account, contract, address, e-mail, login.

Each part of the union is served by an index of its own and cut early; see the models' Meta.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from accounts.domain.searching import SHORTEST, Wanted, like, read_search

# rank: the smaller, the closer to what was typed.
BY_ACCOUNT: Final = """
    (SELECT id, customer_id, 1 FROM accounts_account
      WHERE number LIKE %(account)s ORDER BY number LIMIT %(limit)s)
"""
BY_IDENTIFIER: Final = """
    (SELECT a.id, a.customer_id, CASE WHEN i.active_to IS NULL THEN 2 ELSE 5 END
       FROM accounts_identifieruse i JOIN accounts_account a ON a.id = i.account_id
      WHERE {condition} LIMIT %(limit)s)
"""
BY_CONTRACT: Final = """
    (SELECT a.id, a.customer_id, 3
       FROM accounts_contract c JOIN accounts_account a ON a.contract_id = c.id
      WHERE {condition} LIMIT %(limit)s)
"""
BY_CUSTOMER: Final = """
    (SELECT a.id, c.id, CASE WHEN c.search_text LIKE %(beginning)s THEN 3 ELSE 4 END
       FROM accounts_customer c LEFT JOIN accounts_account a ON a.customer_id = c.id
      WHERE {condition} LIMIT %(limit)s)
"""
FOUND: Final = """
    WITH hits AS (
        SELECT DISTINCT ON (customer_id, id) id, customer_id, rank FROM ({parts}) AS h (id, customer_id, rank)
         ORDER BY customer_id, id, rank
    ), best AS (
        SELECT h.*, c.name FROM hits h JOIN accounts_customer c ON c.id = h.customer_id
         ORDER BY h.rank, c.name, h.id LIMIT %(limit)s
    )
    SELECT b.id, a.number, b.customer_id, b.name, c.kind, a.kind, k.number, c.phone, c.address,
           m.money,
           ARRAY(SELECT i.value FROM accounts_identifieruse i
                  WHERE i.account_id = b.id AND i.active_to IS NULL ORDER BY i.id)
      FROM best b
      JOIN accounts_customer c ON c.id = b.customer_id
      LEFT JOIN accounts_account a ON a.id = b.id
      LEFT JOIN accounts_contract k ON k.id = a.contract_id
      LEFT JOIN accounts_accountbalance m ON m.account_id = b.id
     ORDER BY b.rank, b.name, b.id
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the search's answer; a customer without an account has `account_id` None."""

    account_id: int | None
    account_number: str | None
    customer_id: int
    name: str
    customer_kind: str
    account_kind: str | None
    contract_number: str | None
    phone: str
    address: str
    money: Decimal | None
    identifiers: list[str]


def find_accounts(text: str, *, limit: int = 20) -> list[Found]:
    """
    Find accounts by anything people give: closest first, at most `limit`.

    Fewer than three characters find nothing.
    """
    wanted = read_search(text)
    if wanted.is_empty:
        return []
    parts, params = _parts(wanted)
    with connection.cursor() as cursor:
        cursor.execute(FOUND.format(parts=" UNION ALL ".join(parts)), {**params, "limit": limit})
        return [Found(*row) for row in cursor.fetchall()]


def _parts(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    return _by_digits(wanted) if wanted.digits else _by_words(wanted)


def _by_digits(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    """Numbers are known by their beginning or by their last digits."""
    parts = [
        BY_ACCOUNT,
        BY_IDENTIFIER.format(condition="i.value LIKE %(head)s"),
        BY_IDENTIFIER.format(condition="i.value LIKE %(national)s"),
        BY_IDENTIFIER.format(condition="reverse(i.value) LIKE %(tail)s"),
        BY_CONTRACT.format(condition="reverse(c.number) LIKE %(typed_tail)s"),
        BY_CUSTOMER.format(condition="c.search_text LIKE %(inside)s"),
    ]
    digits, typed = wanted.digits, wanted.typed_digits
    params = {
        "account": f"{typed}%",
        "head": f"{digits}%",
        "national": f"7{digits}%",
        "tail": f"{digits[::-1]}%",
        "typed_tail": f"{typed[::-1]}%",
        "inside": f"%{digits}%",
        "beginning": f"{digits}%",
    }
    return parts, params


def _by_words(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    """Every word must be in the customer's line; logins and contracts by their beginning."""
    words = [word for word in wanted.words if len(word) >= SHORTEST]
    conditions = [f"c.search_text LIKE %(word{place})s" for place in range(len(words))]
    parts = [
        BY_IDENTIFIER.format(condition="i.value LIKE %(login)s"),
        BY_CONTRACT.format(condition="c.number LIKE %(contract)s"),
        BY_CUSTOMER.format(condition=" AND ".join(conditions)),
    ]
    params = {
        "login": f"{like(wanted.text.lower())}%",
        "contract": f"{like(wanted.text.upper())}%",
        "beginning": f"{like(' '.join(wanted.words))}%",
        **{f"word{place}": f"%{like(word)}%" for place, word in enumerate(words)},
    }
    return parts, params
