"""What accounts can tell. All SQL and ORM expressions that read its tables are here."""

from accounts.queries.accounts import (
    find_account,
    get_account,
    get_customer,
    list_account_ranges,
    list_accounts,
    list_free_numbers,
    list_identifiers,
    list_subscriptions,
    plan_at,
    subscription_by_identifier,
)
from accounts.queries.balances import (
    CROSSINGS_SQL,
    MONEY_SQL,
    Balance,
    balance_as_of,
    get_balance,
    get_balances,
    list_unwatched,
    money_columns,
)
from accounts.queries.columns import (
    FOREVER,
    IdentifierColumns,
    PlanColumns,
    identifier_columns,
    plan_history_columns,
)
from accounts.queries.entries import (
    DaySum,
    Entry,
    TrialLine,
    find_entry,
    list_days,
    list_entries,
    trial_balance,
)
from accounts.queries.invariants import invariants
from accounts.queries.search import Found, find_accounts

__all__ = [
    "CROSSINGS_SQL",
    "FOREVER",
    "MONEY_SQL",
    "Balance",
    "DaySum",
    "Entry",
    "Found",
    "IdentifierColumns",
    "PlanColumns",
    "TrialLine",
    "balance_as_of",
    "find_account",
    "find_accounts",
    "find_entry",
    "get_account",
    "get_balance",
    "get_balances",
    "get_customer",
    "identifier_columns",
    "invariants",
    "list_account_ranges",
    "list_accounts",
    "list_days",
    "list_entries",
    "list_free_numbers",
    "list_identifiers",
    "list_subscriptions",
    "list_unwatched",
    "money_columns",
    "plan_at",
    "plan_history_columns",
    "subscription_by_identifier",
    "trial_balance",
]
