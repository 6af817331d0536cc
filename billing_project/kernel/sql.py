"""
Selects handed from one app to another's set-based operation (`source_sql=`, `params=`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

Params = Sequence[Any] | Mapping[str, Any] | None


def bind(cursor: CursorWrapper, source_sql: str, params: Params = None) -> str:
    """
    Return the select with its values quoted into it, ready to stand inside a larger statement.

    The larger statement may have parameters of its own: percent signs are doubled.
    """
    bound: bytes = cursor.mogrify(source_sql, params or None)
    return bound.decode().replace("%", "%%")


def id_array(ids: Iterable[int]) -> str:
    """
    Return ids as the text of an array, for `%s::bigint[]`: a list becomes ARRAY[…], of which the
    server parses every element as an expression, a microsecond each.

    >>> id_array([3, 5])
    '{3,5}'
    """
    return "{" + ",".join(map(str, ids)) + "}"
