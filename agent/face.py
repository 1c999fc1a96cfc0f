"""What a run tells the person who watches it; a face decides how that looks."""

from typing import Protocol


class Face(Protocol):
    """One audience of a run. Nothing told here is a secret, and nothing told here is ever read back."""

    def tell(self, run_id: str, line: str) -> None:
        """One plain line about what happens and why."""
        ...

    def job_output(self, run_id: str, data: bytes) -> None:
        """More of the job's own log, masked."""
        ...

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Utilisation in percent, as the order's status says it."""
        ...


class Silent:
    """Nobody watches."""

    def tell(self, run_id: str, line: str) -> None:
        """Nothing."""

    def job_output(self, run_id: str, data: bytes) -> None:
        """Nothing."""

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Nothing."""
