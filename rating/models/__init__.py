"""Tables of usage: files, batches, priced usage, suspense, allowance use."""

from rating.models.allowances import AllowanceUse
from rating.models.files import UsageBatch, UsageFile, UsageSource
from rating.models.priced import PricedUsage
from rating.models.suspense import REASON_LABELS, SuspenseRecord

__all__ = [
    "REASON_LABELS",
    "AllowanceUse",
    "PricedUsage",
    "SuspenseRecord",
    "UsageBatch",
    "UsageFile",
    "UsageSource",
]
