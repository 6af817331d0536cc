"""
Credit at «Ладога Телеком»: what its classes allow, and a promised payment for each kind of trust.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from accounts.models import CreditClass
from dunning.models import PromiseRule
from dunning.operations import credit_rules

#: code -> what its accounts may do.
CLASSES: Final[dict[str, dict[str, Any]]] = {
    "standard": {"largest_own_limit": Decimal(500), "dispute_cap": Decimal(3000)},
    "trusted": {"largest_own_limit": Decimal(3000)},
    "risky": {"may_promise": False, "dispute_cap": Decimal(500)},
}
#: Before the rule for everybody, which every installation starts with.
RULES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name_ru": "Надёжным: сколько не хватает",
        "name_en": "Trusted: what is missing",
        "position": 10,
        "credit_classes": ["trusted"],
        "amount_is": "missing",
        "max_amount": Decimal(3000),
        "days": 10,
        "days_between": 0,
        "times": 2,
        "after_kept": True,
    },
    {
        "name_ru": "Постоянным: абонентская плата",
        "name_en": "Regular: the monthly fee",
        "position": 50,
        "customer_kinds": ["person", "household"],
        "amount_is": "fee_share",
        "max_amount": Decimal(1000),
        "days": 7,
        "price": Decimal(20),
        "days_between": 14,
        "min_months": 6,
        "min_payments": 3,
        "unbroken_months": 6,
        "max_debt": Decimal(500),
    },
)


def trust(*, now: datetime, actor: str) -> None:
    """Say what each class may do, and write the rules of the promised payment."""
    for row in CreditClass.objects.order_by("pk"):
        for name, value in CLASSES.get(row.code, {}).items():
            setattr(row, name, value)
        credit_rules.save_credit_class(credit_class=row, now=now, actor=actor)
    for values in RULES:
        credit_rules.save_promise_rule(rule=PromiseRule(**values), now=now, actor=actor)
