"""
The page of autopay: the order, the cards that are kept, what the order did last.
"""

from dataclasses import dataclass

from accounts.models import Autopay, CardPayment, SavedCard
from accounts.queries import acquiring
from portal.queries.top_up import takes_cards


@dataclass(frozen=True, slots=True)
class AutopayPage:
    """`failed`: the newest order, if failures switched it off."""

    order: Autopay | None
    cards: list[SavedCard]
    charges: list[CardPayment]
    failed: Autopay | None
    takes_cards: bool


def get_autopay_page(account_id: int) -> AutopayPage:
    """Return what the page of one account shows."""
    order = acquiring.find_autopay(account_id)
    last = acquiring.find_last_autopay(account_id)
    charges = [row for row in acquiring.list_card_payments(account_id) if row.autopay_id]
    return AutopayPage(
        order=order,
        cards=acquiring.list_cards(account_id),
        charges=charges[:5],
        failed=last if order is None and last is not None and last.failures else None,
        takes_cards=takes_cards(account_id),
    )
