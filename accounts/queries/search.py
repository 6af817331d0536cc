"""
The one search field: phone, name, account, contract, address, e-mail, login.

Each part of the union is served by an index of its own and cut early; see the models' Meta.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from accounts.domain.searching import Wanted, like, read_search

# rank: the smaller, the closer to what was typed.
BY_ACCOUNT: Final = """
    (SELECT id, customer_id, 1 AS rank FROM accounts_account
      WHERE number LIKE %(typed_digits)s ORDER BY number LIMIT %(limit)s)
"""
BY_NUMBER: Final = """
    (SELECT a.id, a.customer_id, CASE WHEN i.active_to IS NULL THEN 2 ELSE 5 END
       FROM accounts_identifieruse i JOIN accounts_account a ON a.id = i.account_id
      WHERE i.value LIKE %(number)s LIMIT %(limit)s)
"""
BY_CONTRACT: Final = """
    (SELECT a.id, a.customer_id, 3
       FROM accounts_contract c JOIN accounts_account a ON a.contract_id = c.id
      WHERE c.number ILIKE %(contract)s LIMIT %(limit)s)
"""
BY_CUSTOMER: Final = """
    (SELECT a.id, c.id, CASE WHEN c.search_text LIKE %(beginning)s THEN 3 ELSE 4 END
       FROM accounts_customer c LEFT JOIN accounts_account a ON a.customer_id = c.id
      WHERE {words} LIMIT %(limit)s)
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
    words = [word for word in wanted.words if len(word) >= 3] if not wanted.digits else []
    params: dict[str, Any] = {
        "typed_digits": f"{like(wanted.typed_digits)}%",
        "number": f"%{like(wanted.digits or wanted.text.lower())}%",
        "contract": f"%{like(wanted.text)}%",
        "beginning": f"{like(' '.join(wanted.words))}%",
    }
    params |= {f"word{place}": f"%{like(word)}%" for place, word in enumerate(words)}
    conditions = [f"c.search_text LIKE %(word{place})s" for place in range(len(words))]
    if wanted.digits:
        conditions = ["c.search_text LIKE %(number)s"]
    parts = [BY_NUMBER, BY_CONTRACT]
    if wanted.typed_digits:
        parts.insert(0, BY_ACCOUNT)
    if conditions:
        parts.append(BY_CUSTOMER.format(words=" AND ".join(conditions)))
    return parts, params
