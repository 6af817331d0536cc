"""
Why a record waits in suspense: the codes that are stored, shown and counted.
"""

from enum import StrEnum
from typing import Final

from rating.domain.usage import Reason


class SuspenseReason(StrEnum):
    """The first seven are seen by the format, the others by pricing."""

    MALFORMED_LINE = "malformed_line"
    WRONG_ENCODING = "wrong_encoding"
    BAD_TIME = "bad_time"
    BAD_DURATION = "bad_duration"
    BAD_NUMBER = "bad_number"
    BAD_SUBSCRIBER = "bad_subscriber"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    NO_PLAN = "no_plan"
    NO_PRICE_VERSION = "no_price_version"
    UNKNOWN_ZONE = "unknown_zone"
    NO_RATE = "no_rate"
    TOO_LARGE = "too_large"
    INCOMPLETE_RECORD = "incomplete_record"
    WRONG_COUNT = "wrong_count"


#: The core's reasons in the words of the suspense.
OF_PRICING: Final = {
    Reason.NO_SUBSCRIBER: SuspenseReason.UNKNOWN_SUBSCRIBER,
    Reason.NO_PLAN: SuspenseReason.NO_PLAN,
    Reason.NO_PRICE_VERSION: SuspenseReason.NO_PRICE_VERSION,
    Reason.NO_ZONE: SuspenseReason.UNKNOWN_ZONE,
    Reason.NO_RATE: SuspenseReason.NO_RATE,
    Reason.BAD_QUANTITY: SuspenseReason.BAD_DURATION,
    Reason.TOO_LARGE: SuspenseReason.TOO_LARGE,
}
