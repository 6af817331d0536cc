"""
Notes: what they changed of a bill's lines, lists of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Sum

from billing_project.kernel.models import Approval
from invoicing.domain.notes import CREDIT, LineNow
from invoicing.models import BillLine, BillVoid, Note, NoteLine


def list_lines_now(bill_id: int, *, line_ids: Iterable[int] | None = None) -> list[LineNow]:
    """Return the lines of a bill (or those of them) with what notes changed of each."""
    lines = BillLine.objects.filter(bill_id=bill_id)
    if line_ids is not None:
        lines = lines.filter(pk__in=list(line_ids))
    changed = _changed([line.pk for line in lines])
    return [
        LineNow(
            line_id=line.pk,
            kind=line.kind,
            subscription_id=line.subscription_id,
            title_ru=line.title_ru,
            title_en=line.title_en,
            tax_percent=line.tax_percent,
            gross=line.gross,
            tax=line.tax,
            **changed[line.pk],
        )
        for line in lines.order_by("position")
    ]


def _changed(line_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    sums = (
        NoteLine.objects.filter(bill_line_id__in=line_ids)
        .values("bill_line_id", "kind")
        .annotate(sum_gross=Sum("gross"), sum_tax=Sum("tax"))
    )
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in sums:
        name = "credited" if row["kind"] == CREDIT else "debited"
        found[row["bill_line_id"]] |= {name: row["sum_gross"], f"{name}_tax": row["sum_tax"]}
    return found


def get_note(note_id: int, *, account_ids: Iterable[int] | None = None) -> Note:
    """
    Return a note with bill, account, customer, contract and legal entity.

    With `account_ids` only a note of those accounts is found; else Note.DoesNotExist.
    """
    notes = Note.objects.select_related(
        "bill", "counters", "account__customer", "account__contract", "legal_entity"
    )
    if account_ids is not None:
        notes = notes.filter(account_id__in=list(account_ids))
    return notes.get(pk=note_id)


def list_notes(
    *, account_id: int | None = None, bill_id: int | None = None, limit: int = 60
) -> list[Note]:
    """Return the notes of an account or of a bill, newest first."""
    notes = Note.objects.select_related("bill")
    if account_id is not None:
        notes = notes.filter(account_id=account_id)
    if bill_id is not None:
        notes = notes.filter(bill_id=bill_id)
    return list(notes.order_by("-issued_on", "-pk")[:limit])


def find_by_request(account_id: int, request_id: str, *, kind: str) -> Note | Approval | None:
    """Return what a request made before: the note, or the approval of `kind` it waits or waited for."""
    made = Note.objects.filter(account_id=account_id, request_id=request_id).first()
    if made is not None:
        return made
    asked = Approval.objects.filter(kind=kind, account_id=account_id)
    return asked.filter(data__request_id=request_id).order_by("-pk").first()


def is_void(bill_id: int) -> bool:
    """Whether the bill counts no more."""
    return BillVoid.objects.filter(bill_id=bill_id).exists()
