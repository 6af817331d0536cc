"""
The night over 8,000 subscribers and 300,000 usage records, in real processes; over 20,000 and a
million with RETEL_NIGHT_RECORDS=1000000.

The sum charged is, to the kopeck, that of the plain Decimal program which reads the same files; a
second run changes no row; killed with -9 on the way and run again, the books are those of a twin
that nobody disturbed.
"""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.domain.kinds import Kind
from tariffs.domain.deck import UsageKind
from tests.faults.night_twins import BOOKS, DAY, TIMEOUT, Twin

pytestmark = pytest.mark.xdist_group("night")

#: May 2025: eight public holidays among its working days, calls in every band.
RECORDS = int(os.environ.get("RETEL_NIGHT_RECORDS", "300000"))
SUBSCRIBERS = max(RECORDS // 50, 8_000)
#: Of a subscriber and day; a little more than asked for comes of it.
PER_DAY = 0.029 * RECORDS / SUBSCRIBERS
SEED = (
    *(
        "seed_demo",
        "--subscribers",
        str(SUBSCRIBERS),
        "--days",
        "31",
        "--seed",
        "7",
        "--no-history",
    ),
    *("--records-per-day", f"{PER_DAY:.3f}", "--last-day", DAY.isoformat()),
)
FILES = 5 * 31

#: Where the night is killed: a part of the step's work committed, or (fees) all of it on the way.
RUNNING = "SELECT 1 FROM kernel_jobrun WHERE step = '{}' AND state = 'running'"
MOMENTS = {
    "price": f"SELECT EXISTS ({RUNNING.format('price')} AND rows_done > 0)",
    "post": f"SELECT EXISTS ({RUNNING.format('post')} AND rows_done > 0)",
    "fees": f"SELECT EXISTS ({RUNNING.format('fees')})",
    "bills": f"SELECT EXISTS ({RUNNING.format('bills')}) AND EXISTS (SELECT 1 FROM invoicing_bill)",
}
UNFINISHED = "SELECT step FROM kernel_jobrun WHERE state <> 'done'"

CHARGED = "SELECT account_id, kind, sum(amount), count(*) FROM rating_pricedusage GROUP BY 1, 2"
POSTED = "SELECT account_id, kind, -sum(amount) FROM accounts_ledgerentry WHERE kind = ANY(%s) GROUP BY 1, 2"
REPORTED = """
    SELECT sum(records), sum(priced), sum(duplicates), sum(not_charged), sum(suspended)
      FROM rating_usagefile
"""
SUSPENDED = "SELECT reason, count(*) FROM rating_suspenserecord GROUP BY 1"
LEDGER_KIND = {
    "voice": Kind.USAGE_VOICE,
    "sms": Kind.USAGE_SMS,
    "data": Kind.USAGE_DATA,
    "session": Kind.USAGE_SESSION,
}
Sums = dict[tuple[int, str], Decimal]


@dataclass(frozen=True)
class Operator:
    """The base, which keeps its empty books, and two twins of it."""

    base: Twin
    undisturbed: Twin
    killed: Twin


@pytest.fixture(scope="module")
def operator(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The operator with the files of its month, three times; the night hasn't come yet."""
    folder = tmp_path_factory.mktemp("night")
    # No test uses the test database itself, so it may not be there: only its name is taken.
    name = str(connection.settings_dict["NAME"]).removeprefix("test_")
    twins = [
        Twin(f"test_{name}_night_{role}", folder) for role in ("base", "undisturbed", "killed")
    ]
    try:
        for twin in twins:
            twin.drop()
        base, *others = twins
        base.made().manage(*SEED)
        yield Operator(base, *(twin.made_of(base) for twin in others))
    finally:
        for twin in twins:
            twin.drop()


@pytest.fixture(scope="module")
def undisturbed(operator: Operator) -> Twin:
    """The twin whose night nobody disturbed."""
    operator.undisturbed.close_day()
    return operator.undisturbed


@pytest.fixture(scope="module")
def plain(operator: Operator) -> dict[str, Any]:
    """What the plain program says of the same files; it never sees a night's books."""
    output = operator.base.folder / "plain.json"
    words = ("-m", "tests.oracle.charge", str(operator.base.folder / "usage"))
    process = operator.base.start(*words, output=output)
    assert process.wait(TIMEOUT) == 0, output.read_text()
    answer: dict[str, Any] = json.loads(output.read_text())
    return answer


@pytest.fixture(scope="module")
def killed(operator: Operator) -> Twin:
    """The twin whose night was killed at every moment in turn, then left to end."""
    twin = operator.killed
    for step, moment in MOMENTS.items():
        assert twin.kill_at(moment) == -signal.SIGKILL, f"{step} was over before it was killed"
        assert twin.ask(UNFINISHED) == [(step,)]
    twin.close_day()
    return twin


def plain_sums(plain: dict[str, Any]) -> Sums:
    """Return the plain program's sums."""
    return {(account, kind): Decimal(total) for account, kind, total in plain["sums"]}


def charged_sums(twin: Twin) -> Sums:
    """Return what the priced rows come to."""
    return {(account, UsageKind(kind).code): total for account, kind, total, _ in twin.ask(CHARGED)}


def posted_sums(twin: Twin) -> Sums:
    """Return what the ledger says of usage."""
    kinds = {int(kind): code for code, kind in LEDGER_KIND.items()}
    rows = twin.ask(POSTED, [list(kinds)])
    return {(account, kinds[kind]): total for account, kind, total in rows}


class TestNight:
    """The night nobody disturbs, and the second run of it."""

    def test_charges_every_account_what_the_plain_program_says(
        self, undisturbed: Twin, plain: dict[str, Any]
    ) -> None:
        expected = plain_sums(plain)
        charged = charged_sums(undisturbed)
        assert charged == expected
        assert sum(charged.values()) == sum(expected.values()) > 3 * RECORDS

    def test_posts_every_account_what_the_plain_program_says(
        self, undisturbed: Twin, plain: dict[str, Any]
    ) -> None:
        # A sum of zero makes no entry.
        expected = {key: total for key, total in plain_sums(plain).items() if total}
        assert posted_sums(undisturbed) == expected

    def test_counts_every_line_as_the_plain_program_does(
        self, undisturbed: Twin, plain: dict[str, Any]
    ) -> None:
        names = ("lines", "priced", "duplicates", "not_charged", "suspense")
        assert undisturbed.ask(REPORTED) == [tuple(plain[name] for name in names)]
        assert plain["priced"] >= RECORDS
        assert all(plain[name] > RECORDS // 1000 for name in names)
        suspended = dict(undisturbed.ask(SUSPENDED))
        assert sorted(suspended.values()) == sorted(plain["suspense_by_reason"].values())

    def test_changes_no_row_when_it_is_run_again(self, undisturbed: Twin) -> None:
        before = undisturbed.checksums()
        again = undisturbed.close_day()
        assert f"seen before: {FILES}" in again
        assert "new files: 0" in again
        assert undisturbed.checksums() == before
        assert before["rating_pricedusage"][0] >= RECORDS

    def test_keeps_every_promise(self, undisturbed: Twin) -> None:
        assert undisturbed.manage("check_invariants", "--quiet") == "All promises hold.\n"


class TestNightKilledOnTheWay:
    """The night killed with -9 at four points and run again, beside its undisturbed twin."""

    @pytest.mark.parametrize("name", BOOKS)
    def test_ends_with_the_books_of_its_twin(
        self, name: str, killed: Twin, undisturbed: Twin
    ) -> None:
        own, others = killed.book(name), undisturbed.book(name)
        assert own == others
        assert own or name == "events unread"

    def test_numbers_its_bills_without_holes(self, killed: Twin) -> None:
        numbers = sorted(number for *_, number in killed.book("numbers of bills"))
        accounts = [account for account, *_ in killed.book("bills")]
        assert numbers == list(range(1, len(accounts) + 1))
        # The operator began in this month: nobody gets a bill for the years before.
        assert len(accounts) == len(set(accounts)) == len(killed.book("balances"))

    def test_keeps_every_promise(self, killed: Twin) -> None:
        assert killed.manage("check_invariants", "--quiet") == "All promises hold.\n"
