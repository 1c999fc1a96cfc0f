"""What a job's fields are taken to be beside its description: a human sees all of it before anything comes of it."""

from collections.abc import Mapping
from decimal import Decimal

from policies.reading.rules import understand

_TAKEN = frozenset({"run", "hours", "budget_usd", "vram_gb", "gpu"})


def meant(text: str, files: Mapping[str, str], added: Mapping[str, object]) -> tuple[dict[str, object], frozenset[str]]:
    """What rules would ask about, with the value that they would propose, and what a model adds.

    What rules are sure of they read from the description; a model can't say it otherwise.

    Args:
        text: the description.
        files: name → first characters, of what lies in the workdir.
        added: by a model, borne out by what a human said.

    Returns:
        The fields, and the names of those that are only proposed.
    """
    read = understand(text, files, {})
    proposed = dict(read.proposed)
    accelerators = proposed.pop("accelerators", ())
    if isinstance(accelerators, tuple) and len(accelerators) == 1:
        proposed["gpu"] = accelerators[0]
    doubtful = {name: _plain(value) for name, value in proposed.items() if name in _TAKEN}
    sure = {"gpu" if name == "accelerators" else name for name in read.fields}
    return doubtful | {name: value for name, value in added.items() if name not in sure}, frozenset(doubtful)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
