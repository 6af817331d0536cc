"""
What agents write down, and the trail of whom they looked at.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel import operations as kernel_operations
from crm.models import CardView, Interaction


class UnableToWriteNote(Exception):
    """There is nothing to write down."""


@transaction.atomic
def write_note(
    *,
    customer_id: int,
    kind: str,
    text: str,
    now: datetime,
    actor: str,
    account_id: int | None = None,
) -> Interaction:
    """Write down what was said or done; it is never changed, a correction is a new note."""
    if not text.strip():
        raise UnableToWriteNote(_("Write what was said: an empty note tells nobody anything."))
    note = Interaction.objects.create(
        customer_id=customer_id,
        account_id=account_id,
        kind=kind,
        text=text.strip(),
        happened_at=now,
        actor=actor,
    )
    kernel_operations.record_event(
        kind="note.written",
        account_id=account_id,
        customer_id=customer_id,
        happened_at=now,
        actor=actor,
        on_behalf_of=f"customer:{customer_id}",
        data={"interaction": note.pk, "kind": kind},
    )
    return note


def note_card_view(*, customer_id: int, actor: str, now: datetime) -> None:
    """Write down who opened whose card, when."""
    CardView.objects.create(customer_id=customer_id, actor=actor, viewed_at=now)
