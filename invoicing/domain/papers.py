"""
Explanations of bill lines for people: what a fee counts, how much was used.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from invoicing.domain import wording


def why(
    *, kind: str, explanation: Mapping[str, Any], count: int, language: str, currency: str
) -> str:
    """
    Return in one sentence how a line's amount came about; '' where the title says all.

    >>> why(kind="usage", explanation={}, count=3, language="en", currency="RUB")
    '3 times'
    """
    if kind == "usage":
        return _times(count, language) if count else ""
    if kind == "fee" and "fee" in explanation:
        return _fee(explanation, language=language, currency=currency)
    return ""


def _times(count: int, language: str) -> str:
    if language == "ru":
        few = count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14}
        return f"{count} {'раза' if few else 'раз'}"
    return f"{count} {'time' if count == 1 else 'times'}"


def _fee(told: Mapping[str, Any], *, language: str, currency: str) -> str:
    fee = wording.money(Decimal(str(told["fee"])), language=language, currency=currency)
    if told.get("what") == "minimum":
        return {"ru": f"не меньше {fee}", "en": f"{fee} at least"}[language]
    days, cycle_days = int(told.get("days", 0)), int(told.get("cycle_days", 0))
    months = int(told.get("cycle_months", 1))
    is_daily = told.get("fee_period") == "day"
    per = {"ru": ("в день", "в месяц"), "en": ("a day", "a month")}[language][not is_daily]
    if is_daily or not cycle_days or days >= cycle_days:
        return f"{fee} {per}" if months == 1 or is_daily else f"{months} × {fee} {per}"
    if told.get("proration") in {"month_30", "seconds"}:
        # Neither counts plain days: the title has the days.
        return f"{fee} {per}"
    base = 30 * months if told.get("proration") == "fixed_30" else cycle_days
    fee = fee if months == 1 else f"{months} × {fee}"
    if language == "ru":
        return f"{fee} {per}, {days} из {base} дн."
    return f"{fee} {per}, {days} of {base} days"
