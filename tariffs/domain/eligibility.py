"""
Who may buy what: an offer's conditions against a buyer, answered with reasons.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EVERYBODY: Final = "all"
COMPANY: Final = "company"


class Reason(StrEnum):
    """Why an offer isn't for a buyer; translated where it is shown."""

    AUDIENCE = "audience"
    CUSTOMER_KIND = "customer_kind"
    REGION = "region"
    CREDIT_CLASS = "credit_class"
    ACCOUNT_KIND = "account_kind"
    ONLY_NEW = "only_new"
    ONLY_EXISTING = "only_existing"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who asks: `is_new` = has no service of this kind yet, nor had one."""

    customer_kind: str
    account_kind: str
    region: str = ""
    credit_class: str = "standard"
    is_new: bool = True

    @property
    def audience(self) -> str:
        """Companies are one audience; persons and households the other."""
        return COMPANY if self.customer_kind == COMPANY else "person"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an offer asks of its buyer; an empty set asks nothing. `whom`: all, new, existing."""

    audience: str = EVERYBODY
    customer_kinds: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    credit_classes: frozenset[str] = frozenset()
    account_kinds: frozenset[str] = frozenset()
    whom: str = EVERYBODY


def judge(offer: Conditions, *, buyer: Buyer) -> tuple[Reason, ...]:
    """
    Return everything that keeps the buyer from the offer; nothing = it may be sold.

    Regions are compared without regard to case.

    >>> judge(Conditions(audience="company"), buyer=Buyer("person", "prepaid"))
    (<Reason.AUDIENCE: 'audience'>,)
    """
    regions = {region.casefold() for region in offer.regions}
    checks = {
        Reason.AUDIENCE: offer.audience not in {EVERYBODY, buyer.audience},
        Reason.CUSTOMER_KIND: _is_outside(buyer.customer_kind, offer.customer_kinds),
        Reason.REGION: _is_outside(buyer.region.casefold(), frozenset(regions)),
        Reason.CREDIT_CLASS: _is_outside(buyer.credit_class, offer.credit_classes),
        Reason.ACCOUNT_KIND: _is_outside(buyer.account_kind, offer.account_kinds),
        Reason.ONLY_NEW: offer.whom == "new" and not buyer.is_new,
        Reason.ONLY_EXISTING: offer.whom == "existing" and buyer.is_new,
    }
    return tuple(reason for reason, holds in checks.items() if holds)


def _is_outside(value: str, named: frozenset[str]) -> bool:
    return bool(named) and value not in named
