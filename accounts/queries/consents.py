"""
What a subscriber has agreed to.
"""

from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import Consent


def list_consents(
    account_ids: Iterable[int], *, only_in_force: bool = False, limit: int = 200
) -> list[Consent]:
    """Return the consents of accounts, those in force first, then the newest."""
    rows = Consent.objects.select_related("subscription").filter(account_id__in=list(account_ids))
    if only_in_force:
        rows = rows.filter(withdrawn_at__isnull=True)
    return sorted(rows.order_by("-given_at", "-id")[:limit], key=lambda row: not row.is_in_force)


def of_service(rows: "QuerySet[Consent]", subscription_id: int | None) -> "QuerySet[Consent]":
    """Return those of a service; without one, those of the account itself."""
    if subscription_id is None:
        return rows.filter(subscription__isnull=True)
    return rows.filter(subscription_id=subscription_id)


def find_consent(
    *, account_id: int, what: str, object_id: int, subscription_id: int | None = None
) -> Consent | None:
    """Return the consent in force to a thing, or None."""
    rows = of_service(Consent.objects.filter(withdrawn_at__isnull=True), subscription_id)
    return rows.filter(account_id=account_id, what=what, object_id=object_id).first()
