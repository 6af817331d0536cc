"""
Where the services are: the environment first, then what the launcher left in `.state/services.json`.

The launcher holds a lock on `.state/services.lock` for as long as it lives, so a note left behind by
a killed launcher is recognised by the lock being free. Standard library only: settings import this.
"""

import fcntl
import json
import os
from pathlib import Path

STATE_DIR = Path(
    os.environ.get("RETEL_STATE_DIR") or Path(__file__).resolve().parents[2] / ".state"
)
NOTE = "services.json"
LOCK = "services.lock"
# Nobody answers here: commands that need no database work, the others end in HOW_TO_START.
NO_DATABASE = "postgresql://127.0.0.1:1/none"
HOW_TO_START = (
    "PostgreSQL is not running: start it with `make services` (in another terminal), "
    "or set DATABASE_URL."
)


def database_url() -> str:
    """Return the PostgreSQL address, or an address that nobody answers at."""
    return os.environ.get("DATABASE_URL") or noted().get("DATABASE_URL") or NO_DATABASE


def redis_url() -> str:
    """Return the Valkey address, or an empty string: then nudges are no-ops."""
    return os.environ.get("REDIS_URL") or noted().get("REDIS_URL") or ""


def is_missing() -> bool:
    """Return whether there is no database to talk to: none named, none started."""
    return database_url() == NO_DATABASE


def noted(state_dir: Path = STATE_DIR) -> dict[str, str]:
    """Return what the living launcher wrote down, nothing if none lives or it isn't ours to read."""
    if not is_held(state_dir):
        return {}
    try:
        note: dict[str, str] = json.loads((state_dir / NOTE).read_text())
    except (OSError, ValueError):
        return {}
    return note


def is_held(state_dir: Path = STATE_DIR) -> bool:
    """Return whether a launcher lives, be it starting up or stopping."""
    try:
        with (state_dir / LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
