"""Tables of usage: files, batches, priced usage, suspense, allowance use."""

from rating.models.allowances import AllowanceUse, RunningTotal
from rating.models.charging import AllowanceHold, ChargingClient, ChargingSession
from rating.models.files import BatchCharge, UsageBatch, UsageFile, UsageSource
from rating.models.gaps import SequenceRun
from rating.models.limits import (
    AllowanceCarry,
    AllowanceGroup,
    AllowanceGroupMember,
    AllowanceNotice,
    SpendingGuard,
)
from rating.models.partials import PartialRecord
from rating.models.priced import BatchSpan, PricedUsage, UsageCorrection, UsageCover
from rating.models.rerating import RerateLine, RerateRun
from rating.models.summaries import IntakeSummary, SummarisedBatch, SuspenseLevel, UsageSummary
from rating.models.suspense import REASON_LABELS, SuspenseRecord
from rating.models.suspense_runs import (
    SuspenseAlarm,
    SuspenseRun,
    SuspenseRunRecord,
    SuspenseThreshold,
)
from rating.models.whatif import Comparison

__all__ = [
    "REASON_LABELS",
    "AllowanceCarry",
    "AllowanceGroup",
    "AllowanceGroupMember",
    "AllowanceHold",
    "AllowanceNotice",
    "AllowanceUse",
    "BatchCharge",
    "BatchSpan",
    "ChargingClient",
    "ChargingSession",
    "Comparison",
    "IntakeSummary",
    "PartialRecord",
    "PricedUsage",
    "RerateLine",
    "RerateRun",
    "RunningTotal",
    "SequenceRun",
    "SpendingGuard",
    "SummarisedBatch",
    "SuspenseAlarm",
    "SuspenseLevel",
    "SuspenseRecord",
    "SuspenseRun",
    "SuspenseRunRecord",
    "SuspenseThreshold",
    "UsageBatch",
    "UsageCorrection",
    "UsageCover",
    "UsageFile",
    "UsageSource",
    "UsageSummary",
]
