"""Money is Decimal or integers: no float, by name or by literal, where it is computed or stored."""

import ast
from collections.abc import Iterator

from tests.architecture.source import is_inside, lines_found, offences, product_files

MONEY = (
    *("domain/**/*.py", "domain.py", "operations/**/*.py", "operations.py"),
    *("queries/**/*.py", "queries.py", "models/**/*.py", "models.py"),
)
MONEY_APPS = ("tariffs", "accounts", "rating", "invoicing", "dunning")
KERNEL = ("billing_project/kernel/money.py", "billing_project/kernel/operations")


def floats(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every float literal and every mention of the builtin."""
    for node in ast.walk(tree):
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if is_literal or (isinstance(node, ast.Name) and node.id == "float"):
            yield node


def test_money_code_has_no_floats() -> None:
    files = [path for path in product_files(*MONEY) if is_inside(path, *MONEY_APPS)]
    files += [path for path in product_files() if is_inside(path, *KERNEL)]
    assert len(files) > 20
    assert offences(floats, files) == []


def test_a_planted_float_is_found() -> None:
    planted = "rate = 0.5\nshare = float(total)\ndef f(x: float) -> int: ...\nfine = 1 / 2\n"
    assert sorted(lines_found(floats, planted)) == [1, 2, 3]
