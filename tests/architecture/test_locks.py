"""`FOR UPDATE` on an account blocks every insert that refers to it (decision A2): NO KEY only."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import ROOT, lines_found, offences, product_files

# `FOR UPDATE` in SQL is right only where rows are taken out of a queue table that nothing refers to.
STRONG_LOCK = re.compile(r"\bFOR\s+UPDATE\b(?!\s+(?:OF\s+\w+\s+)?SKIP\s+LOCKED)", re.IGNORECASE)


def bare_locks(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield `select_for_update` without `no_key=True`."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "select_for_update" and not _is_weak(node):
            yield node


def _is_weak(call: ast.Call) -> bool:
    return any(
        word.arg == "no_key" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in call.keywords
    )


def strong_locks(text: str) -> list[int]:
    """Return the lines of SQL that lock rows harder than needed."""
    return [text.count("\n", 0, found.start()) + 1 for found in STRONG_LOCK.finditer(text)]


def test_the_orm_locks_without_the_key() -> None:
    assert offences(bare_locks, product_files()) == []


def test_sql_locks_without_the_key() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in product_files("**/*.py", "**/*.sql")
        if (lines := strong_locks(path.read_text()))
    }
    assert found == {}


def test_planted_locks_are_found() -> None:
    planted = (
        "a.select_for_update()\n"
        "a.select_for_update(no_key=True)\n"
        "a.select_for_update(skip_locked=True)\n"
        "a.select_for_update(no_key=False)\n"
    )
    assert lines_found(bare_locks, planted) == [1, 3, 4]
    sql = "SELECT 1 FOR UPDATE\nSELECT 1 FOR NO KEY UPDATE\nSELECT 1 FOR UPDATE SKIP LOCKED\n"
    assert strong_locks(sql) == [1]
