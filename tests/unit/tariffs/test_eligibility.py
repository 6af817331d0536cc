"""Who may buy what, with all reasons at once."""

import pytest

from tariffs.domain.eligibility import Buyer, Conditions, Reason, judge

MARIA = Buyer("person", "prepaid", region="Санкт-Петербург")
SHORE = Buyer("company", "postpaid", region="Карелия", credit_class="trusted", is_new=False)
FAMILY = Buyer("household", "postpaid")


@pytest.mark.parametrize(
    ("offer", "buyer", "reasons"),
    [
        (Conditions(), MARIA, ()),
        (Conditions(), SHORE, ()),
        (Conditions(audience="person"), FAMILY, ()),
        (Conditions(audience="person"), SHORE, (Reason.AUDIENCE,)),
        (Conditions(audience="company"), FAMILY, (Reason.AUDIENCE,)),
        (Conditions(customer_kinds=frozenset({"household"})), MARIA, (Reason.CUSTOMER_KIND,)),
        (Conditions(customer_kinds=frozenset({"household"})), FAMILY, ()),
        (Conditions(regions=frozenset({"САНКТ-ПЕТЕРБУРГ"})), MARIA, ()),
        (Conditions(regions=frozenset({"Санкт-Петербург"})), SHORE, (Reason.REGION,)),
        (Conditions(regions=frozenset({"Санкт-Петербург"})), FAMILY, (Reason.REGION,)),
        (Conditions(credit_classes=frozenset({"trusted"})), SHORE, ()),
        (Conditions(credit_classes=frozenset({"trusted"})), MARIA, (Reason.CREDIT_CLASS,)),
        (Conditions(account_kinds=frozenset({"postpaid"})), MARIA, (Reason.ACCOUNT_KIND,)),
        (Conditions(whom="new"), SHORE, (Reason.ONLY_NEW,)),
        (Conditions(whom="existing"), MARIA, (Reason.ONLY_EXISTING,)),
        (Conditions(whom="existing"), SHORE, ()),
    ],
)
def test_each_condition_is_judged(offer, buyer, reasons) -> None:
    assert judge(offer, buyer=buyer) == reasons


def test_everything_that_stands_in_the_way_is_told() -> None:
    offer = Conditions(
        audience="company",
        customer_kinds=frozenset({"company"}),
        regions=frozenset({"Карелия"}),
        credit_classes=frozenset({"trusted"}),
        account_kinds=frozenset({"postpaid"}),
        whom="existing",
    )
    assert judge(offer, buyer=SHORE) == ()
    assert set(judge(offer, buyer=MARIA)) == set(Reason) - {Reason.ONLY_NEW}
