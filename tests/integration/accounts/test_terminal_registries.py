"""A terminal's daily registry beside what we have: every line has its outcome, again no change."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts import queries
from accounts.formats.terminal_registry import UnreadableRegistry
from accounts.models import Account, PaymentNotice, Terminal, TerminalRegistry, TerminalRegistryLine
from accounts.operations.terminals import registries
from accounts.queries.terminals import count_outcomes
from tests import people
from tests.machines import Machine, terminal
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


@pytest.fixture
def machine() -> Machine:
    return terminal()[1]


def deliver(text: str, *, on: date = TODAY, name: str = "r.csv") -> TerminalRegistry:
    return registries.receive_registry(
        terminal_id=Terminal.objects.get().pk, on=on, data=text.encode(), file_name=name, now=NOON,
        actor=CLERK,
    )  # fmt: skip


def line(txn_id: str, account: str, amount: str = "100.00", when: str = "20261102120000") -> str:
    return f"{txn_id};{when};{account};{amount}\n"


def outcomes(registry: TerminalRegistry) -> dict[str, str]:
    rows = TerminalRegistryLine.objects.filter(registry=registry)
    return dict(rows.values_list("external_id", "outcome"))


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def story(machine: Machine, bob: Account) -> str:
    """One payment of each fate; the registry that the company sends of that day."""
    for txn_id in ("equal", "amount", "cancelled", "ours"):
        machine.pay(txn_id, bob.number)
    machine.pay("waits", "999999999")
    machine.pay("refused", bob.number, "0.50")
    machine.ask("cancel", "cancelled")
    return "".join(
        [
            "txn_id;date;account;sum\n",
            line("equal", bob.number),
            line("amount", bob.number, "99.00"),
            line("cancelled", bob.number),
            line("waits", "999999999"),
            line("refused", bob.number, "0.50"),
            line("theirs", bob.number, "50"),
        ]
    )


STORY = {
    "equal": "matched",
    "amount": "differs",
    "cancelled": "not_credited",
    "waits": "matched",
    "refused": "not_credited",
    "theirs": "missing_here",
    "ours": "missing_there",
}


class TestCompare:
    def test_every_line_has_its_outcome(self, machine: Machine, bob: Account) -> None:
        registry = deliver(story(machine, bob))
        assert outcomes(registry) == STORY
        counted = count_outcomes(registry.pk)
        assert counted["matched"] == (2, Decimal("200.00"))
        assert counted["missing_here"] == (1, Decimal("50.00"))
        # Nothing was credited by looking.
        assert money(bob) == Decimal("300.00")

    def test_the_same_file_again_is_the_same_registry(self, machine: Machine, bob: Account) -> None:
        text = story(machine, bob)
        first = deliver(text)
        again = deliver(text, name="other-name.csv")
        assert (again.pk, TerminalRegistry.objects.count()) == (first.pk, 1)
        assert outcomes(first) == STORY
        assert TerminalRegistryLine.objects.count() == len(STORY)

    def test_what_is_missing_is_taken_in_once(self, machine: Machine, bob: Account) -> None:
        registry = deliver(story(machine, bob))
        for _ in range(3):
            registries.take_missing(registry_id=registry.pk, now=NOON, actor=CLERK)
        assert outcomes(registry) == {**STORY, "theirs": "matched"}
        assert money(bob) == Decimal("350.00")
        taken = PaymentNotice.objects.get(external_id="theirs")
        assert (taken.state, taken.business_date, taken.actor) == ("credited", TODAY, CLERK)
        assert "r.csv" in taken.raw

    def test_missing_money_for_nobody_waits(self, machine: Machine) -> None:
        registry = deliver(line("1", "999999999"))
        done = registries.take_missing(registry_id=registry.pk, now=NOON, actor=CLERK)
        assert (done.credited, done.unassigned) == (0, 1)
        assert outcomes(registry) == {"1": "matched"}

    def test_the_machine_comes_after_its_registry(self, machine: Machine, bob: Account) -> None:
        registry = deliver(line("1", bob.number))
        registries.take_missing(registry_id=registry.pk, now=NOON, actor=CLERK)
        assert machine.pay("1", bob.number)["result"] == "0"
        assert money(bob) == Decimal("100.00")

    def test_taken_in_at_once_where_the_row_says_so(self, machine: Machine, bob: Account) -> None:
        Terminal.objects.update(takes_missing=True)
        assert outcomes(deliver(line("1", bob.number))) == {"1": "matched"}
        assert money(bob) == Decimal("100.00")

    def test_a_person_sees_the_change_of_the_day(self, machine: Machine, bob: Account) -> None:
        registry = deliver(line("1", bob.number))
        machine.pay("1", bob.number)
        machine.pay("2", bob.number)
        registries.compare_registry(registry_id=registry.pk)
        assert outcomes(registry) == {"1": "matched", "2": "missing_there"}
        registries.compare_registry(registry_id=registry.pk)
        assert outcomes(registry) == {"1": "matched", "2": "missing_there"}

    def test_another_terminals_payments_are_not_asked_for(self, bob: Account) -> None:
        terminal("other")[1].pay("1", bob.number)
        Terminal.objects.all().delete()
        terminal()
        assert outcomes(deliver(line("1", bob.number))) == {"1": "missing_here"}


class TestFormat:
    def test_columns_as_the_terminal_writes_them(self, bob: Account) -> None:
        Terminal.objects.all().delete()
        terminal(columns="date, fee, sum, account, txn_id")
        text = f"02.11.2026 12:00,1,100.00,{bob.number},7\n"
        assert outcomes(deliver(text)) == {"7": "missing_here"}

    def test_cp1251_a_mark_and_notes(self, machine: Machine, bob: Account) -> None:
        head = "№ платежа;дата;счёт;сумма\n"
        text = head + line("1", bob.number, "1 000,50") + "# итого 1\n\n"
        for data in (text.encode("cp1251"), b"\xef\xbb\xbf" + text.encode()):
            registry = registries.receive_registry(
                terminal_id=Terminal.objects.get().pk, on=TODAY, data=data, file_name="r", now=NOON,
                actor=CLERK,
            )  # fmt: skip
            assert registry.lines.get().amount == Decimal("1000.50")

    @pytest.mark.parametrize(
        ("wrong", "column"),
        [
            ("2;20261102120000;1\n", ""),
            (";20261102120000;1;1\n", "txn_id"),
            ("1;20261102120000;1;1\n", "txn_id"),
            ("2;20261102120000;1;0\n", "sum"),
            ("2;20261102120000;1;1.001\n", "sum"),
            ("2;20261102120000;1;ten1\n", "sum"),
            ("2;20261302120000;1;1\n", "date"),
            ("2;20261105120000;1;1\n", "date"),
            ("2;20261102120000;" + "1" * 121 + ";1\n", "account"),
        ],
    )
    def test_a_wrong_line_is_named_and_nothing_is_taken(
        self, machine: Machine, bob: Account, wrong: str, column: str
    ) -> None:
        with pytest.raises(UnreadableRegistry) as caught:
            deliver(line("1", bob.number) + wrong)
        [fault] = caught.value.faults
        assert (fault.line, fault.column) == (2, column)
        assert not TerminalRegistry.objects.exists()

    @pytest.mark.parametrize("data", [b"\x00\x01", b"\x98;1;1;1\n"])
    def test_what_is_no_text(self, machine: Machine, data: bytes) -> None:
        with pytest.raises(UnreadableRegistry):
            registries.receive_registry(
                terminal_id=Terminal.objects.get().pk, on=TODAY, data=data, file_name="r", now=NOON,
                actor=CLERK,
            )  # fmt: skip

    def test_an_empty_day(self, machine: Machine, bob: Account) -> None:
        machine.pay("1", bob.number)
        assert outcomes(deliver("")) == {"1": "missing_there"}


class TestCommand:
    def test_takes_in_and_counts(
        self, machine: Machine, bob: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "qiwi-2026-11-02.csv"
        file.write_text(line("1", bob.number))
        call_command("terminal", "registry", "qiwi", str(file), "--date", "2026-11-02")
        assert capsys.readouterr().out == "missing_here 1 100.00\n"

    def test_names_the_lines(self, machine: Machine, tmp_path: Path) -> None:
        file = tmp_path / "r.csv"
        file.write_text("1;20261102120000;1;1\n2;x\n")
        with pytest.raises(CommandError, match="\n2 : "):
            call_command("terminal", "registry", "qiwi", str(file), "--date", "2026-11-02")
