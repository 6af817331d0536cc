"""
Tables of people, contracts, accounts, services and payments.

The ledger's tables are not re-exported: only `accounts` may import `accounts.models.ledger`
(they are loaded by `accounts.apps`).
"""

from accounts.models.contracts import Account, Contract, LegalEntity, NumberCounter
from accounts.models.corrections import (
    EntryReversal,
    OpeningBalance,
    WriteOff,
    WriteOffLine,
    WriteOffRun,
)
from accounts.models.customers import Customer, User
from accounts.models.funds import BonusGrant, BonusPart, BonusUse, Hold, HoldCapture, Pays
from accounts.models.identity import IdentityDocument
from accounts.models.payments import Adjustment, Payment, PaymentReference, Transfer
from accounts.models.relations import CompanyUnit, HouseholdMember
from accounts.models.sales import DeckOverride, FeeOverride, PackageAssignment
from accounts.models.services import IdentifierUse, PlanAssignment, PoolNumber, Subscription

__all__ = [
    "Account",
    "Adjustment",
    "BonusGrant",
    "BonusPart",
    "BonusUse",
    "CompanyUnit",
    "Contract",
    "Customer",
    "DeckOverride",
    "EntryReversal",
    "FeeOverride",
    "Hold",
    "HoldCapture",
    "HouseholdMember",
    "IdentifierUse",
    "IdentityDocument",
    "LegalEntity",
    "NumberCounter",
    "OpeningBalance",
    "PackageAssignment",
    "Payment",
    "PaymentReference",
    "Pays",
    "PlanAssignment",
    "PoolNumber",
    "Subscription",
    "Transfer",
    "User",
    "WriteOff",
    "WriteOffLine",
    "WriteOffRun",
]
