"""What the end of a failed job's log proves: it ran out of GPU memory, and how much it had asked for.

A log is data: whoever wrote the job wrote it too. Only numbers are taken from it, and only within sane limits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MOST_TAIL_BYTES = 64 * 1024
"""How much of a log's end is looked at."""

NEAR_THE_END = 120
"""Lines from the end within which a job says what it died of; launchers and progress bars write some after that."""

MOST_GB = Decimal(1000)
"""No GPU has more; a larger figure in a log is a mistake, or made up."""

_FIGURES_WITHIN = 1200
"""Characters after a message in which its figures stand; some tools break it into lines."""
_FIGURES_BEFORE = 200

_GB = {"": Decimal(1) / 2**30, "k": Decimal(1) / 2**20, "m": Decimal(1) / 2**10, "g": Decimal(1), "t": Decimal(2**10)}
_ANSI = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_AMOUNT = r"([0-9][0-9,]{0,20}(?:\.[0-9]{1,9})?) ?([KMGT]i?B|bytes|B)\b"

_OUT_OF_MEMORY = re.compile(
    r"\b(?:CUDA|HIP|ROCm) out of memory\b"
    r"|\b(?:torch|torch\.cuda|cupy\.cuda\.memory|c10:)[.:]OutOfMemoryError\b"
    r"|\bRESOURCE_EXHAUSTED: (?:Out of memory|Failed to allocate|OOM when allocating)"
    r"|\bOOM when allocating tensor\b"
    r"|\bAllocator \(GPU_[0-9]{1,2}_bfc\) ran out of memory\b"
    r"|\bOut of memory error on GPU\b"
    r"|\bCUDA_ERROR_OUT_OF_MEMORY\b"
    r"|\b(?:cuda|hip)ErrorMemoryAllocation\b|\bhipErrorOutOfMemory\b"
    r"|\b(?:cuda|hip)Malloc failed: out of memory\b"
    r"|\b(?:CUDA|HIP|ROCm)(?: driver| runtime)? error: out of memory\b"
    r"|\bCUDA failed with error out of memory\b|\bCUDA failure 2: out of memory\b"
    r"|\bstd::bad_alloc: out_of_memory: CUDA error\b"
    r"|\bNo available memory for the cache blocks\b"
    r"|\bKV cache is needed, which is larger than the available KV cache memory\b"
    r"|\bmaximum number of tokens that can be stored in KV cache\b"
)
_NO_SUCH_FAILURE = re.compile(
    r"\bCPU:[0-9]|\ballocator (?:cpu|mklcpu)\b|\bDefaultCPUAllocator\b|\bthis is not a failure\b", re.IGNORECASE
)
"""The memory of the host; and a framework that tries again with less."""

_TRIED = (
    re.compile(rf"Tried to allocate {_AMOUNT}"),
    re.compile(rf"trying to allocate {_AMOUNT}"),
    re.compile(rf"Out of memory allocating {_AMOUNT}"),
    re.compile(rf"Cannot allocate {_AMOUNT}"),
    re.compile(rf"[Ff]ailed to allocate (?:request for )?{_AMOUNT}"),
)
_IN_USE = (
    re.compile(rf"this process has {_AMOUNT} memory in use"),
    re.compile(rf"{_AMOUNT} already allocated"),
    re.compile(rf"allocated so far: {_AMOUNT}"),
    re.compile(rf"{_AMOUNT} memory has been allocated"),
)
_TOTAL = re.compile(rf"total capacity of {_AMOUNT}")
_FREE = re.compile(rf"of which {_AMOUNT} is free")
_ALLOCATING = re.compile(rf"\ballocating {_AMOUNT} on device [0-9]{{1,2}}: $")

