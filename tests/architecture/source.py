"""The product's own source files, as text and as syntax trees."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    *("tariffs", "accounts", "provisioning", "rating", "invoicing", "dunning", "notifications"),
    *("crm", "portal", "migration_tools", "billing_project"),
)
Finder = Callable[[ast.AST], Iterator[ast.AST]]


def product_files(*patterns: str) -> list[Path]:
    """Return the files of all apps that match (`**/*.py` when nothing is said), in order."""
    found = (
        path for app in APPS for one in patterns or ("**/*.py",) for path in (ROOT / app).glob(one)
    )
    return sorted(set(found))


def offences(finder: Finder, files: list[Path]) -> list[str]:
    """Return `file:line` of everything the finder yields in the files."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in files
        for node in finder(ast.parse(path.read_text()))
    ]


def lines_found(finder: Finder, text: str) -> list[int]:
    """Return the lines of a piece of source that the finder objects to."""
    return [getattr(node, "lineno", 0) for node in finder(ast.parse(text))]


def is_inside(path: Path, *folders: str) -> bool:
    """Return whether a file lies in one of the folders, given from the root."""
    return any((ROOT / folder) in (path, *path.parents) for folder in folders)
