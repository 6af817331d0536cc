"""Call detail of an account in the CRM: each record with its explanation, page by page."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from bench.world import Operator
from crm.queries.catalogue import records
from rating.models import PricedUsage
from tests.integration.rating.night import Night, call, calls

ABROAD = {"dst": "81012125550101"}


@pytest.fixture
def night(operator: Operator, tmp_path: Path, settings: object) -> Night:
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    return Night(tmp_path / "in")


def address(operator: Operator, who: int = 0) -> str:
    return reverse("crm:records", args=[operator.accounts[who].pk])


def test_why_this_much(client: Client, operator: Operator, night: Night) -> None:
    night.load(call(**ABROAD, at="2026-11-20 19:59:30", seconds="90"))
    [row] = client.get(address(operator)).context["rows"]
    text = " ".join(step.text for step in row.steps).replace("\xa0", " ")
    assert str(row.amount) == "26.49"
    for part in ("usa", "1,50 ₽", "19,99 ₽", "День", "9,995 ₽", "Вечер"):
        assert part in text


def test_the_steps_of_real_records_add_up(client: Client, operator: Operator, night: Night) -> None:
    night.load(*calls(3, seconds="1500"), call(id="x", **ABROAD, seconds="75"))
    rows = client.get(address(operator)).context["rows"]
    assert len(rows) == 4
    assert all(row.steps for row in rows)
    assert any(row.is_included for row in rows)


def test_pages_go_on(
    client: Client, operator: Operator, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PAGE", 2)
    night.load(*calls(3))
    first = client.get(address(operator))
    rest = client.get(address(operator), {"before": first.context["next"]})
    assert (len(first.context["rows"]), len(rest.context["rows"])) == (2, 1)
    assert PricedUsage.objects.count() == 3


def test_nothing_used_and_odd_keys(client: Client, operator: Operator) -> None:
    for before in ("", "x", "2026-01-01~1~2~3", "~~~"):
        answer = client.get(address(operator, 1), {"before": before})
        assert answer.status_code == 200
        assert answer.context["rows"] == []
    assert client.get(reverse("crm:records", args=[999_999])).status_code == 404
