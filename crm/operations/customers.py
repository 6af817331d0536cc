"""
Customers written down at the desk, each once.
"""

from collections.abc import Callable

from django.db import IntegrityError, transaction

from accounts.models import Customer
from crm.models import SentForm


def create_once(*, request_id: str, create: Callable[[], Customer]) -> Customer:
    """
    Return the customer that the form makes; the same form again answers with the one made first.

    Raises what `create` raises; then the form may be sent again.
    """
    earlier = _made_by(request_id)
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            customer = create()
            # A rival's row stops us here till it is there for good; ours is undone then.
            SentForm.objects.create(request_id=request_id, customer=customer)
    except IntegrityError:
        earlier = _made_by(request_id)
        if earlier is None:
            raise
        return earlier
    return customer


def _made_by(request_id: str) -> Customer | None:
    sent = SentForm.objects.select_related("customer").filter(request_id=request_id).first()
    return sent.customer if sent else None
