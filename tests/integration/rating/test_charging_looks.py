"""What a request costs of the database: one statement to look, one to write, on a kept cursor."""

from typing import Any

import pytest
from django.db import DataError, connection, transaction

from bench.world import Operator
from rating.queries import charging_looks
from rating.queries.charging_looks import ask_once, look
from tests.integration.rating import charging_world as world

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch(operator: Operator) -> world.Switch:
    world.give(operator, "1000.00")
    return world.switch(operator)


@pytest.mark.parametrize(("verb", "statements"), [("authorise", 1), ("reserve", 2), ("event", 2)])
def test_statements_of_a_request(
    switch: world.Switch, verb: str, statements: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(statements):
        assert switch.ask(verb).is_ok


def test_what_is_reserved_of_a_counter_and_what_is_used_are_told_together(
    switch: world.Switch,
) -> None:
    switch.told("reserve", "a", units=60)
    seen = look(client_id=switch.client.id, session="a", key=None, at=0)
    ((account, owner, allowance, period, units),) = seen.units
    assert (account, owner, units) == (seen.account_id, seen.subscription_id, 60)
    assert seen.counter(owner, allowance, period) == (None, 0, 60)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rating_allowanceuse (account_id, subscription_id, allowance_id, period,"
            " granted, carried, used) VALUES (%s, %s, %s, %s, 5000, 7, 30)",
            [account, owner, allowance, period],
        )
    seen = look(client_id=switch.client.id, session="a", key=None, at=0)
    assert seen.counter(owner, allowance, period) == (5007, 30, 60)
    assert seen.counter(owner, allowance, period + 1) == (None, 0, 0)
    assert seen.counter(owner + 1, allowance, period) == (None, 0, 0)


def test_nobody_is_told_as_nobody(switch: world.Switch) -> None:
    for key in (None, 71):
        seen = look(client_id=switch.client.id, session="x", key=key, at=0)
        assert set(seen) == {None}


def test_a_kept_cursor_is_that_of_the_connection(switch: world.Switch) -> None:
    charging_looks._KEPT.raw = charging_looks._KEPT.cursor = None
    assert ask_once("SELECT %s", ["a"]) == "a"
    first = charging_looks._KEPT.cursor
    assert charging_looks._KEPT.raw is connection.connection
    assert ask_once("SELECT %s", ["b"]) == "b"
    assert charging_looks._KEPT.cursor is first
    # One of a connection that is gone isn't asked.
    charging_looks._KEPT.raw = object()
    assert ask_once("SELECT %s", ["c"]) == "c"
    assert charging_looks._KEPT.cursor is not first


def test_errors_are_the_frameworks(switch: world.Switch) -> None:
    with pytest.raises(DataError), transaction.atomic():
        ask_once("SELECT 1 / %s", [0])
    assert ask_once("SELECT %s", ["still"]) == "still"
