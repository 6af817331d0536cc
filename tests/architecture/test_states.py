"""States change through `kernel.operations.change_state` alone (decision B4)."""

import ast
from collections.abc import Iterator

from tests.architecture.source import is_inside, lines_found, offences, product_files

# Where the one writer lives, and the job runs' own guarded updates.
WRITERS = ("billing_project/kernel",)


def state_writes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield `.update(state=…)`, `.bulk_update(…, ["state"])` and assignments to `….state`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if _updates_state(node, node.func.attr):
                yield node
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(one, ast.Attribute) and one.attr == "state" for one in targets):
                yield node


def _updates_state(call: ast.Call, method: str) -> bool:
    if method == "update":
        return any(word.arg == "state" for word in call.keywords)
    words = [word.value for argument in call.args for word in ast.walk(argument) if _is_text(word)]
    return method == "bulk_update" and "state" in words


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_nobody_else_writes_a_state() -> None:
    files = [path for path in product_files() if not is_inside(path, *WRITERS)]
    assert len(files) > 40
    assert offences(state_writes, files) == []


def test_planted_writes_are_found() -> None:
    planted = (
        "rows.filter(pk=1).update(state='active', at=now)\n"
        "service.state = 'active'\n"
        "rows.bulk_update(found, ['state'])\n"
        "rows.update(level=1)\n"
        "state = 'a local name'\n"
        "rows.create(state='new')\n"
    )
    assert sorted(lines_found(state_writes, planted)) == [1, 2, 3]
