"""
Who belongs to whom: trees of companies, households, and the accounts a log-in may look at.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from accounts.domain.households import Right, Role, right_over
from accounts.models import Account, CompanyUnit, HouseholdMember
from billing_project.kernel.invariants import Invariant

TREE: Final = """
    WITH RECURSIVE tree AS (
        SELECT %s::bigint AS customer_id, 0 AS depth, ARRAY[]::text[] AS path
        UNION ALL
        SELECT u.customer_id, t.depth + 1, t.path || (c.name || ' ' || c.id)
          FROM tree t JOIN accounts_companyunit u ON u.parent_id = t.customer_id
          JOIN accounts_customer c ON c.id = u.customer_id
         WHERE t.depth < 20
    )
"""
UNITS: Final = f"""{TREE}
    SELECT t.customer_id, c.name, t.depth, u.parent_id, u.kind, u.cost_centre, u.is_billed_apart,
           count(a.id), coalesce(sum(b.money), 0)
      FROM tree t
      JOIN accounts_customer c ON c.id = t.customer_id
      JOIN accounts_companyunit u ON u.customer_id = t.customer_id
      LEFT JOIN accounts_account a ON a.customer_id = t.customer_id AND a.closed_on IS NULL
      LEFT JOIN accounts_accountbalance b ON b.account_id = a.id
     WHERE t.depth > 0
     GROUP BY t.customer_id, c.name, t.depth, t.path, u.parent_id, u.kind, u.cost_centre,
              u.is_billed_apart
     ORDER BY t.path
"""
#: Accounts of the customer and of the units beneath it, then those of the household it is in.
SEEN: Final = f"""{TREE}, me AS (
        SELECT household_id, role FROM accounts_householdmember
         WHERE person_id = %s AND left_at IS NULL
    ), family AS (
        SELECT m.person_id AS customer_id, m.role AS of
          FROM accounts_householdmember m JOIN me USING (household_id)
         WHERE m.left_at IS NULL
        UNION ALL
        SELECT household_id, 'household' FROM me
    ), seen AS (
        SELECT t.customer_id, '' AS of, '' AS viewer, false AS has_payer FROM tree t
        UNION ALL
        SELECT f.customer_id, f.of, me.role, (SELECT bool_or(o.of = 'payer') FROM family o)
          FROM family f, me WHERE f.customer_id NOT IN (SELECT customer_id FROM tree)
    )
    SELECT a.id, a.number, a.kind, a.currency, a.credit_limit, a.closed_on IS NOT NULL,
           a.customer_id, c.name, s.of, s.viewer, s.has_payer
      FROM seen s
      JOIN accounts_account a ON a.customer_id = s.customer_id
      JOIN accounts_customer c ON c.id = s.customer_id
     ORDER BY a.customer_id <> %s, a.closed_on DESC NULLS FIRST, a.id
"""
ABOVE: Final = """
    WITH RECURSIVE above AS (
        SELECT customer_id, parent_id, 1 AS depth FROM accounts_companyunit WHERE customer_id = %s
        UNION ALL
        SELECT u.customer_id, u.parent_id, a.depth + 1
          FROM above a JOIN accounts_companyunit u ON u.customer_id = a.parent_id
         WHERE a.depth < 20
    )
    SELECT parent_id FROM above ORDER BY depth
"""

#: Who pays for whom: (customer_id, payer_id, cost_centre) of companies and units whose bills are
#: joined; a unit billed apart pays for what is beneath it. Payers of nobody but themselves are out.
PAYERS_SQL: Final = """
    WITH RECURSIVE tree AS (
        SELECT DISTINCT company_id AS customer_id, company_id AS payer_id, ''::text AS cost_centre
          FROM accounts_companyunit
        UNION ALL
        SELECT u.customer_id, CASE WHEN u.is_billed_apart THEN u.customer_id ELSE t.payer_id END,
               u.cost_centre::text
          FROM tree t JOIN accounts_companyunit u ON u.parent_id = t.customer_id
    )
    SELECT customer_id, payer_id, cost_centre
      FROM (SELECT t.*, count(*) OVER (PARTITION BY payer_id) AS members FROM tree t) AS counted
     WHERE members > 1
