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

__all__ = [
    "Bill",
    "BillLine",
    "BillNumber",
    "BilledEntry",
    "BilledPeriod",
    "BilledPeriodCredit",
    "NumberSeries",
    "PlanChange",
]
