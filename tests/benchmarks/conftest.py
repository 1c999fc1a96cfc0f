"""The sandbox for measuring whole commands."""

from tests.e2e.conftest import herd, shared

__all__ = ["herd", "shared"]
