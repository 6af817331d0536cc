"""Below the doors time is an argument; `recorded_at` is for auditors, no code decides by it (C8)."""

import ast
from collections.abc import Iterator

from tests.architecture.source import is_inside, lines_found, offences, product_files

CLOCKS = {"now", "today", "utcnow", "localdate"}
DECIDING = {"filter", "exclude", "order_by", "get", "values", "values_list", "aggregate"}


def clock_fields(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield `auto_now=…`, `auto_now_add=…` and a `default` that reads a clock."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.keyword):
            continue
        if node.arg in {"auto_now", "auto_now_add"} or (node.arg == "default" and _ticks(node)):
            yield node.value


def _ticks(word: ast.keyword) -> bool:
    value = word.value
    name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return name in CLOCKS


def decisions_by_audit(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield query calls that name `recorded_at`."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in DECIDING and any("recorded_at" in name for name in _names(node)):
            yield node


def _names(call: ast.Call) -> Iterator[str]:
    yield from (word.arg or "" for word in call.keywords)
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def test_no_field_reads_the_clock() -> None:
    assert offences(clock_fields, product_files()) == []


def test_nothing_is_decided_by_the_time_of_recording() -> None:
    files = [path for path in product_files() if not is_inside(path, "crm/admin")]
    assert offences(decisions_by_audit, files) == []


def test_planted_clocks_are_found() -> None:
    fields = (
        "a = DateTimeField(auto_now=True)\n"
        "b = DateTimeField(auto_now_add=True)\n"
        "c = DateTimeField(default=timezone.now)\n"
        "d = DateField(default=today)\n"
        "e = DateTimeField(db_default=Now())\n"
    )
    assert lines_found(clock_fields, fields) == [1, 2, 3, 4]
    queries = "rows.filter(recorded_at__lt=now)\nrows.order_by('-recorded_at')\nrows.filter(at=1)\n"
    assert lines_found(decisions_by_audit, queries) == [1, 2]
