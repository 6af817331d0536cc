"""
Columns of usage and of its prices, and the key under which a subscriber's usage is found.

All columns are int64 arrays of one length. Moments are seconds since 1970 (UTC), money is minor
units (kopecks), quantities are seconds, messages or bytes.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.integer]

#: The end of what has no end.
FOREVER: Final = 2**62
#: Digits of a number that can be told apart from a login: fits int64.
MAX_DIGITS: Final = 18
_HASH_BITS: Final = 62


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


def subscriber_key(identifier: str) -> int:
    """
    Return the integer under which a number or login is looked up.

    E.164 digits without plus are their own value; anything else is a negative 62-bit hash of its
    UTF-8 text, in lower case, since logins don't tell case apart.

    >>> subscriber_key("79215550101")
    79215550101
    >>> subscriber_key("ivanov") == subscriber_key("Ivanov") < 0
    True
    """
    is_number = identifier.isascii() and identifier.isdigit() and identifier[0] != "0"
    if is_number and len(identifier) <= MAX_DIGITS:
        return int(identifier)
    digest = blake2b(identifier.lower().encode(), digest_size=8).digest()
    return -(int.from_bytes(digest, "big") >> (64 - _HASH_BITS)) - 1


@dataclass(frozen=True, slots=True, eq=False)
class UsageColumns:
    """
    Usage to be priced, ordered by (started_at, record_key).

    `kind` is a UsageKind. `number_b` holds the digits dialled and `number_b_length` how many they
    are, leading zeros included; both 0 for usage without a number.
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
    """What each record took out of each allowance: one row per record and allowance."""

    row: Ints
    account_id: Ints
    subscription_id: Ints
    allowance_id: Ints
    period: Ints
    used: Ints

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True, eq=False)
class PricedColumns:
    """
    The price of each record of a UsageColumns, in its order.

    Where `reason` is not PRICED nothing is charged: the amount is 0, and so is each id that could
    not be found. `band` is the position in the catalogue's `band_codes` of the tariff time in
    force at the start, -1 if none. `allowance_id` is the first allowance that covered a part and
    `allowance_used` the units covered by all of them; `uses` has them one by one.
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

    def __len__(self) -> int:
        return len(self.reason)
