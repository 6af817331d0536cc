"""
Partial records: kept until their call is complete, then joined to one record.

Everything is known by (source, call, number), so that a piece delivered twice is one, and a batch
that was killed and is read again joins the same calls again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_project.kernel import binary_copy
from billing_project.kernel.operations import change_state
from rating.domain.intake import Intake
from rating.domain.usage import Ints
from rating.formats import ParsedUsage
from rating.formats.parsed import Columns
from rating.models import PartialRecord, SuspenseRecord, UsageFile
from rating.operations.sequences import note_record_numbers

if TYPE_CHECKING:
    from rating.operations.reading import FileCounts

ACTOR: Final = "system:usage"

_NARROW: Final = {"kind": "smallint", "number_b_length": "smallint", "line": "integer"}
TABLE: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS rating_parts (
        source_id bigint NOT NULL, file_id bigint NOT NULL, line integer NOT NULL,
        record_key bigint NOT NULL, number bigint NOT NULL, is_last smallint NOT NULL,
        is_running smallint NOT NULL, subscriber_key bigint NOT NULL, started_at timestamptz NOT NULL,
        kind smallint NOT NULL, number_b bigint NOT NULL, number_b_length smallint NOT NULL,
        quantity bigint NOT NULL
    ) ON COMMIT DROP
"""
#: Reports of a session after it was suspended: it is followed again.
REVIVED: Final = """
    SELECT DISTINCT p.id, s.id
      FROM rating_parts t
      JOIN rating_partialrecord p ON p.source_id = t.source_id AND p.call_key = t.record_key
       AND p.number = t.number AND p.is_running AND p.state = 'suspended'
      JOIN rating_suspenserecord s ON s.file_id = p.file_id AND s.line = p.line
       AND s.state = 'waiting'
     WHERE t.is_last = 1 OR t.quantity > p.quantity
"""
STORE: Final = """
    INSERT INTO rating_partialrecord AS p
        (source_id, call_key, number, is_last, is_running, file_id, line, subscriber_key,
         started_at, kind, number_b, number_b_length, quantity, state, received_at, batch_id)
    SELECT DISTINCT ON (source_id, record_key, number)
           source_id, record_key, number, is_last = 1, is_running = 1, file_id, line,
           subscriber_key, started_at, kind, number_b, number_b_length, quantity,
           CASE WHEN is_running = 1 AND is_last = 1 THEN 'joined' ELSE 'waiting' END, %(now)s,
           CASE WHEN is_running = 1 AND is_last = 1 THEN %(batch)s END
      FROM rating_parts
     ORDER BY source_id, record_key, number, is_last DESC, quantity DESC, file_id, line
    ON CONFLICT (source_id, call_key, number) DO UPDATE
       SET is_last = excluded.is_last, file_id = excluded.file_id, line = excluded.line,
           quantity = excluded.quantity, state = excluded.state, batch_id = excluded.batch_id,
           received_at = excluded.received_at
     WHERE p.is_running AND p.state = 'waiting'
       AND (excluded.is_last OR excluded.quantity > p.quantity)
"""
#: Pieces of calls that are all there: numbered from 0 to the last, or unnumbered with a last one.
COMPLETE: Final = """
    SELECT p.source_id, p.call_key
      FROM rating_partialrecord p
      JOIN (SELECT DISTINCT source_id, record_key FROM rating_parts WHERE is_running = 0) AS t
        ON t.source_id = p.source_id AND t.record_key = p.call_key
      LEFT JOIN rating_suspenserecord s ON s.file_id = p.file_id AND s.line = p.line
     WHERE p.state = 'waiting' OR (p.state = 'suspended' AND s.state = 'waiting')
     GROUP BY p.source_id, p.call_key
    HAVING bool_or(p.is_last)
       AND (min(p.number) < 0
            OR (count(*) = max(p.number) + 1 AND max(p.number) FILTER (WHERE p.is_last) = max(p.number)))
       AND NOT EXISTS (SELECT 1 FROM rating_partialrecord o
                        WHERE o.source_id = p.source_id AND o.call_key = p.call_key
                          AND o.state = 'joined')
"""
PIECES: Final = """
    SELECT p.id, p.state, s.id FROM rating_partialrecord p
      JOIN unnest(%s::bigint[], %s::bigint[]) AS c (source_id, call_key) USING (source_id, call_key)
      LEFT JOIN rating_suspenserecord s ON s.file_id = p.file_id AND s.line = p.line
       AND s.state = 'waiting'
     WHERE p.state = 'waiting' OR s.id IS NOT NULL
"""
#: The calls that this batch joined: the first piece says who and where, the newest where it stands.
JOINED: Final = """
    SELECT (array_agg(t.file_id ORDER BY t.file_id DESC, t.line DESC))[1],
           (array_agg(t.line ORDER BY t.file_id DESC, t.line DESC))[1],
           p.source_id, p.call_key, a.subscriber_key, a.started_at, a.kind, a.number_b,
           a.number_b_length, a.quantity
      FROM rating_parts t
      JOIN rating_partialrecord p ON p.source_id = t.source_id AND p.call_key = t.record_key
       AND p.number = t.number AND p.file_id = t.file_id AND p.line = t.line
       AND p.state = 'joined' AND p.batch_id = %s AND NOT p.is_running
      JOIN LATERAL (
           SELECT (array_agg(o.subscriber_key ORDER BY o.started_at, o.number))[1] AS subscriber_key,
                  min(o.started_at) AS started_at,
                  (array_agg(o.kind ORDER BY o.started_at, o.number))[1] AS kind,
                  (array_agg(o.number_b ORDER BY o.started_at, o.number))[1] AS number_b,
                  (array_agg(o.number_b_length ORDER BY o.started_at, o.number))[1]
                      AS number_b_length,
                  sum(o.quantity)::bigint AS quantity
             FROM rating_partialrecord o
            WHERE o.source_id = p.source_id AND o.call_key = p.call_key AND o.state = 'joined'
              AND o.batch_id = %s) AS a ON true
     GROUP BY p.source_id, p.call_key, a.subscriber_key, a.started_at, a.kind, a.number_b,
              a.number_b_length, a.quantity
     ORDER BY 1, 2
"""
#: Pieces that are kept already, from another line.
REPEATED: Final = """
    SELECT t.file_id, count(*) FROM rating_parts t
      JOIN rating_partialrecord p ON p.source_id = t.source_id AND p.call_key = t.record_key
       AND p.number = t.number
     WHERE t.is_running = 0 AND (p.file_id, p.line) <> (t.file_id, t.line)
     GROUP BY t.file_id
"""
#: Other pieces of the calls in whose lines suspended records stand.
WHOLE: Final = """
    SELECT w.place::bigint, p.call_key, coalesce(sum(o.quantity), 0)::bigint,
           coalesce(extract(epoch FROM min(o.started_at))::bigint, 0)
      FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS w (file_id, line, place)
      JOIN rating_partialrecord p ON p.file_id = w.file_id AND p.line = w.line
       AND p.state = 'joined' AND NOT p.is_running
      LEFT JOIN rating_partialrecord o ON o.source_id = p.source_id AND o.call_key = p.call_key
       AND o.state = 'joined' AND o.id <> p.id
     GROUP BY w.place, p.call_key
"""


