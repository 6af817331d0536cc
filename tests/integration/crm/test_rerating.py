"""Usage priced anew at the desk: counted, looked at, approved by a second person, exported, undone."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from bench.world import Operator, build_operator
from billing_project.kernel.models import Approval
from crm.domain import roles
from rating.models import PricedUsage, RerateLine, RerateRun
from rating.operations.rerating import runs
from tests.integration.crm.conftest import signed_in, staff
from tests.integration.rating.night import NOW, Night, call
from tests.integration.rating.test_rerating import correct_voice

COUNTRY = {"dst": "+79031234567"}
FORM = {
    "first": "2026-11-01",
    "last": "2026-11-30",
    "reason": "Ошибка в прайсе",
    "request_id": "form-1",
}


@pytest.fixture
def operator(db: None, settings: object, tmp_path: Path) -> Operator:
    """Two subscribers whose calls were priced by a version that is corrected now."""
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    made = build_operator(subscribers=3)
    cache.set("crm:is_set_up", True)
    Night(tmp_path / "in").load(call(id="a", **COUNTRY), call(1, id="b", **COUNTRY, seconds="120"))
    correct_voice()
    return made


def text(client: Client, address: str, **data: str) -> str:
    return client.get(address, data).content.decode().replace("\u00a0", " ")


def ask(client: Client, **changes: str) -> RerateRun:
    """Send the form and compute the preview."""
    answer = client.post("/crm/rerating/new/", {**FORM, **changes})
    run = RerateRun.objects.latest("pk")
    assert answer.headers["location"] == f"/crm/rerating/{run.pk}/", answer.content.decode()
    return runs.go_on_rerating(run_id=run.pk, now=NOW)


@pytest.mark.parametrize("role", sorted(roles.ROLES))
def test_only_those_with_the_right_are_let_in(operator: Operator, role: str) -> None:
    allowed = "rerate_usage" in roles.ROLES[role]
    client = signed_in(staff(role))
    for address in ("/crm/rerating/", "/crm/rerating/new/", "/crm/rerating/count/"):
        assert client.get(address).status_code == (200 if allowed else 403)


def test_the_count_follows_what_is_typed(operator: Operator) -> None:
    client = signed_in(staff("accountant"))
    counted = text(client, "/crm/rerating/count/", first="2026-11-01", last="2026-11-30")
    assert "2 " in counted
    assert "10,35" in counted
    mine = operator.accounts[0].number
    counted = text(
        client, "/crm/rerating/count/", first="2026-11-01", last="2026-11-30", account=mine
    )
    assert "3,45" in counted
    assert "3,45" not in text(client, "/crm/rerating/count/", first="2026-11-30", last="2026-11-01")


def test_a_preview_names_accounts_sums_and_the_way_on(operator: Operator) -> None:
    client = signed_in(staff("accountant"))
    run = ask(client)
    shown = text(client, f"/crm/rerating/{run.pk}/")
    assert "Ошибка в прайсе" in shown
    assert "+10,35" in shown
    assert all(account.number in shown for account in operator.accounts[:2])
    assert operator.accounts[2].number not in shown
    found = text(client, f"/crm/rerating/{run.pk}/", number=operator.accounts[1].number)
    assert operator.accounts[0].number not in found
    assert "Ошибка в прайсе" in text(client, "/crm/rerating/")


def test_it_is_applied_within_the_limit(operator: Operator) -> None:
    client = signed_in(staff("accountant"))
    run = ask(client)
    client.post(f"/crm/rerating/{run.pk}/approve/")
    run = runs.go_on_rerating(run_id=run.pk, now=NOW)
    assert run.state == "applied"
    shown = text(client, f"/crm/rerating/{run.pk}/")
    assert "применён" in shown
    client.post(f"/crm/rerating/{run.pk}/undo/")
    undo = RerateRun.objects.get(undoes=run)
    assert undo.state == "draft"


def test_beyond_the_limit_a_second_person_decides(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(roles.RERATING_LIMITS, "accountant", 10)
    client = signed_in(staff("accountant"))
    run = ask(client)
    client.post(f"/crm/rerating/{run.pk}/approve/")
    [approval] = Approval.objects.all()
    assert RerateRun.objects.get(pk=run.pk).state == "previewed"
    client.post(f"/crm/rerating/{run.pk}/approve/")
    assert Approval.objects.get().state == "pending"
    boss = signed_in(staff("administrator"))
    assert "Ошибка в прайсе" in text(boss, "/crm/approvals/")
    boss.post(f"/crm/rerating/{run.pk}/approve/")
    assert RerateRun.objects.get(pk=run.pk).approved_by == staff("administrator").actor
    assert Approval.objects.get(pk=approval.pk).state == "approved"


def test_it_is_refused_or_given_up(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(roles.RERATING_LIMITS, "accountant", 0)
    client, boss = signed_in(staff("accountant")), signed_in(staff("administrator"))
    first = ask(client)
    client.post(f"/crm/rerating/{first.pk}/approve/")
    boss.post(f"/crm/rerating/{first.pk}/refuse/")
    second = ask(client, request_id="form-2")
    client.post(f"/crm/rerating/{second.pk}/cancel/")
    states = RerateRun.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["cancelled", "cancelled"]
    assert not PricedUsage.objects.filter(revision__gt=0).exists()


def test_the_accounts_are_exported(operator: Operator) -> None:
    client = signed_in(staff("accountant"))
    run = ask(client)
    answer = client.get(f"/crm/rerating/{run.pk}/lines.csv")
    lines = b"".join(answer).decode().removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("account,customer,records")
    assert len(lines) == 1 + RerateLine.objects.filter(run=run).count() == 3
    assert "3.45,6.90,3.45" in lines[1]


def test_the_card_leads_to_one_account(operator: Operator) -> None:
    client = signed_in(staff("accountant"))
    account = operator.accounts[1]
    card = text(client, f"/crm/customers/{account.customer_id}/")
    assert f"/crm/rerating/new/?account={account.number}" in card
    assert account.number in text(client, "/crm/rerating/new/", account=account.number)
    run = ask(client, account=account.number)
    assert [line.account_id for line in RerateLine.objects.filter(run=run)] == [account.pk]


@pytest.mark.parametrize(
    "changes",
    [{"last": "2026-10-01"}, {"account": "nobody"}, {"reason": ""}, {"first": "2026-01-01x"}],
)
def test_a_wrong_form_is_shown_again(operator: Operator, changes: dict[str, str]) -> None:
    client = signed_in(staff("accountant"))
    assert client.post("/crm/rerating/new/", {**FORM, **changes}).status_code == 200
    assert not RerateRun.objects.exists()


def test_a_run_that_is_none_is_not_found(operator: Operator) -> None:
    client = signed_in(staff("accountant"))
    assert client.get("/crm/rerating/77/").status_code == 404
    assert client.get("/crm/rerating/77/lines.csv").status_code == 404
