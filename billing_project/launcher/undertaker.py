"""
Ends what the launcher started when the launcher itself was killed with -9.

The kernel's signal at a parent's death reaches the processes the launcher made, not those they made
in turn. This process learns every process group over its standard input; the end of the input means
that the launcher is gone, and what still runs after a grace is killed, group by group. A launcher
that stopped everything itself says so with its last line.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import Final

GRACE_SECONDS: Final = 8.0
ALL_STOPPED: Final = "all stopped"


def main(lines: Iterable[str] = sys.stdin) -> None:
    """Take in process groups, one a line, until the input ends; then see them off."""
    told = [line.strip() for line in lines]
    if told and told[-1] == ALL_STOPPED:
        return
    groups = [int(line) for line in told]
    deadline = time.monotonic() + GRACE_SECONDS
    while any(_lives(group) for group in groups):
        if time.monotonic() > deadline:
            for group in groups:
                _signal(group, signal.SIGKILL)
            return
        time.sleep(0.1)


def _lives(group: int) -> bool:
    return _signal(group, 0)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    # For this process alone: whoever calls main() may have children that must hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
