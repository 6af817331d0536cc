"""Old debts of closed accounts, written off together by the desk."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import operations
from accounts.models import Account, WriteOff, WriteOffRun
from accounts.operations import write_off_runs
from billing_project.kernel.models import BusinessEvent, JobRun
from billing_project.kernel.operations import UnableToDecide
from tests import people
from tests.integration.crm.conftest import StaffClient
from tests.moves import broken, charge, credit, funds
from tests.people import CLERK, NOON, TODAY

CLOSED = date(2026, 3, 1)
BY = {"now": NOON, "actor": CLERK, "business_date": TODAY}


def debtor(amount: str, *, closed_on: date | None = CLOSED) -> Account:
    """An account that owes, closed on the day."""
    account = people.open_account_for("Должников", "Дмитрий")
    charge(account, amount)
    Account.objects.filter(pk=account.pk).update(closed_on=closed_on)
    return account


@pytest.fixture
def debtors(db: None) -> list[Account]:
    """Two old debts; one too large, one too young, one of an open account, one in credit."""
    found = [debtor("10.00"), debtor("20.50")]
    debtor("900.00")
    debtor("5.00", closed_on=date(2026, 7, 1))
    debtor("6.00", closed_on=None)
    in_credit = debtor("1.00")
    credit(in_credit, "4.00")
    return found


def preview(request_id: str = "r") -> WriteOffRun:
    return operations.preview_write_off_run(
        closed_before=date(2026, 7, 1), most=Decimal(100), reason="срок давности",
        request_id=request_id, now=NOON, actor=CLERK,
    )  # fmt: skip


def approve(run: WriteOffRun, limit: str = "100", **by: object) -> object:
    return operations.approve_write_off_run(run_id=run.pk, limit=Decimal(limit), **BY | by)


def post() -> int:
    return operations.post_write_off_runs(now=NOON, worker="test")


def state(run: WriteOffRun) -> str:
    run.refresh_from_db()
    return run.state


def test_chosen_looked_at_posted(debtors: list[Account]) -> None:
    run = preview()
    assert (run.accounts, run.amount, preview().pk) == (2, Decimal("30.50"), run.pk)
    assert post() == 0
    assert [funds(each)[0] for each in debtors] == ["-10.00", "-20.50"]
    approve(run)
    assert (post(), post(), state(run)) == (2, 0, "done")
    assert [funds(each)[0] for each in debtors] == ["0.00", "0.00"]
    assert set(WriteOff.objects.values_list("reason", flat=True)) == {"срок давности"}
    assert BusinessEvent.objects.filter(kind="debt.written_off").count() == 2
    assert broken() == []


def test_who_paid_meanwhile_is_given_no_more_than_is_owed(debtors: list[Account]) -> None:
    run = preview()
    credit(debtors[0], "10.00")
    credit(debtors[1], "15.00")
    approve(run)
    assert (post(), state(run)) == (1, "done")
    assert [funds(each)[0] for each in debtors] == ["0.00", "0.00"]
    assert WriteOff.objects.get().amount == Decimal("5.50")
    assert broken() == []


def test_who_owes_more_by_now_keeps_the_rest(debtors: list[Account]) -> None:
    run = preview()
    charge(debtors[0], "3.00")
    approve(run)
    post()
    assert funds(debtors[0])[0] == "-3.00"
    assert broken() == []


def test_an_account_opened_again_keeps_its_debt(debtors: list[Account]) -> None:
    run = preview()
    Account.objects.filter(pk=debtors[0].pk).update(closed_on=None)
    approve(run)
    assert post() == 1
    assert funds(debtors[0])[0] == "-10.00"


def test_chosen_once_at_a_time(debtors: list[Account]) -> None:
    first, second = preview("a"), preview("b")
    assert (first.accounts, second.accounts) == (2, 0)
    with pytest.raises(operations.UnableToCorrect):
        approve(second)
    operations.cancel_write_off_run(run_id=first.pk, now=NOON, actor=CLERK)
    assert preview("c").accounts == 2


def test_above_the_limit_a_second_person(debtors: list[Account]) -> None:
    run = preview()
    asked = approve(run, limit="30.49")
    assert asked.kind == "write_off_run"
    assert (state(run), post()) == ("previewed", 0)
    with pytest.raises(UnableToDecide):
        approve(run, limit="30.49")
    approve(run, limit="0", actor="staff:2")
    assert (post(), state(run)) == (2, "done")


def test_given_up_nothing_is_posted(debtors: list[Account]) -> None:
    run = preview()
    operations.cancel_write_off_run(run_id=run.pk, now=NOON, actor=CLERK)
    with pytest.raises(operations.UnableToCorrect):
        approve(run)
    assert (state(run), post()) == ("cancelled", 0)
    assert funds(debtors[0])[0] == "-10.00"


def test_killed_after_a_piece_was_posted_it_goes_on(
    debtors: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = preview()
    cut = [(0, debtors[1].pk), (debtors[1].pk, 2**62)]
    monkeypatch.setattr(write_off_runs, "_ranges", lambda: cut)
    approve(run)
    finish = write_off_runs.jobs.finish_piece

    def die(*_args: object, **_words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write_off_runs.jobs, "finish_piece", die)
    with pytest.raises(KeyboardInterrupt):
        post()
    assert [funds(each)[0] for each in debtors] == ["0.00", "-20.50"]
    # Its heart stopped long ago.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_jobrun SET heartbeat_at = heartbeat_at - interval '1 hour'")
    monkeypatch.setattr(write_off_runs.jobs, "finish_piece", finish)
    assert (post(), state(run)) == (1, "done")
    assert [funds(each)[0] for each in debtors] == ["0.00", "0.00"]
    assert set(JobRun.objects.values_list("state", flat=True)) == {"done"}
    assert broken() == []


def test_a_piece_that_fails_is_tried_again(
    debtors: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = preview()
    approve(run)
    work = write_off_runs._post_range

    def fail(*_args: object, **_words: object) -> int:
        raise operations.UnableToPost("busy")

    monkeypatch.setattr(write_off_runs, "_post_range", fail)
    with pytest.raises(operations.UnableToPost):
        post()
    assert (state(run), JobRun.objects.get().error) == ("approved", "busy")
    monkeypatch.setattr(write_off_runs, "_post_range", work)
    assert (post(), state(run)) == (2, "done")


class TestDesk:
    def send(self, client: Client, name: str, *args: object, **values: str) -> str:
        address = reverse(f"crm:{name}", args=args)
        return client.post(address, values, follow=True).content.decode()

    def test_by_hand(self, as_role: StaffClient, debtors: list[Account]) -> None:
        client = as_role("accountant")
        text = self.send(
            client, "old-debts-run-new", closed_before="2026-07-01", most="100",
            reason="срок давности", request_id="r",
        )  # fmt: skip
        assert "30,50" in text
        run = WriteOffRun.objects.get()
        assert "Проводится" in self.send(client, "old-debts-run-approve", run.pk)
        post()
        text = client.get(reverse("crm:old-debts-run", args=[run.pk])).content.decode()
        assert (text.count(debtors[1].number), "готово" in text) == (1, True)
        assert "срок давности" in client.get(reverse("crm:old-debts")).content.decode()

    def test_a_second_person_finds_it_among_the_approvals(
        self, as_role: StaffClient, db: None
    ) -> None:
        debtor("50000.00")
        client = as_role("accountant")
        self.send(
            client, "old-debts-run-new", closed_before="2026-07-01", reason="x", request_id="r"
        )
        run = WriteOffRun.objects.get()
        assert "Ожидает решения" in self.send(client, "old-debts-run-approve", run.pk)
        second = as_role("administrator")
        approvals = second.get(reverse("crm:approval-list")).content.decode()
        assert reverse("crm:old-debts-run", args=[run.pk]) in approvals
        self.send(second, "old-debts-run-approve", run.pk)
        assert state(run) == "approved"

    def test_agents_stay_out(self, as_role: StaffClient) -> None:
        assert as_role("agent").get(reverse("crm:old-debts")).status_code == 403