@dataclass(slots=True)
class HeldParts:
    """The partial records of a batch's files, and the ends of what earlier ones reported on."""

    _files: dict[int, int] = field(default_factory=dict)
    _rows: list[dict[str, Ints]] = field(default_factory=list)
    _numbers: list[tuple[UsageFile, Ints]] = field(default_factory=list)

    def add(self, position: int, file: UsageFile, parsed: ParsedUsage) -> None:
        """Take the partial records out of a file that was parsed."""
        parts = parsed.parts
        if len(parsed.sequence):
            self._numbers.append((file, parsed.sequence))
        self._add(
            position, file, parts.columns, number=parts.number,
            is_last=parts.is_last, is_running=parts.is_running,
        )  # fmt: skip
        if len(parsed.ended):
            some = np.isin(parsed.columns.record_key, parsed.ended)
            ends = Columns(
                *(getattr(parsed.columns, column.name)[some] for column in fields(Columns))
            )
            yes = np.ones(len(ends), np.int64)
            self._add(position, file, ends, number=yes * 0, is_last=yes, is_running=yes)

    def _add(self, position: int, file: UsageFile, columns: Columns, **more: Any) -> None:
        if not len(columns):
            return
        self._files[file.pk] = position
        same = np.ones(len(columns), np.int64)
        self._rows.append(
            {
                "source_id": same * (file.source_id or 0),
                "file_id": same * file.pk,
                **{column.name: getattr(columns, column.name) for column in fields(Columns)},
                **{name: values.astype(np.int64) for name, values in more.items()},
            }
        )

    @transaction.atomic
    def settle(self, counts: "FileCounts", *, batch_id: int, now: datetime) -> list[Intake]:
        """
        Keep the parts; return the calls that this batch completes, to be priced by it.

        A call stands in the line of its newest piece. The other pieces are counted as not
        chargeable by themselves, pieces kept already as duplicates.
        """
        note_record_numbers(self._numbers)
        if not self._rows:
            return []
        with connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.execute("DELETE FROM rating_parts")
            binary_copy.copy_in(table="rating_parts", columns=self._columns())
            cursor.execute(REVIVED)
            _revive(cursor.fetchall(), now)
            cursor.execute(STORE, {"now": now, "batch": batch_id})
            cursor.execute(COMPLETE)
            _join(cursor.fetchall(), batch_id=batch_id, now=now)
            cursor.execute(REPEATED)
            repeated = dict(cursor.fetchall())
        joined = self._joined(batch_id)
        self._count(counts, joined, repeated)
        return joined

    def _columns(self) -> list[tuple[str, str, Ints]]:
        names = list(self._rows[0])
        return [
            (name, _type(name), np.concatenate([rows[name] for rows in self._rows]))
            for name in names
        ]

    def _joined(self, batch_id: int) -> list[Intake]:
        types = "bigint integer smallint bigint bigint timestamptz smallint bigint smallint bigint"
        columns = binary_copy.copy_out(sql=JOINED, params=[batch_id, batch_id], types=types.split())
        if not len(columns[0]):
            return []
        names = [column.name for column in fields(Intake)]
        found = dict(zip(names, columns, strict=True))
        found["file"] = np.array([self._files[pk] for pk in found["file"].tolist()])
        narrow = {"file": np.int32, "line": np.int32, "source_id": np.int16}
        narrow |= {"kind": np.int8, "number_b_length": np.int8}
        typed = (found[name].astype(narrow.get(name, np.int64)) for name in names)
        return [Intake(*typed)]

    def _count(self, counts: "FileCounts", joined: list[Intake], repeated: dict[int, int]) -> None:
        for rows in self._rows:
            position = self._files[int(rows["file_id"][0])]
            # An end is a record of its own, and counted as one.
            is_end = (rows["is_running"] == 1) & (rows["is_last"] == 1)
            counts.not_charged[position] += int((~is_end).sum())
        for file_id, many in repeated.items():
            counts.not_charged[self._files[file_id]] -= many
            counts.duplicates[self._files[file_id]] += many
        for intake in joined:
            counts.not_charged -= np.bincount(intake.file, minlength=len(counts.not_charged))


