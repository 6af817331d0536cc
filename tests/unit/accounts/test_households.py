"""Who of a household may do what with whose account."""

import pytest

from accounts.domain.households import HOUSEHOLD, Right, Role, right_over

MANAGE, PAY = Right.MANAGE, Right.PAY
OWNER, PAYER, USER, CHILD = Role


@pytest.mark.parametrize("has_payer", [True, False])
@pytest.mark.parametrize("viewer", [USER, CHILD])
@pytest.mark.parametrize("of", [HOUSEHOLD, *Role])
def test_users_and_children_see_their_own_only(viewer: Role, of: str, has_payer: bool) -> None:
    assert right_over(viewer, of, has_payer=has_payer) is None


@pytest.mark.parametrize(
    ("viewer", "of", "has_payer", "right"),
    [
        (OWNER, HOUSEHOLD, True, MANAGE),
        (OWNER, CHILD, True, MANAGE),
        (OWNER, USER, True, None),
        (OWNER, PAYER, True, None),
        (OWNER, HOUSEHOLD, False, MANAGE),
        (OWNER, CHILD, False, MANAGE),
        (OWNER, USER, False, PAY),
        (PAYER, HOUSEHOLD, True, PAY),
        (PAYER, OWNER, True, PAY),
        (PAYER, USER, True, PAY),
        (PAYER, CHILD, True, PAY),
    ],
)
def test_the_owner_manages_and_the_payer_pays(
    viewer: Role, of: str, has_payer: bool, right: Right | None
) -> None:
    assert right_over(viewer, of, has_payer=has_payer) == right
