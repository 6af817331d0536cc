"""
Money that somebody asked to hold.
"""

from accounts.models import Hold


def find_hold(hold_id: int) -> Hold | None:
    """Return the hold with its account and customer, or None."""
    found: Hold | None = Hold.objects.select_related("account__customer").filter(pk=hold_id).first()
    return found


def list_holds(account_id: int, *, limit: int = 50) -> list[Hold]:
    """List the open holds of the account, the newest first."""
    rows = Hold.objects.filter(account_id=account_id, state=Hold.State.OPEN)
    return list(rows.order_by("-authorised_at", "-pk")[:limit])


def list_past_holds(account_id: int, *, limit: int = 20) -> list[Hold]:
    """List the holds that are over, the newest first."""
    rows = Hold.objects.filter(account_id=account_id).exclude(state=Hold.State.OPEN)
    return list(rows.order_by("-authorised_at", "-pk")[:limit])
