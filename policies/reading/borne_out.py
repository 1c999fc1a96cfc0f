"""What a model fills in for a job, held against what a human said in the conversation: no more of it is taken."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from policies.job_names import is_job_file
from policies.reading.rules import understand

FREE = frozenset({"description", "name"})
"""Fields that decide nothing: what counts of a description are the human's own words."""

_FIGURES = frozenset({"hours", "budget_usd", "vram_gb"})
_READ = frozenset({"run", "setup"})
_LISTS = frozenset({"outputs", "env_names"})


@dataclass(frozen=True, slots=True)
class BorneOut:
    """The fields that a human said, and the names of those that the model made up."""

    fields: Mapping[str, object]
    made_up: tuple[str, ...]


def borne_out(arguments: Mapping[str, object], messages: Sequence[str], files: Mapping[str, str]) -> BorneOut:
    """Keep of a model's arguments what the human's messages bear out.

    Figures and commands count only as the rules read or propose them, for a human confirms the whole: "24 GB of RAM"
    bears out no `vram_gb`, and half a command no `run`.

    Args:
        messages: of the human alone.
        files: name → first characters, of what lies in the workdir.
    """
    heard = [understand(message, files, {}).likely for message in messages]
    kept: dict[str, object] = {}
    made_up: list[str] = []
    for name, value in arguments.items():
        if value in (None, "", [], {}):
            continue
        taken = value if name in FREE else _said(name, value, heard, messages)
        if taken in (None, [], {}):
            made_up.append(name)
        else:
            kept[name] = taken
    return BorneOut(kept, tuple(made_up))


def _said(name: str, value: object, heard: Sequence[Mapping[str, object]], messages: Sequence[str]) -> object | None:
    """The value as far as somebody said it; None where nobody did."""
    if name in _FIGURES:
        return value if _number(value) in set(_numbers(heard, name)) else None
    if name == "gpu":
        return value if isinstance(value, str) and _is_named(value, heard) else None
    if name == "job_file" and not is_job_file(str(value)):
        return None  # small models take the script of a command for one
    if name in {"job_file", "workdir"}:
        return value if isinstance(value, str) and _stands_in(value, messages) else None
    if name in _READ:
        return value if value in [fields.get(name) for fields in heard] else None
    if name in _LISTS and isinstance(value, list):
        return [one for one in value if isinstance(one, str) and _stands_in(one, messages)]
    if name == "envs" and isinstance(value, Mapping):
        return {key: one for key, one in value.items() if _stands_in(f"{key}={one}", messages)}
    return None


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):  # the latter of an integer with thousands of digits
        return None
    return number if number.is_finite() else None


def _numbers(heard: Sequence[Mapping[str, object]], field: str) -> Iterator[Decimal | None]:
    for fields in heard:
        if field in fields:
            yield _number(fields[field])


def _is_named(gpu: str, heard: Sequence[Mapping[str, object]]) -> bool:
    """Whether a human named it, with its maker's name or without."""
    wanted = _squeezed(gpu)
    lists = [fields.get("accelerators") for fields in heard]
    named = [_squeezed(str(one)) for accelerators in lists if isinstance(accelerators, tuple) for one in accelerators]
    return any(wanted in {one, f"nvidia{one}", f"nvidiageforce{one}", f"geforce{one}"} for one in named)


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _stands_in(part: str, messages: Sequence[str]) -> bool:
    """Word for word, and not as a piece of another word."""
    wanted = re.escape(" ".join(part.split()))
    return any(re.search(rf"(?<![\w/.-]){wanted}(?![\w/-])", " ".join(message.split())) for message in messages)
