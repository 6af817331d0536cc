"""Tables of invoicing: billed periods, plan changes and bills; what corrects them; bill runs."""

from invoicing.models.billing import (
    Bill,
    BilledEntry,
    BilledPeriod,
    BilledPeriodCredit,
    BillLine,
    BillNumber,
    NumberSeries,
    PlanChange,
)
from invoicing.models.compensation import Compensation, Outage, OutageRule
from invoicing.models.consolidated import ConsolidatedBill, ConsolidatedPart
from invoicing.models.corrections import (
    BillVoid,
    Dispute,
    DisputeMessage,
    Note,
    NoteLine,
    NoteNumber,
)
from invoicing.models.debt import (
    ConsolidatedPayment,
    ConsolidatedShare,
    DebtPolicy,
    KeyRate,
    LateFee,
    LateFeeDay,
    LateFeeRule,
    PaymentChoice,
)
from invoicing.models.instalments import InstalmentCover, InstalmentPart, InstalmentPlan
from invoicing.models.pauses import Pause
from invoicing.models.runs import BillingPolicy, BillRun, DraftBill, ParkedBill

__all__ = [
    "Bill",
    "BillLine",
    "BillNumber",
    "BillRun",
    "BillVoid",
    "BilledEntry",
    "BilledPeriod",
    "BilledPeriodCredit",
    "BillingPolicy",
    "Compensation",
    "ConsolidatedBill",
    "ConsolidatedPart",
    "ConsolidatedPayment",
    "ConsolidatedShare",
    "DebtPolicy",
    "Dispute",
    "DisputeMessage",
    "DraftBill",
    "InstalmentCover",
    "InstalmentPart",
    "InstalmentPlan",
    "KeyRate",
    "LateFee",
    "LateFeeDay",
    "LateFeeRule",
    "Note",
    "NoteLine",
    "NoteNumber",
    "NumberSeries",
    "Outage",
    "OutageRule",
    "ParkedBill",
    "Pause",
    "PaymentChoice",
    "PlanChange",
]
