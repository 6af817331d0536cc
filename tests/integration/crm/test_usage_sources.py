"""Sources of usage are edited in the catalogue; what they can't mean is refused there."""

import json
from typing import Any

import pytest

from rating.models import UsageSource
from tests.integration.crm.conftest import StaffClient
from tests.unit.rating.switches import SOFTSWITCH

ADD = "/crm/catalogue/rating/usagesource/add/"


def values(**changes: Any) -> dict[str, Any]:
    return {
        "code": "msc-7",
        "name": "Softswitch",
        "format": "mapping",
        "time_zone": "Europe/Moscow",
        "mapping": json.dumps(dict(SOFTSWITCH)),
        "file_number_pattern": r"_(?P<seq>\d+)",
        "file_number_modulus": "10000",
        "partial_hours": "24",
        **changes,
    }


def test_a_source_with_a_mapping_is_kept(as_role: StaffClient) -> None:
    assert as_role("administrator").post(ADD, values()).status_code == 302
    source = UsageSource.objects.get(code="msc-7")
    assert source.mapping == SOFTSWITCH
    assert (source.file_number_modulus, source.partial_hours) == (10_000, 24)


def test_a_known_format_needs_no_mapping(as_role: StaffClient) -> None:
    as_role("administrator").post(ADD, values(format="cisco_cucm", mapping=""))
    assert UsageSource.objects.get(code="msc-7").mapping == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "morse"}, "asterisk, "),
        ({"mapping": '{"usage": {}}'}, "usage.kind"),
        ({"mapping": "{"}, "JSON"),
        ({"mapping": ""}, "columns"),
        ({"format": "asterisk"}, "columns"),
        ({"file_number_pattern": "(seq"}, "(seq"),
        ({"file_number_pattern": "[0-9]+"}, "seq"),
        ({"time_zone": "Europe/Ladoga"}, "пояс"),
        ({"partial_hours": "0"}, "1"),
    ],
)
def test_what_would_refuse_every_file_is_refused(
    as_role: StaffClient, changes: dict[str, str], said: str
) -> None:
    answer = as_role("administrator").post(ADD, values(**changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not UsageSource.objects.filter(code="msc-7").exists()


def test_an_accountant_edits_no_source(as_role: StaffClient) -> None:
    assert as_role("accountant").post(ADD, values()).status_code == 403
    assert not UsageSource.objects.filter(code="msc-7").exists()
