"""What rules are sure of, and what not: that is proposed where a human sees all of it before anything comes of it."""

from collections.abc import Mapping
from decimal import Decimal

from policies.reading.rules import understand

_TAKEN = frozenset({"run", "hours", "budget_usd", "vram_gb", "gpu"})


def likely(text: str, files: Mapping[str, str]) -> dict[str, object]:
    """What rules would ask about, with the value that they would propose: here the human sees it before their yes."""
    proposed = dict(understand(text, files, {}).proposed)
    accelerators = proposed.pop("accelerators", ())
    if isinstance(accelerators, tuple) and len(accelerators) == 1:
        proposed["gpu"] = accelerators[0]
    return {name: _plain(value) for name, value in proposed.items() if name in _TAKEN}


def sure_of(text: str, files: Mapping[str, str]) -> frozenset[str]:
    """Fields that rules take from the text without a question, named as a model fills them in."""
    return frozenset("gpu" if name == "accelerators" else name for name in understand(text, files, {}).fields)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
