"""
Suspended records given up, and taken back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel.operations import change_state
from rating.models import SuspenseRecord, SuspenseRun, SuspenseRunRecord

#: Noted on the records that a run gave up, so that undoing takes back these and no others.
GIVEN_UP = "written_off"


class UnableToWriteOff(Exception):
    """Some of the records don't wait any more, or no reason is given."""


@transaction.atomic
def write_off(*, record_ids: Iterable[int], actor: str, reason: str, now: datetime) -> int:
    """Give suspended records up; all of them, or UnableToWriteOff."""
    wanted = sorted(set(record_ids))
    if not reason.strip():
        raise UnableToWriteOff(_("Say why the records are given up."))
    moved = _give_up(wanted, actor=actor, reason=reason, now=now)
    if moved != wanted:
        raise UnableToWriteOff(_("Some of the records don't wait any more."))
    return len(moved)


@transaction.atomic
def take_back(*, record_ids: Iterable[int], actor: str, reason: str, now: datetime) -> int:
    """
    Let records that people gave up wait again; all of them, or UnableToWriteOff.

    What pricing closed (a duplicate, nothing to charge) stays closed.
    """
    wanted = sorted(set(record_ids))
    if not reason.strip():
        raise UnableToWriteOff(_("Say why the records are taken back."))
    moved = _take_back(wanted, actor=actor, reason=reason, now=now)
    if moved != wanted:
        raise UnableToWriteOff(_("Some of the records are not given up by a person."))
    return len(moved)


def write_off_portion(run: SuspenseRun, ids: Sequence[int], now: datetime) -> dict[str, int]:
    """Give up those that wait still; return counts of what became of all."""
    moved = _give_up(ids, actor=run.asked_by, reason=run.note, now=now)
    SuspenseRunRecord.objects.filter(run=run, record_id__in=moved).update(after=GIVEN_UP)
    return {"written_off": len(moved), "gone": len(ids) - len(moved)}


def take_back_run(run: SuspenseRun, *, actor: str, reason: str, now: datetime) -> dict[str, int]:
    """Take back what a run gave up and nobody has taken back before."""
    given_up = SuspenseRunRecord.objects.filter(run=run, after=GIVEN_UP)
    ids = list(given_up.values_list("record_id", flat=True))
    moved = _take_back(ids, actor=actor, reason=reason, now=now)
    return {"restored": len(moved), "kept": len(ids) - len(moved)}


def _give_up(ids: Sequence[int], *, actor: str, reason: str, now: datetime) -> list[int]:
    moved = change_state(
        model=SuspenseRecord,
        ids=ids,
        to=SuspenseRecord.State.WRITTEN_OFF,
        at=now,
        actor=actor,
        reason=reason[:200],
    )
    SuspenseRecord.objects.filter(pk__in=moved).update(closed_at=now, closed_by=actor)
    return moved


def _take_back(ids: Sequence[int], *, actor: str, reason: str, now: datetime) -> list[int]:
    by_people = SuspenseRecord.objects.filter(
        pk__in=ids, state=SuspenseRecord.State.WRITTEN_OFF, batch__isnull=True
    )
    moved = change_state(
        model=SuspenseRecord,
        ids=list(by_people.values_list("pk", flat=True)),
        to=SuspenseRecord.State.WAITING,
        at=now,
        actor=actor,
        reason=reason[:200],
    )
    SuspenseRecord.objects.filter(pk__in=moved).update(closed_at=None, closed_by="")
    return moved
