"""
The launcher's command line.

`services` keeps PostgreSQL and Valkey running; `run` the whole product; `demo` the product with an
invented operator in it; `exec -- CMD …` gives a command the services (`--test`: throw-away ones that never wait for the
disk, `--bench`: throw-away ones set up like the kept);
`stop` ends the launcher that runs; `clean` removes what was kept.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from billing_project.launcher import product, running, state
from billing_project.launcher.processes import is_listening
from billing_project.launcher.services import kept_services, stop_running, throw_away_services
from billing_project.launcher.supervisor import Supervisor

# Static files are found where they lie, and root is who asked us to run.
_EXPECTED = "ignore:No directory at,ignore:You're running the worker with superuser privileges"
_MANAGE = [sys.executable, "manage.py"]


def main() -> int:
    """Carry out one command; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    arguments = _parser().parse_args()
    try:
        code: int = arguments.command(arguments)
    except KeyboardInterrupt:
        return 130
    return code


def _interrupt(number: int, frame: FrameType | None) -> None:
    # One way to stop: everything that is open closes itself on the way out.
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="billing_project.launcher", description=__doc__)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("services").set_defaults(command=_services)
    commands.add_parser("run").set_defaults(command=_run)
    demo = commands.add_parser("demo")
    demo.add_argument("--subscribers", type=int, default=2000)
    demo.add_argument("--days", type=int, default=92)
    demo.set_defaults(command=_demo)
    execute = commands.add_parser("exec")
    execute.add_argument("--test", action="store_true", help="throw-away services, fast")
    execute.add_argument("--bench", action="store_true", help="throw-away services, durable")
    execute.add_argument("words", nargs="+", metavar="CMD")
    execute.set_defaults(command=_execute)
    commands.add_parser("stop").set_defaults(command=_stop)
    commands.add_parser("clean").set_defaults(command=_clean)
    return parser


def _services(_: argparse.Namespace) -> int:
    with kept_services():
        print(
            "PostgreSQL and Valkey are running; `manage.py` finds them. Ctrl-C stops them.",
            flush=True,
        )
        try:
            while True:
                # Not pause(): a signal between Python's check and the call would be slept through.
                time.sleep(0.5)
        except KeyboardInterrupt:
            print("\nStopping …", flush=True)
    return 0


def _run(_: argparse.Namespace) -> int:
    with kept_services() as addresses:
        env = _environment(addresses)
        _step("Database", [*_MANAGE, "migrate", "--verbosity", "0"], env)
        return _supervise(env)


def _demo(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    seed = ["--subscribers", str(arguments.subscribers), "--days", str(arguments.days)]
    with kept_services() as addresses:
        env = _letters_in_files(_environment(addresses))
        _step("Database", [*_MANAGE, "migrate", "--verbosity", "0"], env)
        _step("Demo operator", [*_MANAGE, "seed_demo", *seed, "--if-empty"], env)
        _step("Night", [*_MANAGE, "nightly"], env)
        print(f"Ready after {time.monotonic() - started:.0f} s", flush=True)
        return _supervise(env)


def _execute(arguments: argparse.Namespace) -> int:
    is_throw_away = arguments.test or arguments.bench
    services = throw_away_services(is_fast=arguments.test) if is_throw_away else kept_services()
    with services as addresses:
        return _call(arguments.words, {**os.environ, **addresses})


def _stop(_: argparse.Namespace) -> int:
    print(stop_running())
    return 0


def _clean(_: argparse.Namespace) -> int:
    stop_running()
    for folder in (state.system_data(running.STATE_DIR), running.STATE_DIR):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _environment(addresses: dict[str, str]) -> dict[str, str]:
    return {"PYTHONWARNINGS": _EXPECTED, **os.environ, **product.own_secrets(), **addresses}


def _letters_in_files(env: dict[str, str]) -> dict[str, str]:
    """The invented subscribers' mail goes into a folder, unless there is a server to take it."""
    if "RETEL_EMAIL_HOST" in env:
        return env
    return {"RETEL_EMAIL_FOLDER": str(running.STATE_DIR / "mail"), **env}


def _step(title: str, command: Sequence[str], env: dict[str, str]) -> None:
    started = time.monotonic()
    print(f"{title} …", flush=True)
    code = _call(command, env)
    if code != 0:
        sys.exit(f"{title}: `{' '.join(command[1:])}` ended with code {code}")
    print(f"{title}: {time.monotonic() - started:.1f} s", flush=True)


def _call(command: Sequence[str], env: dict[str, str]) -> int:
    """Run a command in the foreground, so that the terminal's Ctrl-C reaches it too."""
    process = subprocess.Popen(command, env=env, cwd=state.ROOT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def _supervise(env: dict[str, str]) -> int:
    web, net = product.choose_ports()
    supervisor = Supervisor(
        product.programs(web_port=web, net_port=net), env=env, cwd=str(state.ROOT)
    )
    return supervisor.run(each_round=_announcement(web, net))


class _announcement:  # noqa: N801 - a function with a memory
    """Say once, when the web process answers, where everything is."""

    def __init__(self, web: int, net: int) -> None:
        self.web, self.net, self.is_made = web, net, False

    def __call__(self) -> None:
        if self.is_made or not is_listening(self.web):
            return
        self.is_made = True
        host = os.environ.get("RETEL_HOST", "127.0.0.1")
        print(f"\n  Self-service     http://{host}:{self.web}/")
        print(f"  CRM              http://{host}:{self.web}/crm/")
        print(f"  Network doors    http://{host}:{self.net}/")
        logins = running.STATE_DIR / "demo_logins.txt"
        if logins.exists():
            print("".join(f"  {line}\n" for line in logins.read_text().splitlines()), end="")
        print("  Ctrl-C stops everything.\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
