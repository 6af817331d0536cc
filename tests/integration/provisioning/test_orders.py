"""Orders as rows: routed to a gateway, superseded by newer ones, listed as work when they fail."""

from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import StateChange
from provisioning import operations, queries
from provisioning.models import Gateway, NetworkOrder

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPEN = {"level": "open", "speed_kbps": 100_000, "plan": "home", "identifiers": ["ivanova"]}


def _order(service_id: int = 7, **changes: object) -> None:
    values: dict = {"service": "internet", "action": "set_access", "desired": OPEN} | changes
    operations.order(account_id=1, subscription_id=service_id, now=NOW, **values)


def _states(service_id: int = 7) -> list[str]:
    orders = NetworkOrder.objects.filter(subscription_id=service_id).order_by("pk")
    return list(orders.values_list("state", flat=True))


class TestOrder:
    def test_it_writes_the_whole_state_for_the_default_gateway(self) -> None:
        _order()
        order = NetworkOrder.objects.get()
        assert (order.gateway.code, order.state, order.desired) == ("log", "queued", OPEN)
        assert (order.ordered_at, order.next_try_at, order.attempts) == (NOW, NOW, 0)

    def test_a_newer_order_supersedes_what_was_not_sent(self) -> None:
        _order()
        _order(service_id=8)
        _order(desired=OPEN | {"level": "slow"})
        assert _states() == ["superseded", "queued"]
        assert _states(8) == ["queued"]

    def test_the_gateway_that_names_the_service_goes_first(self) -> None:
        radius = Gateway.objects.create(code="radius", kind="webhook", services=["internet"])
        Gateway.objects.create(code="off", kind="webhook", services=["mobile"], is_active=False)
        _order()
        _order(service_id=8, service="mobile")
        assert NetworkOrder.objects.get(subscription_id=7).gateway == radius
        assert NetworkOrder.objects.get(subscription_id=8).gateway.code == "log"

    def test_a_service_without_a_gateway_is_refused_and_nothing_is_ordered(self) -> None:
        Gateway.objects.update(services=["internet"])
        with override("en"), pytest.raises(operations.UnableToOrder, match="mobile"):
            operations.order_many(
                source_sql="SELECT 1, id, service, 'set_access', '{}'::jsonb FROM (VALUES (7, "
                "'internet'), (8, 'mobile')) AS s (id, service)",
                now=NOW,
            )
        assert NetworkOrder.objects.count() == 0

    def test_reference_data_are_written_once(self) -> None:
        Gateway.objects.update(is_active=False)
        operations.ensure_reference_data()
        assert list(Gateway.objects.values_list("code", "is_active")) == [("log", False)]


class TestRetryFailed:
    def test_it_queues_failed_orders_only_and_notes_who_asked(self) -> None:
        _order()
        _order(service_id=8)
        NetworkOrder.objects.filter(subscription_id=7).update(state="failed", attempts=20)
        failed, waiting = NetworkOrder.objects.order_by("pk")
        moved = operations.retry_failed(order_ids=[failed.pk, waiting.pk], now=NOW, actor="staff:1")
        failed.refresh_from_db()
        assert moved == [failed.pk]
        assert (failed.state, failed.attempts, failed.next_try_at) == ("queued", 0, NOW)
        assert StateChange.objects.get().actor == "staff:1"


class TestInvariants:
    def test_a_confirmed_order_the_network_state_forgot_is_found(self) -> None:
        _order()
        NetworkOrder.objects.update(state="confirmed", confirmed_at=NOW, claimed_at=NOW)
        broken = [promise.name for promise in queries.invariants() if find_violations(promise)]
        assert broken == ["the network's state is its latest confirmed order"]

    def test_an_order_put_over_a_newer_one_is_found(self) -> None:
        _order()
        _order()
        first, second = NetworkOrder.objects.order_by("pk")
        NetworkOrder.objects.filter(pk=second.pk).update(state="confirmed", confirmed_at=NOW)
        NetworkOrder.objects.filter(pk=first.pk).update(
            state="sending", claimed_at=NOW.replace(hour=13)
        )
        assert find_violations(queries.NEWER_ORDER_WAITS)[0][2:] == (first.pk, second.pk)

    def test_a_failed_order_is_an_alarm_until_a_newer_one_comes(self) -> None:
        _order()
        NetworkOrder.objects.update(state="failed", error="HTTP 404")
        assert [row[4] for row in find_violations(queries.FAILED)] == ["HTTP 404"]
        assert [order.subscription_id for order in queries.list_failed()] == [7]
        _order()
        assert find_violations(queries.FAILED) == []
        assert queries.list_failed() == []

    def test_an_order_unconfirmed_for_too_long_is_an_alarm(self) -> None:
        _order()
        in_time, late = (queries.alarms(now=NOW.replace(minute=minutes))[1] for minutes in (14, 16))
        assert find_violations(in_time) == []
        assert len(find_violations(late)) == 1
