"""
Columns of usage and of its prices.

All columns are int64 arrays of one length. Moments are seconds since 1970 (UTC), money is minor
units (kopecks), quantities are seconds, messages or bytes.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.integer]

#: The end of what has no end.
FOREVER: Final = 2**62
#: More digits of a number than this don't fit int64.
MAX_DIGITS: Final = 18


class Reason(IntEnum):
    """Why a record has no price; 0 = it has one. Stored in suspense, numbers never change."""

    PRICED = 0
    NO_SUBSCRIBER = 1
    NO_PLAN = 2
    NO_PRICE_VERSION = 3
    NO_ZONE = 4
    NO_RATE = 5
    BAD_QUANTITY = 6
    TOO_LARGE = 7

    @property
    def code(self) -> str:
        """The word that tables and reports use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, eq=False)
class UsageColumns:
    """
    Usage to be priced, ordered by (started_at, record_key).

    `subscriber_key` is that of `accounts.domain.identifiers`, `kind` a UsageKind. `number_b` holds
    the digits dialled and `number_b_length` how many they are, leading zeros included; both 0 for
    usage without a number.
    """

    record_key: Ints
    source_id: Ints
    subscriber_key: Ints
    started_at: Ints
    kind: Ints
    number_b: Ints
    number_b_length: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.record_key)

    def part(self, start: int, stop: int) -> "UsageColumns":
        """Return the records from one position up to another."""
        return UsageColumns(*(getattr(self, field.name)[start:stop] for field in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class AllowanceUses:
    """
    What each record took out of each allowance: one row per record and allowance.

    Account and subscription are those whose counter it is: of a shared allowance, its owner's.
    """

    row: Ints
    account_id: Ints
    subscription_id: Ints
    allowance_id: Ints
    period: Ints
    used: Ints

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True, eq=False)
class RunningTotals:
    """What records add to running totals (`counters.Meter`): one row per record and total."""

    row: Ints
    account_id: Ints
    subscription_id: Ints
    meter: Ints
    number: Ints
    period: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True, eq=False)
class PricedColumns:
    """
    The price of each record of a UsageColumns, in its order.

    Where `reason` is not PRICED nothing is charged: the amount is 0, and so is each id that could
    not be found. `band` is the position in the catalogue's `band_codes` of the tariff time in
    force at the start, -1 if none. `allowance_id` is the first allowance that covered or paid a
    part, and `allowance_used` what was taken of all allowances of units, times their factors;
    `uses` has them one by one, those of money too. `totals` are quantities to be counted on.
    """

    reason: Ints
    account_id: Ints
    subscription_id: Ints
    plan_version_id: Ints
    deck_version_id: Ints
    zone_id: Ints
    band: Ints
    billed_units: Ints
    allowance_id: Ints
    allowance_used: Ints
    amount: Ints
    kind: Ints
    uses: AllowanceUses
    totals: RunningTotals

    def __len__(self) -> int:
        return len(self.reason)
