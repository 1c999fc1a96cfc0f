"""What only the agent itself finds wrong; it lies apart so that a command which drives nothing imports no graph."""

from tools.errors import SwineherdError


class LeaseHeld(SwineherdError):
    """Another process drives the run."""
