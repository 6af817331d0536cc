"""Tests that share one costly thing stay on one worker: a pytest that breaks this is seen here."""

import os

import pytest


@pytest.mark.xdist_group("groups")
def test_a_group_reaches_the_worker_with_its_name(request: pytest.FixtureRequest) -> None:
    expected = "@groups" if "PYTEST_XDIST_WORKER" in os.environ else "name"

    assert request.node.nodeid.endswith(expected)
