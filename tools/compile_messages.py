"""
Compile every django.po into the django.mo beside it, without the gettext programs.

`--check` compiles nothing and fails if a catalogue in the tree is older than its source.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import mofile, pofile

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ("*/locale/*/LC_MESSAGES/*.po", "*/*/locale/*/LC_MESSAGES/*.po", "locale/*/*/*.po")


def main() -> int:
    """Compile or check; return the number of stale catalogues when checking."""
    is_check = "--check" in sys.argv[1:]
    stale = [source for source in sources() if not is_fresh(source)]
    for source in stale:
        target = source.with_suffix(".mo")
        if not is_check:
            target.write_bytes(compiled(source))
        print(f"{'stale' if is_check else 'compiled'}: {target.relative_to(ROOT)}")
    return len(stale) if is_check else 0


def sources() -> list[Path]:
    """Return every catalogue of the project."""
    found = (ROOT.glob(pattern) for pattern in PATTERNS)
    return sorted(path for paths in found for path in paths)


def is_fresh(source: Path) -> bool:
    """Return whether the compiled catalogue says what its source says."""
    target = source.with_suffix(".mo")
    return target.exists() and target.read_bytes() == compiled(source)


def compiled(source: Path) -> bytes:
    """Return the bytes of the compiled catalogue; fuzzy entries are left out."""
    with source.open("rb") as file:
        catalogue = pofile.read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    # A source without dates gets the present minute, and would never be fresh.
    catalogue.creation_date = catalogue.revision_date = UNDATED
    buffer = io.BytesIO()
    mofile.write_mo(buffer, catalogue)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
