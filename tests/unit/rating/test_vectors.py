"""Cases of other engines: ours all agree, differences and what isn't known are named."""

import copy
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing_project.kernel.vectors import Result
from rating.domain.vectors import check_case

OWN = Path(__file__).parents[2] / "vectors" / "rating_own.json"
CASES: dict[str, Any] = {case["id"]: case for case in json.loads(OWN.read_bytes())}


def changed(name: str, path: str, value: object) -> dict[str, Any]:
    """Return a case with one value put in its place, by its dotted path."""
    case: Any = copy.deepcopy(CASES[name])
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = case
    for part in way:
        inner = inner[part]
    inner[last] = value
    return case


@pytest.mark.parametrize("name", CASES)
def test_own_cases_agree(name: str) -> None:
    assert check_case(CASES[name]).reasons == ()


def test_the_command_counts_and_succeeds() -> None:
    out = StringIO()
    call_command("check_vectors", "rating", str(OWN), stdout=out)
    assert out.getvalue().splitlines() == [f"agree {len(CASES)}, disagree 0, unsupported 0"]


@pytest.mark.parametrize(
    ("name", "path", "value", "reason"),
    [
        ("zone-longest", "expected.cost", "2.01", "cost 2, expected 2.01"),
        ("zone-longest", "expected.zone", "LONG", "zone HOME"),
        ("zone-longest", "expected.status", "unrated", "status rated"),
        ("zone-longest", "expected.billed_seconds", 60, "billed_seconds 120"),
        ("allowance-own-step", "expected.allowance_after.m", "1", "allowance_after m 0"),
        ("balances", "expected.balance_after.gift", "1", "balance_after gift 0"),
        ("prepaid", "expected.max_seconds", 5, "max_seconds"),
        ("band-tie-first-listed", "expected.segments.0.rate", "two", "segments ['one']"),
        ("band-tie-first-listed", "expected.segments.0.amount", "1", "segment 1 one amount 5"),
    ],
)
def test_a_wrong_figure_disagrees(name: str, path: str, value: object, reason: str) -> None:
    verdict = check_case(changed(name, path, value))
    assert (verdict.result, reason in verdict.reasons[0]) == (Result.DISAGREE, True)


@pytest.mark.parametrize(
    ("name", "path", "value", "key"),
    [
        ("zone-longest", "rate_plan.happy_hour", 1, "rate_plan.happy_hour"),
        ("zone-longest", "rate_plan.rates.0.tiers.0.until", 60, "rates[0].tiers[0].until"),
        ("zone-longest", "expected.colour", "red", "expected.colour"),
        ("zone-longest", "kind", "telex", "kind"),
        ("zone-longest", "timezone", "Mars/Olympus", "timezone"),
        ("zone-longest", "call.start", "2024-05-14T12:00:00", "call.start"),
        ("zone-longest", "rate_plan.rates.0.tiers", [], "tiers"),
        ("zone-longest", "rate_plan.rates.0.connect_fee", "-1", "connect_fee"),
        ("round-up-2", "rate_plan.rounding.method", "bankers", "rounding.method"),
        ("cap", "rate_plan.max_cost.strategy", "warn", "max_cost.strategy"),
        ("graduated-10", "rate_plan.ranges.0.colour", 1, "ranges.1.colour"),
        ("graduated-10", "rate_plan.model", "barter", "model"),
    ],
)
def test_what_is_not_known_is_named(name: str, path: str, value: object, key: str) -> None:
    verdict = check_case(changed(name, path, value))
    assert (verdict.result, key in verdict.reasons[0]) == (Result.UNSUPPORTED, True)


@pytest.mark.parametrize("case", [None, [], "case", {}, {"id": "x", "kind": "voice"}])
def test_what_is_no_case_is_unsupported(case: object) -> None:
    assert check_case(case).result is Result.UNSUPPORTED


@pytest.mark.parametrize("text", ["{", "{}", "\xff"])
def test_a_file_without_cases_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text, encoding="latin-1")
    with pytest.raises(CommandError, match=r"bad\.json"):
        call_command("check_vectors", "rating", str(tmp_path / "bad.json"))


def test_the_command_fails_where_a_case_differs(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([changed("zone-longest", "expected.cost", "1")]))
    out = StringIO()
    with pytest.raises(CommandError, match="disagree 1"):
        call_command("check_vectors", "rating", str(file), stdout=out)
    assert out.getvalue().startswith("zone-longest: disagree: cost 2, expected 1\n")


@pytest.mark.parametrize(
    ("expected", "result"),
    [
        ({"max_seconds": 0, "cost": "0"}, Result.AGREE),
        ({"max_seconds": 0, "status": "unrated"}, Result.AGREE),
        ({"max_seconds": 0, "status": "rated"}, Result.DISAGREE),
        ({"max_seconds": 1}, Result.DISAGREE),
    ],
)
def test_a_prepaid_session_without_a_price_lasts_no_time(
    expected: dict[str, Any], result: Result
) -> None:
    case = changed("prepaid", "rate_plan.rates", [])
    assert check_case({**case, "expected": expected}).result == result
