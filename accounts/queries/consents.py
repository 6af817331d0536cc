"""
What a subscriber has agreed to.
"""

from collections.abc import Iterable

from accounts.models import Consent


def list_consents(
    account_ids: Iterable[int], *, only_in_force: bool = False, limit: int = 200
) -> list[Consent]:
    """Return the consents of accounts, those in force first, then the newest."""
    rows = Consent.objects.select_related("subscription").filter(account_id__in=list(account_ids))
    if only_in_force:
        rows = rows.filter(withdrawn_at__isnull=True)
    return sorted(rows.order_by("-given_at", "-id")[:limit], key=lambda row: not row.is_in_force)


def find_consent(
    *, account_id: int, what: str, object_id: int, subscription_id: int | None = None
) -> Consent | None:
    """Return the consent in force to a thing, or None."""
    return Consent.objects.filter(
        account_id=account_id,
        what=what,
        object_id=object_id,
        subscription_id=subscription_id,
        withdrawn_at__isnull=True,
    ).first()
