"""
Where the services are: the environment first, then what the launcher left in `.state/services.json`.
"""

import json
import os
from pathlib import Path

STATE_FILE = Path(__file__).resolve().parents[2] / ".state" / "services.json"


def database_url() -> str:
    """Return the PostgreSQL address, or an address that nobody answers at."""
    return os.environ.get("DATABASE_URL") or _noted("DATABASE_URL") or "postgresql://127.0.0.1:1/none"


def redis_url() -> str:
    """Return the Valkey address, or an empty string: then nudges are no-ops."""
    return os.environ.get("REDIS_URL") or _noted("REDIS_URL")


def _noted(name: str) -> str:
    try:
        noted: dict[str, str] = json.loads(STATE_FILE.read_text())
    except (OSError, ValueError):
        return ""
    return noted.get(name, "")
