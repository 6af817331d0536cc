"""
Measurements against baselines of the same run: `python -m bench [part …]`, all parts without one.

A part is a module here with `measure(setting)`; it tells figures, some of them with a gate.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from bench.setting import DATABASE, Setting, in_own_database, options_of, scratch

#: In the order in which they run: later ones compare with rates of earlier ones.
PARTS: Final = [
    name
    for name in (
        *("rating", "core", "sql", "charging", "posting"),
        *("fees", "bills", "pdf", "registry", "loop"),
    )
    if find_spec(f"bench.{name}")
]


def main() -> int:
    """Measure in a database of its own, made and dropped here."""
    options = options_of(None, parts=PARTS)
    if DATABASE not in os.environ:
        return in_own_database(sys.argv[1:])
    import django

    django.setup()
    from bench.world import set_up

    with scratch() as folder:
        setting = Setting(options, folder)
        os.environ["RETEL_ARCHIVE_DIR"] = str(folder / "archive")
        set_up(subscribers=options.subscribers, prefixes=options.prefixes)
        for name in options.parts or PARTS:
            print(f"— {name}", flush=True)
            import_module(f"bench.{name}").measure(setting)
    missed = [figure for figure in setting.figures if figure.passes is False]
    gates = sum(figure.passes is not None for figure in setting.figures)
    print(f"{gates - len(missed)} of {gates} gates passed")
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
