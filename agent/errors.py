"""What only the agent itself finds wrong; it lies apart so that a command which drives nothing imports no graph."""

from tools.errors import SwineherdError


class BadSettings(SwineherdError):
    """The environment, or a file that it names, can't be used. Exit code 2."""


class LeaseHeld(SwineherdError):
    """Another process drives the run."""


class CannotSettle(SwineherdError):
    """A human's word does not fit the charge; the message says what would. Exit code 2."""
