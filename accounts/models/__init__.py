"""
Tables of people, contracts, accounts, services and payments.

The ledger's tables are not re-exported: only `accounts` may import `accounts.models.ledger`
(they are loaded by `accounts.apps`).
"""

from accounts.models.contracts import Account, Contract, LegalEntity
from accounts.models.customers import Customer, User
from accounts.models.payments import Payment, PaymentReference
from accounts.models.services import IdentifierUse, PlanAssignment, PoolNumber, Subscription

__all__ = [
    "Account",
    "Contract",
    "Customer",
    "IdentifierUse",
    "LegalEntity",
    "Payment",
    "PaymentReference",
    "PlanAssignment",
    "PoolNumber",
    "Subscription",
    "User",
]
