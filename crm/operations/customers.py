"""
What a form writes for a customer, written once however often the form is sent.
"""

from collections.abc import Callable
from typing import NamedTuple

from django.db import IntegrityError, transaction

from accounts.models import Customer
from crm.models import SentForm


class Written(NamedTuple):
    """Whom the form was about, and whether this sending of it was the one that wrote."""

    customer: Customer
    is_first: bool


def write_once(*, request_id: str, write: Callable[[], Customer]) -> Written:
    """
    Carry out `write` unless this form was sent before; then answer with its customer.

    Raises what `write` raises; then the form may be sent again.
    """
    earlier = _written_by(request_id)
    if earlier is not None:
        return Written(earlier, is_first=False)
    try:
        with transaction.atomic():
            customer = write()
            # A rival's row stops us here till it is there for good; ours is undone then.
            SentForm.objects.create(request_id=request_id, customer=customer)
    except IntegrityError:
        earlier = _written_by(request_id)
        if earlier is None:
            raise
        return Written(earlier, is_first=False)
    return Written(customer, is_first=True)


def _written_by(request_id: str) -> Customer | None:
    sent = SentForm.objects.select_related("customer").filter(request_id=request_id).first()
    return sent.customer if sent else None
