"""
Suspended records corrected by a rule: looked at first, written beside what the switch wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.db import connection
from django.utils.translation import gettext as _
from polars.exceptions import PolarsError

from rating import queries
from rating.domain.corrections import Action, Rule
from rating.domain.record_fields import WHOLE_LINE, put_field, take_field
from rating.domain.selections import Selection
from rating.models import SuspenseRecord, SuspenseRun
from rating.operations.suspense.fields import Fields, fields_of
from rating.operations.suspense.reading import SuspendedLines
from rating.operations.writing import waiting

PREVIEWED: Final = 50
LONGEST_PATTERN: Final = 200
LONGEST_LINE: Final = 8_000
#: What no corrected line may have: it is one line, and PostgreSQL takes no NUL.
_FORBIDDEN: Final = frozenset("\r\n\0")

CORRECT: Final = """
    WITH lines AS (
        SELECT * FROM unnest(%s::bigint[], %s::text[]) AS l (record_id, after)
    ), noted AS (
        UPDATE rating_suspenserunrecord x SET before = r.corrected, after = l.after
          FROM lines l JOIN rating_suspenserecord r ON r.id = l.record_id
         WHERE x.run_id = %s AND x.record_id = l.record_id
    )
    UPDATE rating_suspenserecord r SET corrected = l.after FROM lines l WHERE r.id = l.record_id
"""


class UnableToCorrect(Exception):
    """The rule can't be carried out: no such column, or no regular expression."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Preview:
    """
    A record before and after the rule.

    `after` is None if the rule finds nothing to change; `wrong` says why the line afterwards is no
    usage still, `reason` its code.
    """

    record: SuspenseRecord
    before: str
    after: str | None
    reason: str = ""
    wrong: str = ""


def check_rule(rule: Rule) -> None:
    """Raise UnableToCorrect if the rule is none."""
    if len(rule.pattern) > LONGEST_PATTERN or len(rule.value) > LONGEST_PATTERN:
        raise UnableToCorrect(_("This is too long for a rule."), field="pattern")
    if _FORBIDDEN & set(rule.value):
        raise UnableToCorrect(_("A corrected record must be one line."), field="value")
    if rule.action == Action.REPLACE and not rule.pattern:
        raise UnableToCorrect(_("Say what is to be replaced."), field="pattern")
    if rule.action == Action.PREFIX and not rule.value:
        raise UnableToCorrect(_("Say what is to be put before it."), field="value")
    if rule.action == Action.SET and not rule.column:
        raise UnableToCorrect(_("Say which field is to be set."), field="column")
    _changed(["0"], rule)


def preview_rule(*, rule: Rule, selection: Selection) -> list[Preview]:
    """
    Show what the rule makes of the first PREVIEWED records; nothing is written.

    Raises UnableToCorrect if the rule is none, or if no line has the column.
    """
    check_rule(rule)
    records = queries.list_suspense(selection=selection, limit=PREVIEWED)
    after = apply_rule(rule, records)
    if records and all(line is None for line in after):
        raise UnableToCorrect(_("No record has this field."), field="column")
    changed = {
        record.pk: line
        for record, line in zip(records, after, strict=True)
        if line is not None and line != _present(record)
    }
    work = SuspendedLines([record for record in records if record.pk in changed], changed)
    problems = {work.by_place[bad.file, bad.line].pk: bad for bad in work.parse()[1]}
    return [
        Preview(
            record,
            _present(record),
            changed.get(record.pk),
            reason=problems[record.pk].reason.value if record.pk in problems else "",
            wrong=problems[record.pk].detail if record.pk in problems else "",
        )
        for record in records
    ]


def correct_portion(run: SuspenseRun, ids: Sequence[int]) -> dict[str, int]:
    """Write the corrected lines of those that wait; return counts of what became of all."""
    records = waiting(ids)
    lines = apply_rule(Rule.of_json(run.rule), records)
    changed = {
        record.pk: line
        for record, line in zip(records, lines, strict=True)
        if line is not None and line != _present(record)
    }
    with connection.cursor() as cursor:
        cursor.execute(CORRECT, [list(changed), list(changed.values()), run.pk])
    return {
        "corrected": len(changed),
        "unchanged": len(records) - len(changed),
        "gone": len(ids) - len(records),
    }


def apply_rule(rule: Rule, records: Sequence[SuspenseRecord]) -> list[str | None]:
    """Return the line of each record after the rule; None if it has no such field."""
    fields = _fields_of_files(records)
    lines = [_present(record) for record in records]
    places = [_position(rule, fields[record.file_id]) for record in records]
    delimiters = [fields[record.file_id].delimiter for record in records]
    taken = [
        None if place is None else take_field(line, place, delimiter=delimiter)
        for line, place, delimiter in zip(lines, places, delimiters, strict=True)
    ]
    new = iter(_changed([text for text in taken if text is not None], rule))
    return [
        None if text is None or place is None else _put(line, place, next(new), delimiter=delimiter)
        for line, place, delimiter, text in zip(lines, places, delimiters, taken, strict=True)
    ]


def _put(line: str, place: int, value: str, *, delimiter: str) -> str:
    changed = put_field(line, place, value, delimiter=delimiter)
    # Groups of a pattern may bring what the rule's own text was checked for.
    is_one_line = not (_FORBIDDEN & set(changed)) and len(changed) <= LONGEST_LINE
    return changed if is_one_line and changed.strip() else line


def _changed(texts: list[str], rule: Rule) -> list[str]:
    """Return the texts after the rule. The engine is linear: no pattern can hang it."""
    if rule.action == Action.SET:
        return [rule.value] * len(texts)
    if rule.action == Action.PREFIX:
        return [rule.value + text for text in texts]
    try:
        found = pl.Series(texts, dtype=pl.String).str.replace_all(rule.pattern, rule.value)
        return found.to_list()
    except PolarsError as error:
        message = _("This is no regular expression: %(error)s")
        why = str(error).strip().splitlines()[-1]
        raise UnableToCorrect(message % {"error": why}, field="pattern") from None


def _present(record: SuspenseRecord) -> str:
    return record.corrected or record.raw


def _position(rule: Rule, fields: Fields) -> int | None:
    return fields.position(rule.column) if rule.column else WHOLE_LINE


def _fields_of_files(records: Sequence[SuspenseRecord]) -> dict[int, Fields]:
    files = {record.file_id: record.file for record in records}
    return {file_id: fields_of(file) for file_id, file in files.items()}
