"""One line of the doctor's: what was looked at, how it is, what was found, what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "bad"]

YOURS = frozenset({"key", "policy", "ssh key", "home", "clock", "model"})
"""What only the user can put right; everything else is the provider's or the store's."""

USER_MUST_ACT = 2
PROVIDER_OR_STORE = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One finding, good or bad.

    Attributes:
        remedy: a command, a variable or a setting; "" where nothing is to be done.
    """

    name: str
    status: Status
    found: str
    remedy: str = ""

    def document(self) -> dict[str, str]:
        """As `--json` has it."""
        return {"name": self.name, "status": self.status, "found": self.found, "remedy": self.remedy}


def exit_code(checks: Iterable[Check]) -> int:
    """0, also with warnings; 2 where the user must put something right; 5 where the provider or the store is bad."""
    bad = {check.name for check in checks if check.status == "bad"}
    if bad - YOURS:
        return PROVIDER_OR_STORE
    return USER_MUST_ACT if bad else 0
