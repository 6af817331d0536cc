"""`make check`: run every static check, say what failed, exit non-zero if any did."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Settings as an operator in production has them; no check connects to the database.
PRODUCTION = {
    "DATABASE_URL": "postgresql://retel@127.0.0.1:1/retel",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "RETEL_SECRET_KEY": "only-the-checks-use-this-key-which-is-long-enough-for-Django-0123456789",
    "RETEL_NET_TOKEN": "only-the-checks-use-this-token",
    "RETEL_DOCUMENT_KEYS": "only-the-checks-use-this-key-of-documents",
    "RETEL_ALLOWED_HOSTS": "billing.example",
    "RETEL_HTTPS": "True",
    # makemigrations would say that it could not look at the history of a database that isn't there.
    "PYTHONWARNINGS": "ignore::RuntimeWarning",
}
IMPORT_LINTER = "from importlinter.cli import lint_imports_command as run; run()"
CHECKS = {
    "ruff": ["-m", "ruff", "check", "--quiet", "."],
    "format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "types": ["-m", "mypy", "."],
    "imports": ["-c", IMPORT_LINTER, "--no-cache"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "deployment": ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "messages": ["tools/compile_messages.py", "--check"],
}


def main() -> int:
    """Run the checks named in the arguments, or all."""
    names = sys.argv[1:] or list(CHECKS)
    failed = [name for name in names if not passes(name)]
    print(f"{len(names) - len(failed)} of {len(names)} checks passed", end="")
    print(f"; failed: {', '.join(failed)}" if failed else "")
    return 1 if failed else 0


def passes(name: str) -> bool:
    """Run one check; print its output only if it fails."""
    started = time.monotonic()
    tried = subprocess.run(
        [sys.executable, *CHECKS[name]],
        cwd=ROOT,
        env={**os.environ, **PRODUCTION},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    is_good = tried.returncode == 0
    print(f"{name:<11} {'ok' if is_good else 'FAILED':<6} {time.monotonic() - started:5.1f} s")
    if not is_good:
        print(tried.stdout)
    return is_good


if __name__ == "__main__":
    sys.exit(main())
