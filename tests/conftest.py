"""The longest tests begin first, so that no worker still has one before it when the others are done."""

import os

import pytest

from tests.model_variables import hide


def pytest_configure() -> None:
    """No model call can leak from a test, whatever the tester's own environment names."""
    hide(os.environ)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests are handed out in this order, those with equal timeouts in their usual one."""
    items.sort(key=_timeout_seconds, reverse=True)


def _timeout_seconds(item: pytest.Item) -> float:
    """Tests that take long say so by a timeout of their own; 0 for the others."""
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0