"""
UNIT_ASTRAY: Final = """
    WITH RECURSIVE above AS (
        SELECT customer_id, parent_id AS at, 1 AS depth FROM accounts_companyunit
        UNION ALL
        SELECT a.customer_id, u.parent_id, a.depth + 1
          FROM above a JOIN accounts_companyunit u ON u.customer_id = a.at
         WHERE a.depth < 20
    )
    SELECT u.customer_id, u.company_id FROM accounts_companyunit u
     WHERE NOT EXISTS (SELECT FROM above a
                        WHERE a.customer_id = u.customer_id AND a.at = u.company_id)
        OR EXISTS (SELECT FROM accounts_companyunit c WHERE c.customer_id = u.company_id)
"""
WRONG_KIND: Final = """
    SELECT u.customer_id AS customer_id, c.kind FROM accounts_companyunit u
      JOIN accounts_customer c ON c.id IN (u.customer_id, u.company_id) AND c.kind <> 'company'
    UNION ALL
    SELECT m.person_id, c.kind FROM accounts_householdmember m
      JOIN accounts_customer c ON c.id = m.household_id AND c.kind <> 'household'
    UNION ALL
    SELECT m.person_id, c.kind FROM accounts_householdmember m
      JOIN accounts_customer c ON c.id = m.person_id AND c.kind <> 'person'
"""


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit in its tree: depth 1 right beneath the company; money of its open accounts."""

    customer_id: int
    name: str
    depth: int
    parent_id: int
    kind: str
    cost_centre: str
    is_billed_apart: bool
    accounts: int
    money: Decimal

    @property
    def dashes(self) -> str:
        """How deep it hangs, as dashes before its name."""
        return "— " * (self.depth - 1)

    @property
    def kind_label(self) -> str:
        """The kind in the reader's language."""
        return str(CompanyUnit.Kind(self.kind).label)


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """An account that a log-in may look at, whose it is, and how far the log-in reaches."""

    id: int
    number: str
    kind: str
    currency: str
    credit_limit: Decimal
    is_closed: bool
    customer_id: int
    holder: str
    right: Right


def find_unit(customer_id: int) -> CompanyUnit | None:
    """Return the customer's place in a company's tree, or None."""
    rows = CompanyUnit.objects.select_related("customer", "company", "parent")
    return rows.filter(customer_id=customer_id).first()


def list_units(customer_id: int) -> list[UnitView]:
    """List everything beneath a company or unit, each after its parent, by name."""
    with connection.cursor() as cursor:
        cursor.execute(UNITS, [customer_id])
        return [UnitView(*row) for row in cursor.fetchall()]


def list_above(customer_id: int) -> list[int]:
    """List who stands above a unit in the tree, its parent first, the company last."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, [customer_id])
        return [parent_id for (parent_id,) in cursor.fetchall()]


def depth_of(customer_id: int) -> int:
    """Return on which level the customer is; a company itself is on level 0."""
    return len(list_above(customer_id))


def count_live_accounts(customer_id: int) -> int:
    """Return how many open accounts the customer has."""
    return Account.objects.filter(customer_id=customer_id, closed_on__isnull=True).count()


def find_membership(person_id: int) -> HouseholdMember | None:
    """Return in which household the person is now, and as what; or None."""
    rows = HouseholdMember.objects.select_related("household", "person")
    return rows.filter(person_id=person_id, left_at__isnull=True).first()


def list_members(household_id: int) -> "QuerySet[HouseholdMember]":
    """List who is in the household now, in the order they joined."""
    rows = HouseholdMember.objects.select_related("person")
    return rows.filter(household_id=household_id, left_at__isnull=True).order_by("joined_at", "pk")


def list_seen_accounts(customer_id: int) -> list[SeenAccount]:
    """
    Return the accounts the customer's log-in may look at: own ones first, the open before the closed.

    Its own and those of the units beneath it, whole; in a household as the roles say.
    """
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [customer_id, customer_id, customer_id])
        rows = cursor.fetchall()
    found = []
    for *columns, of, viewer, has_payer in rows:
        right = right_over(Role(viewer), of, has_payer=has_payer) if viewer else Right.MANAGE
        if right is not None:
            found.append(SeenAccount(*[*columns, right]))
    return found


def invariants() -> list[Invariant]:
    """Promises about trees and households."""
    return [
        Invariant(
            name="every unit hangs beneath its company",
            sql=UNIT_ASTRAY,
            why="A unit whose parents don't lead to its company is on no bill and in no report.",
        ),
        Invariant(
            name="only companies have units, only households have members",
            sql=WRONG_KIND,
            why="A person can't have branches; a company can't be a family.",
        ),
    ]
