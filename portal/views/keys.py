"""
Keys of lists and filters as they come in addresses: anything unreadable is as good as absent.
"""

from datetime import date


def whole_number(text: str | None) -> int | None:
    """Return the number, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def month(text: str | None, *, on: date) -> date:
    """Return the first day of a month written 2026-11; the month of `on` if unreadable."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return on.replace(day=1)
    # The calendar's last month has no month after it.
    return found if found.year < date.max.year else on.replace(day=1)


def day_and_id(text: str | None) -> tuple[date, int] | None:
    """Return the key of a ledger entry written 2026-11-22~17, or None."""
    day, _mark, number = (text or "").partition("~")
    key = whole_number(number)
    try:
        return None if key is None else (date.fromisoformat(day), key)
    except ValueError:
        return None
