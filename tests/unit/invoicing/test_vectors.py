"""Cases of other engines: ours all agree; what differs, isn't known or can't be read is named."""

import copy
import doctest
import json
from importlib import import_module
from io import StringIO
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from django.core.management import CommandError, call_command

import invoicing.domain
from billing_project.kernel.vectors import Result
from invoicing.domain.vectors import check_case
from invoicing.domain.vectors.comparing import differences
from invoicing.domain.vectors.models import MODELS

OWN = Path(__file__).parents[2] / "vectors" / "invoicing_own.json"
CASES: dict[str, Any] = {case["id"]: case for case in json.loads(OWN.read_bytes())}
DOMAIN = [
    found.name
    for found in walk_packages(invoicing.domain.__path__, "invoicing.domain.")
    if not found.ispkg
]


def changed(name: str, path: str, value: object) -> dict[str, Any]:
    """Return a case with one value put in its place, by its dotted path; None takes it out."""
    case: Any = copy.deepcopy(CASES[name])
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = case
    for part in way:
        inner = inner[part]
    inner[last] = value
    return case


@pytest.mark.parametrize("name", DOMAIN)
def test_the_examples_in_the_docs_are_true(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


@pytest.mark.parametrize("name", CASES)
def test_own_cases_agree(name: str) -> None:
    assert check_case(CASES[name]).reasons == ()


def test_every_model_has_a_case() -> None:
    assert {case["model"] for case in CASES.values()} == set(MODELS)


def test_the_command_counts_and_succeeds() -> None:
    out = StringIO()
    call_command("check_vectors", "invoicing", str(OWN), stdout=out)
    assert out.getvalue().splitlines() == [f"agree {len(CASES)}, disagree 0, unsupported 0"]


@pytest.mark.parametrize(
    ("name", "path", "value", "reason"),
    [
        ("a-month-in-parts", "expected.total", "410.01", 'total: "410.00", expected "410.01"'),
        ("a-month-in-parts", "expected.lines.1.amount", "-210.01", "none is"),
        ("a-month-in-parts", "expected.lines.1.colour", "red", "none is"),
        ("a-month-in-parts", "expected.lines", [], "lines: "),
        ("a-month-in-parts", "expected.documents.0.due", "0", "documents: none is"),
        ("anchor-31-a-year", "expected.periods.0.1", "2027-12-01", "periods[0][1]"),
        ("chain", "expected.total", None, "expected null"),
        ("void-refused", "expected.accepted", True, "accepted: false, expected true"),
        ("void-refused", "expected.accepted", 0, "accepted: false, expected 0"),
        ("grants-in-order", "expected.by_source", {"stolen": "1"}, "by_source.stolen: absent"),
        ("grants-in-order", "expected.by_source", "1", "by_source: "),
        ("refunded-stays-open", "events.2.invoice", "9", "refused: 9"),
        ("adjusted-line-gives-no-more-back", "events.1.line", 2, "refused: charge 2"),
        ("pause-retold", "events.1.sub", "S9", "refused: there is no service S9"),
        ("a-late-run-bills-all", "events.1.type", "resume", "refused: S1 is not paused"),
    ],
)
def test_a_wrong_figure_disagrees(name: str, path: str, value: object, reason: str) -> None:
    verdict = check_case(changed(name, path, value))
    assert (verdict.result, reason in verdict.reasons[0]) == (Result.DISAGREE, True)


def test_what_nobody_read_is_told_with_a_difference() -> None:
    case = changed("chain", "setup.loyalty", "gold")
    assert check_case(case).result is Result.AGREE
    case["expected"]["total"] = "1"
    assert check_case(case).reasons[1] == "not read: case.setup.loyalty"


@pytest.mark.parametrize(
    ("name", "path", "value", "key"),
    [
        ("chain", "model", "barter", "model barter"),
        ("chain", "expected.colour", "red", "colour"),
        ("a-month-in-parts", "conventions.day_count", "banker", "day_count: banker"),
        ("a-month-in-parts", "conventions.rounding", "dice", "rounding: dice"),
        ("a-month-in-parts", "conventions.period_end", "inclusive", "period_end"),
        ("a-month-in-parts", "events.1.policy", "whenever", "policy: whenever"),
        ("a-month-in-parts", "events.1.type", "upgrade", "event upgrade"),
        ("a-month-in-parts", "setup.plans.A.interval", "fortnight", "interval: fortnight"),
        ("the-oldest-unpaid-counts", "events.2.type", "barter", "type: barter"),
        ("chain", "setup.steps.0.op", "power", "op: power"),
    ],
)
def test_what_is_not_known_is_named(name: str, path: str, value: object, key: str) -> None:
    verdict = check_case(changed(name, path, value))
    assert (verdict.result, key in verdict.reasons[0]) == (Result.UNSUPPORTED, True)


@pytest.mark.parametrize(
    ("name", "path", "value", "reason"),
    [
        ("chain", "setup.list_price", None, "case.setup.list_price: is missing"),
        ("chain", "setup.list_price", "much", "'much' is no number"),
        ("chain", "setup.list_price", "NaN", "'NaN' is no number"),
        ("chain", "setup.list_price", True, "True is no number"),
        ("chain", "setup.steps", {}, "case.setup.steps: is no list"),
        ("chain", "setup.steps.0", "x", "case.setup.steps[0]: not an object"),
        ("chain", "timezone", "Mars/Olympus", "'Mars/Olympus' is not known"),
        ("chain", "timezone", "../etc", "is not known"),
        ("chain", "expected", {}, "case.expected: says nothing"),
        ("chain", "expected", None, "case.expected: says nothing"),
        ("a-month-in-parts", "events.0.at", "2026-02-30", "'2026-02-30' is no day"),
        ("a-month-in-parts", "events.0.anchor", 32, "32 is no day of a month"),
        ("a-month-in-parts", "events.0.anchor", "1.5", "1.5 is not whole"),
        ("a-month-in-parts", "events.0.bill", "no", "'no' is not true or false"),
        ("a-month-in-parts", "setup.plans.A.interval_count", 0, "0 is not positive"),
        ("thirty-days-a-month", "setup.rows.0.end", "2026-01-30", "is not after 2026-01-30"),
        ("thirty-days-a-month", "conventions.factor_scale", None, "factor_scale: is missing"),
        ("net-twenty", "setup.invoices.0.net_days", 9999999, "OverflowError"),
        ("half-paid-late", "events.0.type", "cancel_payment", "nothing was paid"),
        ("local-day", "events.0.at", "2026-01-31T25:00:00Z", "is no moment"),
        (
            "graduated-mid",
            "setup.tiers.1.up_to",
            "5",
            "case.setup.tiers: ranges.2.up_to: not_ascending",
        ),
    ],
)
def test_what_can_not_be_read_is_told_by_its_place(name, path, value, reason) -> None:
    verdict = check_case(changed(name, path, value))
    assert (verdict.result, reason in verdict.reasons[0]) == (Result.UNREADABLE, True)


@pytest.mark.parametrize("case", [None, [], "case", {}, {"id": "x", "model": "chain"}])
def test_what_is_no_case_is_unreadable(case: object) -> None:
    assert check_case(case).result is Result.UNREADABLE


@pytest.mark.parametrize("text", ["{", "{}", "\xff"])
def test_a_file_without_cases_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text, encoding="latin-1")
    with pytest.raises(CommandError, match=r"bad\.json"):
        call_command("check_vectors", "invoicing", str(tmp_path / "bad.json"))


