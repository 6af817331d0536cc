"""docker-compose.yml read as data: what runs in production is what the launcher runs."""

import re
import shlex
from typing import Any

import pytest
import yaml

from billing_project.launcher import product
from tests.architecture.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "net", "worker", "rating", "beat")
KEYS = {
    *("image", "build", "restart", "environment", "volumes", "depends_on", "logging", "command"),
    *("ports", "healthcheck", "shm_size", "stop_signal", "stop_grace_period"),
}
SETTING = re.compile(r'env\.\w+\(\s*"(RETEL_\w+)"')


def variables(text: str) -> set[str]:
    """Return the names a compose file takes from its environment."""
    return set(re.findall(r"(?<!\$)\$\{(\w+)", text))


def option(command: list[str], name: str) -> str:
    """Return the word after an option."""
    return command[command.index(name) + 1]


def test_every_process_and_service_is_there() -> None:
    assert set(SERVICES) == {"postgres", "pgbouncer", "valkey", "migrate", *OURS}
    assert {program.name for program in product.programs(web_port=1, net_port=2)} == set(OURS)


@pytest.mark.parametrize("name", SERVICES)
def test_only_known_keys_and_pinned_images(name: str) -> None:
    assert set(SERVICES[name]) <= KEYS
    assert ":" in SERVICES[name]["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_refers_to_exists(name: str) -> None:
    assert set(SERVICES[name].get("depends_on", {})) <= set(SERVICES)
    volumes = {volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])}
    assert volumes <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_a_process_starts_after_the_migrations(name: str) -> None:
    migrated = SERVICES[name]["depends_on"]["migrate"]
    assert migrated == {"condition": "service_completed_successfully"}


def test_rating_is_never_forked_and_the_others_serve_the_rest() -> None:
    rating, worker = SERVICES["rating"]["command"], SERVICES["worker"]["command"]
    assert (option(rating, "--queues"), option(rating, "--pool")) == ("rating", "solo")
    assert option(worker, "--queues") == ",".join(product.QUEUES)
    assert int(option(worker, "--max-tasks-per-child")) > 0


@pytest.mark.parametrize("name", ["web", "net"])
def test_servers_serve_the_same_application_as_the_launcher(name: str) -> None:
    by_name = {program.name: program for program in product.programs(web_port=1, net_port=2)}
    target = (
        "billing_project.wsgi:application"
        if name == "web"
        else "billing_project.net_wsgi:application"
    )
    assert target in SERVICES[name]["command"]
    assert target in by_name[name].command
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_only_short_transactions_go_through_pgbouncer() -> None:
    used = {name: SERVICES[name]["environment"]["DATABASE_URL"] for name in (*OURS, "migrate")}
    direct = {name for name, url in used.items() if "@postgres:5432/" in url}
    assert direct == {"net", "migrate"}
    assert all("@pgbouncer:6432/" in used[name] for name in set(OURS) - direct)
    assert SERVICES["pgbouncer"]["environment"]["POOL_MODE"] == "transaction"


def test_settings_named_here_are_read_by_the_settings() -> None:
    known = set(SETTING.findall((ROOT / "billing_project" / "settings.py").read_text()))
    named = {name for name in COMPOSE["x-retel"]["environment"] if name.startswith("RETEL_")}
    assert named - known == set()


def test_the_example_of_the_environment_names_every_required_variable() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{(\w+):\?", text))
    example = (ROOT / "deploy.env.example").read_text()
    offered = {line.split("=")[0] for line in example.splitlines() if re.match(r"\w+=", line)}
    assert required <= offered
    assert offered <= variables(text)


def test_the_image_installs_what_is_pinned_and_drops_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if re.match(r"[A-Z]+ ", line)]
    assert steps[0][0] == "FROM"
    assert ["USER", "retel"] in steps
    installs = [shlex.split(words) for step, words in steps if step == "RUN" and "pip" in words]
    assert installs == [["pip", "install", "--disable-pip-version-check", "-r", "requirements.txt"]]
