"""A form sent twice at the same moment."""

import pytest
from django.utils import timezone

from accounts.models import Customer
from billing_project.kernel.models import BusinessEvent
from crm.models import SentForm
from crm.operations.customers import write_once
from tests import people
from tests.concurrency.together import failures, together

pytestmark = pytest.mark.django_db(transaction=True)


def send() -> int:
    written = write_once(request_id="r1", write=lambda: people.person("Сергеев", "Илья"))
    return written.customer.pk


def test_presses_at_one_moment_make_one_person() -> None:
    before = timezone.now()
    answers = together([send] * 6)
    assert not failures(answers)
    assert set(answers) == {Customer.objects.get().pk}
    assert SentForm.objects.count() == 1
    created = BusinessEvent.objects.filter(kind="customer.created", recorded_at__gte=before)
    assert created.count() == 1