def _type(name: str) -> str:
    if name == "started_at":
        return "timestamptz"
    if name in ("is_last", "is_running"):
        return "smallint"
    return _NARROW.get(name, "bigint")


def _revive(found: Sequence[tuple[int, int]], now: datetime) -> None:
    """Follow suspended sessions again, and close what waited of them in suspense."""
    if found:
        _close_suspense([row[1] for row in found], now)
        move_parts([row[0] for row in found], PartialRecord.State.WAITING, now)


def _join(calls: Sequence[tuple[int, int]], *, batch_id: int, now: datetime) -> None:
    """Mark the pieces of complete calls; those that waited in suspense wait there no more."""
    if not calls:
        return
    with connection.cursor() as cursor:
        cursor.execute(PIECES, [[call[0] for call in calls], [call[1] for call in calls]])
        pieces = cursor.fetchall()
    _close_suspense([row[2] for row in pieces if row[2] is not None], now)
    ids = [row[0] for row in pieces]
    move_parts(ids, PartialRecord.State.JOINED, now)
    PartialRecord.objects.filter(pk__in=ids).update(batch_id=batch_id)


def move_parts(ids: list[int], to: PartialRecord.State, now: datetime) -> None:
    """Change the state of partial records."""
    change_state(model=PartialRecord, ids=ids, to=to, at=now, actor=ACTOR)


def _close_suspense(ids: list[int], now: datetime) -> None:
    if not ids:
        return
    why = _("The rest of the record came.")
    state = SuspenseRecord.State.WRITTEN_OFF
    change_state(model=SuspenseRecord, ids=ids, to=state, at=now, actor=ACTOR, reason=why)
    SuspenseRecord.objects.filter(pk__in=ids).update(closed_at=now, closed_by=ACTOR, detail=why)


def whole_again(intake: Intake, files: Sequence[UsageFile]) -> Intake:
    """
    Return suspended records with those that are joined calls whole.

    Their line is only the call's newest piece: start and length of the others are added to it.
    """
    if not len(intake):
        return intake
    file_ids = np.array([file.pk for file in files], np.int64)[intake.file]
    with connection.cursor() as cursor:
        cursor.execute(WHOLE, [file_ids.tolist(), intake.line.tolist()])
        found = cursor.fetchall()
    if not found:
        return intake
    key, quantity, started_at = (
        column.copy() for column in (intake.record_key, intake.quantity, intake.started_at)
    )
    for place, call_key, others, earliest in found:
        row = place - 1
        key[row] = call_key
        quantity[row] += others
        if earliest:
            started_at[row] = min(int(started_at[row]), earliest)
    return replace(intake, record_key=key, quantity=quantity, started_at=started_at)
