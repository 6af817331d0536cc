"""Days taxed alike are added up together: a span ends where any rate changes, and nowhere else."""

from datetime import date, timedelta

import pytest

from invoicing.queries.billing import TaxTable
from tariffs.models import TaxRate

pytestmark = pytest.mark.django_db
CHANGES = date(2031, 4, 10)


def test_a_span_begins_where_a_rate_changed_last_and_is_taxed_as_its_days() -> None:
    TaxRate.objects.filter(category="standard", valid_to=None).update(valid_to=CHANGES)
    TaxRate.objects.create(category="standard", percent=25, valid_from=CHANGES)
    taxes = TaxTable()

    for days, changed in ((0, True), (1, True), (400, True), (-1, False)):
        day = CHANGES + timedelta(days=days)
        assert (taxes.span_of(day) == CHANGES) is changed
        assert taxes.find(None, on=taxes.span_of(day)) == taxes.find(None, on=day)


def test_before_any_rate_a_day_is_its_own_span() -> None:
    day = date(1900, 1, 1)
    assert TaxTable().span_of(day) == day
