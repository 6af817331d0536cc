"""
Which functions of the engine answer a case, by the name of its model.
"""

from collections.abc import Callable
from typing import Any, Final

from invoicing.domain.vectors.models import calendars, subscriptions
from invoicing.domain.vectors.reading import Case

Answer = dict[str, Any]

MODELS: Final[dict[str, Callable[[Case], Answer]]] = {
    "subscription": subscriptions.answer,
    "boundaries": calendars.boundaries,
    "buckets": calendars.buckets,
    "day_rounding": calendars.day_rounding,
    "fraction_table": calendars.fraction_table,
}