_FINAL_ERROR = re.compile(
    r"(?:\S{0,80} )?([A-Za-z_][\w.]{0,120}(?:Error|Exception|Interrupt|Failure))(?::|$)", re.ASCII
)
_ONLY_PASSES_ON = re.compile(
    r"ChildFailedError|CalledProcessError|EngineDeadError|Actor\w*Error|RayTaskError|ProcessRaisedException"
    r"|ProcessExitedException|Engine core initialization failed|Engine process failed|Failed to load model"
    r"|Failed to create llama_context|See root cause above|OutOfMemory|ResourceExhausted|[Oo]ut of memory"
)
_CAUSED = "The above exception was the direct cause of the following exception"


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """A job ran out of GPU memory.

    Attributes:
        tried_gb: what the allocation that failed asked for (GiB, as cards are sold); None where the log does not say.
        used_gb: what the job had in use by then.
    """

    tried_gb: Decimal | None = None
    used_gb: Decimal | None = None

    @property
    def words(self) -> str:
        """For a human."""
        if self.tried_gb is None:
            return "out of GPU memory"
        asked = f"out of GPU memory as it asked for {_size(self.tried_gb)}"
        return asked if self.used_gb is None else f"{asked} on top of {_size(self.used_gb)}"


def out_of_memory(tail: bytes, exit_code: int) -> OutOfMemory | None:
    """What the end of a log says of GPU memory; None where the job ended well, or died of something else.

    The memory of the host is not it: neither a Python `MemoryError` nor a bare SIGKILL.
    """
    if exit_code == 0:
        return None
    text = _ANSI.sub("", tail[-MOST_TAIL_BYTES:].decode("utf-8", "replace"))
    near = "\n".join(text.split("\n")[-NEAR_THE_END:])
    found = [match for match in _OUT_OF_MEMORY.finditer(near) if not _NO_SUCH_FAILURE.search(_line_of(near, match))]
    if not found or _died_of_something_else(near[_line_end(near, found[-1].end()) :]):
        return None
    figures = (_figures(near, match.start()) for match in reversed(found))
    return next((one for one in figures if one.tried_gb is not None), OutOfMemory())


def _line_of(text: str, match: re.Match[str]) -> str:
    return text[text.rfind("\n", 0, match.start()) + 1 : _line_end(text, match.end())]


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _died_of_something_else(after: str) -> bool:
    """A later error of its own means that the job had got over the memory; one that only passes it on does not."""
    if _CAUSED in after:
        return False
    return any(not _ONLY_PASSES_ON.search(line) for line in _errors(after))


def _errors(text: str) -> Iterator[str]:
    """Last lines of tracebacks: they begin with the error's name, after one word of a log prefix at most."""
    return (line for line in text.split("\n") if _FINAL_ERROR.match(line))


def _figures(text: str, start: int) -> OutOfMemory:
    """What stands around a message that begins at `start`, line breaks seen through."""
    before = " ".join(text[max(0, start - _FIGURES_BEFORE) : start].split()) + " "
    after = " ".join(text[start : start + _FIGURES_WITHIN].split())
    allocating = _ALLOCATING.search(before)
    tried = _gb(allocating) if allocating else _first(_TRIED, after)
    return OutOfMemory(tried, _first(_IN_USE, after) or _capacity_less_free(after))


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> Decimal | None:
    return next((_gb(match) for pattern in patterns if (match := pattern.search(text))), None)


def _capacity_less_free(text: str) -> Decimal | None:
    total, free = _TOTAL.search(text), _FREE.search(text)
    return max(_gb(total) - _gb(free), Decimal(0)) if total and free else None


def _gb(match: re.Match[str]) -> Decimal:
    """An amount in GiB, at most `MOST_GB`."""
    number, unit = match[1].replace(",", ""), match[2].lower()
    factor = _GB[""] if unit in {"b", "bytes"} else _GB[unit[0]]
    return min(Decimal(number) * factor, MOST_GB)


def _size(gb: Decimal) -> str:
    if gb < 1:
        return f"{(gb * 1024).to_integral_value()} MB"
    return f"{gb.quantize(Decimal('0.1'))} GB"