@pytest.mark.parametrize(
    ("path", "value", "summary"),
    [
        ("expected.total", "1", "agree 0, disagree 1, unsupported 0"),
        ("setup", None, "agree 0, disagree 0, unsupported 0, unreadable 1"),
    ],
)
def test_the_command_fails_where_a_case_differs(tmp_path, path, value, summary) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([changed("chain", path, value)]))
    out = StringIO()
    with pytest.raises(CommandError, match=summary):
        call_command("check_vectors", "invoicing", str(file), stdout=out)
    assert out.getvalue().startswith("chain: ")


def test_what_is_not_supported_is_told_and_fails_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([changed("chain", "model", "barter")]))
    out = StringIO()
    call_command("check_vectors", "invoicing", str(file), stdout=out)
    assert out.getvalue().splitlines() == [
        "chain: unsupported: model barter",
        "agree 0, disagree 0, unsupported 1",
    ]


class TestLists:
    """Lines are multisets of which only some keys are told."""

    def test_the_vague_leave_the_exact_theirs(self) -> None:
        found = [{"sub": "A", "amount": 1}, {"sub": "A", "amount": 2}]
        assert not list(differences({"lines": [{"sub": "A"}, {"amount": "1.0"}]}, {"lines": found}))

    def test_one_can_not_stand_for_two(self) -> None:
        found = [{"sub": "A", "amount": 1}, {"sub": "B", "amount": 2}]
        wanted = {"lines": [{"sub": "A"}, {"amount": "1"}]}
        assert len(list(differences(wanted, {"lines": found}))) == 1

    def test_other_lists_have_an_order(self) -> None:
        assert list(differences({"terms": ["a", "b"]}, {"terms": ["b", "a"]})) != []
