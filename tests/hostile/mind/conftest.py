"""Worlds, as the road's tests have them."""

from tests.agent.conftest import make_world

__all__ = ["make_world"]
