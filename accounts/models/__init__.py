"""
Tables of people, contracts, accounts, services and payments.

The ledger's tables are not re-exported: only `accounts` may import `accounts.models.ledger`
(they are loaded by `accounts.apps`).
"""

from accounts.models.acquiring import (
    Acquirer,
    AcquirerNotice,
    Autopay,
    CardPayment,
    SavedCard,
)
from accounts.models.cash_desk import CashShift, DeskOperation
from accounts.models.consents import Consent
from accounts.models.contracts import Account, Contract, LegalEntity, NumberCounter
from accounts.models.corrections import (
    EntryReversal,
    OpeningBalance,
    WriteOff,
    WriteOffLine,
    WriteOffRun,
)
from accounts.models.credit import CreditChange, CreditClass
from accounts.models.customers import Customer, User
from accounts.models.cycles import AccountCycle
from accounts.models.deposits import Deposit
from accounts.models.funds import BonusGrant, BonusPart, BonusUse, Hold, HoldCapture, Pays
from accounts.models.held import BundleHolding, BundleShare, PausedDays
from accounts.models.identity import IdentityDocument
from accounts.models.intake import NoticeConflict, PaymentNotice
from accounts.models.payments import Adjustment, Payment, PaymentReference, Transfer
from accounts.models.receipts import FiscalGateway, FiscalReceipt
from accounts.models.refunds import Chargeback, Refund
from accounts.models.relations import CompanyUnit, HouseholdMember
from accounts.models.sales import DeckOverride, FeeOverride, PackageAssignment
from accounts.models.services import IdentifierUse, PlanAssignment, PoolNumber, Subscription
from accounts.models.statements import BankStatement, BankStatementLine
from accounts.models.terminals import Terminal, TerminalRegistry, TerminalRegistryLine
from accounts.models.vouchers import Voucher, VoucherAttempt, VoucherSeries

__all__ = [
    "Account",
    "AccountCycle",
    "Acquirer",
    "AcquirerNotice",
    "Adjustment",
    "Autopay",
    "BankStatement",
    "BankStatementLine",
    "BonusGrant",
    "BonusPart",
    "BonusUse",
    "BundleHolding",
    "BundleShare",
    "CardPayment",
    "CashShift",
    "Chargeback",
    "CompanyUnit",
    "Consent",
    "Contract",
    "CreditChange",
    "CreditClass",
    "Customer",
    "DeckOverride",
    "Deposit",
    "DeskOperation",
    "EntryReversal",
    "FeeOverride",
    "FiscalGateway",
    "FiscalReceipt",
    "Hold",
    "HoldCapture",
    "HouseholdMember",
    "IdentifierUse",
    "IdentityDocument",
    "LegalEntity",
    "NoticeConflict",
    "NumberCounter",
    "OpeningBalance",
    "PackageAssignment",
    "PausedDays",
    "Payment",
    "PaymentNotice",
    "PaymentReference",
    "Pays",
    "PlanAssignment",
    "PoolNumber",
    "Refund",
    "SavedCard",
    "Subscription",
    "Terminal",
    "TerminalRegistry",
    "TerminalRegistryLine",
    "Transfer",
    "User",
    "Voucher",
    "VoucherAttempt",
    "VoucherSeries",
    "WriteOff",
    "WriteOffLine",
    "WriteOffRun",
]
