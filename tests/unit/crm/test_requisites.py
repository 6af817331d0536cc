"""Check digits of Russian requisites."""

import pytest

from crm.domain import requisites


@pytest.mark.parametrize(
    ("text", "checks"),
    [("1027700132195", True), ("1027700132196", False), ("304500116000157", True), ("12", False)],
)
def test_ogrn(text: str, checks: bool) -> None:
    assert requisites.is_ogrn(text) is checks


@pytest.mark.parametrize(
    ("text", "checks"), [("773601001", True), ("7736AB001", True), ("77360100", False)]
)
def test_kpp(text: str, checks: bool) -> None:
    assert requisites.is_kpp(text) is checks


def test_bank_account_checks_only_with_its_own_bank() -> None:
    account, bic = "40702810938000000001", "044525225"
    good = next(
        number
        for digit in range(10)
        if requisites.is_bank_account(number := f"{account[:8]}{digit}{account[9:]}", bic=bic)
    )
    assert requisites.is_bank_account(good, bic="044525974") is False
    assert requisites.is_bank_account(good[:-1], bic=bic) is False
    assert requisites.is_bank_account(good, bic="044525") is False
