"""Tables of usage: files, batches, priced usage, suspense, allowance use."""

from rating.models.allowances import AllowanceUse
from rating.models.files import UsageBatch, UsageFile, UsageSource
from rating.models.priced import PricedUsage
from rating.models.summaries import IntakeSummary, SummarisedBatch, SuspenseLevel, UsageSummary
from rating.models.suspense import REASON_LABELS, SuspenseRecord
from rating.models.suspense_runs import (
    SuspenseAlarm,
    SuspenseRun,
    SuspenseRunRecord,
    SuspenseThreshold,
)

__all__ = [
    "REASON_LABELS",
    "AllowanceUse",
    "IntakeSummary",
    "PricedUsage",
    "SummarisedBatch",
    "SuspenseAlarm",
    "SuspenseLevel",
    "SuspenseRecord",
    "SuspenseRun",
    "SuspenseRunRecord",
    "SuspenseThreshold",
    "UsageBatch",
    "UsageFile",
    "UsageSource",
    "UsageSummary",
]
