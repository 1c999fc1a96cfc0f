"""The values of a job file, each read from the tree by one small function that notes what is wrong and goes on."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from policies.file_problem import FileProblem, did_you_mean, shown
from policies.money import Cents, cents_from_text
from policies.text import clean
from policies.tree import Entry, Items, Scalar, Table, Tree, is_nothing, kind_of

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ACCELERATOR = re.compile(r"([A-Za-z0-9][A-Za-z0-9 ._-]{0,63})(?::([0-9.]{1,8}))?", re.ASCII)
_VRAM = re.compile(r"([1-9][0-9]{0,3})\+?", re.ASCII)
_CAPABILITY = re.compile(r"([1-9][0-9]?)\.([0-9])", re.ASCII)
_HOURS = re.compile(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?", re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)

# A NUL ends an argument early; a lone surrogate can't be encoded. In a path no control character is meant.
_BROKEN = re.compile(r"[\x00\ud800-\udfff]")
_BROKEN_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class Notes:
    """What one reading of one file gathers: problems, warnings. Lives as long as the reading."""

    file: str
    ignore: frozenset[str]
    problems: list[FileProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, name: str, line: int | None, expected: str, found: str, remedy: str) -> None:
        """Note that the field `name` is wrong."""
        self.problems.append(FileProblem(self.file, line, name, expected, found, remedy))

    def wrong(self, name: str, value: Tree, expected: str, remedy: str, *, secret: bool = False) -> None:
        """Note that `value` is not what is expected; a secret is named by its kind only."""
        found = shown(value.text) if isinstance(value, Scalar) and not secret else kind_of(value)
        self.problem(name, value.line, expected, found, remedy)

    def warn(self, name: str, line: int | None, text: str) -> None:
        """Note something that changes nothing but may surprise."""
        place = self.file if line is None else f"{self.file}:{line}"
        self.warnings.append(f"{place}: {clean(name, 100)} {text}")

    def decisive(self, name: str, line: int | None, found: str, reason: str) -> None:
        """A field that would change what runs: an error, or a warning where the user said to ignore it."""
        leaf = name.partition(".")[2] or name
        if self.ignore & {name, leaf}:
            self.warn(name, line, "is ignored, as asked")
        else:
            remedy = f"{reason} --ignore {leaf} runs the job without it."
            self.problem(name, line, "nothing that changes what runs", found, remedy)

    def unknown(self, name: str, entry: Entry, known: Iterable[str]) -> None:
        """A field nobody knows."""
        self.problem(name, entry.line, "a known field", shown(entry.key), did_you_mean(entry.key, known))


Reader = Callable[[Notes, str, Tree], T | None]


def table(notes: Notes, name: str, value: Tree, *, secret: bool = False) -> Table | None:
    """A mapping."""
    if isinstance(value, Table):
        return value
    notes.wrong(name, value, "a mapping (name: value)", "Write one `name: value` a line below it.", secret=secret)
    return None


def text(notes: Notes, name: str, value: Tree) -> str | None:
    """Text of any length, line breaks included."""
    if not isinstance(value, Scalar) or value.kind != "text":
        notes.wrong(name, value, "text", "Put the value in quotes.")
    elif _BROKEN.search(value.text):
        notes.wrong(name, value, "text without NUL or half characters", "Remove them.")
    else:
        return value.text
    return None


def path(notes: Notes, name: str, value: Tree) -> str | None:
    """A path: text, not empty, no control characters."""
    found = text(notes, name, value)
    if found is None:
        return None
    if not found or _BROKEN_PATH.search(found):
        notes.wrong(name, value, "a path without control characters", "Write a plain path.")
        return None
    return found


def job_name(notes: Notes, name: str, value: Tree) -> str | None:
    """A job's name."""
    found = text(notes, name, value)
    if found is None or _NAME.fullmatch(found):
        return found
    notes.wrong(name, value, "letters, digits, '.', '_' and '-', at most 63", "Choose such a name, e.g. finetune-7b.")
    return None


def workdir(notes: Notes, name: str, value: Tree) -> str | None:
    """A local folder. SkyPilot's git form is a mapping, which is not followed."""
    if isinstance(value, Table):
        notes.decisive(name, value.line, "a mapping (a git workdir)", "Clone the repository in setup.")
        return None
    return path(notes, name, value)


def file_mounts(notes: Notes, name: str, value: Tree) -> tuple[tuple[str, str], ...]:
    """Pairs of (path on the pod, local path)."""
    mounts = table(notes, name, value)
    pairs = [_mount(notes, f"{name}.{entry.key}", entry) for entry in mounts.entries] if mounts else []
    return tuple(sorted(pair for pair in pairs if pair))


def _mount(notes: Notes, name: str, entry: Entry) -> tuple[str, str] | None:
    if bucket := _bucket(entry.value):
        notes.decisive(name, entry.line, bucket, "Buckets and addresses are not mounted here; fetch them in setup.")
        return None
    if not entry.key.startswith(("/", "~/")) or _BROKEN_PATH.search(entry.key):
        remedy = "Write the path on the pod first, e.g. /root/data: ./data."
        notes.problem(name, entry.line, "a path on the pod from / or ~/", shown(entry.key), remedy)
        return None
    local = path(notes, name, entry.value)
    return None if local is None else (entry.key, local)


def _bucket(value: Tree) -> str | None:
    """What sort of remote storage a mount's value names; an address may hold a password, so only its scheme is said."""
    if isinstance(value, Table):
        return "a mapping (a bucket or volume)"
    if isinstance(value, Scalar) and (scheme := _SCHEME.match(value.text)):
        return f"an address ({scheme[0].lower()}…)"
    return None


def envs(notes: Notes, name: str, value: Tree) -> tuple[tuple[str, str | None], ...]:
    """Variables; a value is the text as it stands in the file, null means the driver's environment.

    What is wrong is told by kind and line only: people put secrets here too.
    """
    variables = table(notes, name, value, secret=True)
    pairs = [_variable(notes, name, entry) for entry in variables.entries] if variables else []
    return tuple(sorted((pair for pair in pairs if pair), key=lambda pair: pair[0]))


def _variable(notes: Notes, section: str, entry: Entry) -> tuple[str, str | None] | None:
    if not VARIABLE.fullmatch(entry.key):
        remedy = "Write `NAME: value`, one a line."
        notes.problem(section, entry.line, "a name of letters, digits and _", "a name with other characters", remedy)
        return None
    name = f"{section}.{entry.key}"
    if is_nothing(entry.value):
        return entry.key, None
    if not isinstance(entry.value, Scalar):
        notes.wrong(name, entry.value, "text or null", "Put the value in quotes.", secret=True)
    elif _BROKEN.search(entry.value.text):
        notes.wrong(name, entry.value, "text without NUL or half characters", "Remove them.", secret=True)
    else:
        return entry.key, entry.value.text
    return None


def accelerators(notes: Notes, name: str, value: Tree) -> tuple[str, ...]:
    """GPU names in order, each once, from any of SkyPilot's forms."""
    names: list[str] = []
    for line, written in _asked(notes, name, value):
        found = _accelerator(notes, name, line, written)
        if found and found not in names:
            names.append(found)
    return tuple(names)


def _asked(notes: Notes, name: str, value: Tree) -> list[tuple[int | None, str]]:
    """Every accelerator as `NAME` or `NAME:COUNT`."""
    match value:
        case Scalar(line, written, "text"):
            return [(line, written)]
        case Items(_, items) if all(isinstance(item, Scalar) for item in items):
            return [(item.line, item.text) for item in items if isinstance(item, Scalar)]
        case Table(_, entries) if all(isinstance(entry.value, Scalar) for entry in entries):
            return [(entry.line, _counted(entry)) for entry in entries]
    notes.wrong(name, value, "a GPU name, a list of them, or {NAME: 1}", "Write e.g. RTX4090:1 or [A100, H100].")
    return []


def _counted(entry: Entry) -> str:
    count = entry.value.text if isinstance(entry.value, Scalar) and not is_nothing(entry.value) else ""
    return f"{entry.key}:{count}" if count else entry.key


def _accelerator(notes: Notes, name: str, line: int | None, written: str) -> str | None:
    parts = _ACCELERATOR.fullmatch(written)
    if not parts:
        notes.problem(name, line, "a GPU name such as RTX4090", shown(written), "Write e.g. RTX4090:1.")
        return None
    gpu, count = parts[1].strip(), parts[2]
    if gpu.lower().startswith("tpu"):
        notes.decisive(name, line, f"a TPU ({shown(gpu)})", "TPUs are not rented here.")
        return None
    if count not in (None, "1"):
        notes.decisive(name, line, f"{count} × {gpu}", "An order has one GPU.")
    return gpu


def vram_gb(notes: Notes, name: str, value: Tree) -> int | None:
    """Whole GB, at least 1; a trailing `+` changes nothing."""
    if isinstance(value, Scalar) and (match := _VRAM.fullmatch(value.text)):
        return int(match[1])
    notes.wrong(name, value, "whole GB such as 24 or 24+", "Write e.g. vram_gb: 24.")
    return None


def capability(notes: Notes, name: str, value: Tree) -> tuple[int, int] | None:
    """A CUDA compute capability as (major, minor)."""
    if isinstance(value, Scalar) and (match := _CAPABILITY.fullmatch(value.text)):
        return int(match[1]), int(match[2])
    notes.wrong(name, value, "a compute capability such as 8.0", f'Write e.g. {name.rpartition(".")[2]}: "8.0".')
    return None


def hours(notes: Notes, name: str, value: Tree) -> Decimal | None:
    """Hours above 0, up to four decimals."""
    if isinstance(value, Scalar) and _HOURS.fullmatch(value.text) and Decimal(value.text) > 0:
        return Decimal(value.text)
    notes.wrong(name, value, "hours above 0 such as 2 or 0.5", "Write a plain number of hours.")
    return None


def budget(notes: Notes, name: str, value: Tree) -> Cents | None:
    """Dollars as quoted decimal text: a YAML number would already have lost its cents."""
    expected = "decimal dollars in quotes"
    if isinstance(value, Scalar) and value.kind in ("whole number", "number"):
        notes.wrong(name, value, expected, f'Put it in quotes: {name}: "{_two_places(value.text)}".')
        return None
    if isinstance(value, Scalar) and value.kind == "text":
        try:
            return cents_from_text(value.text)
        except ValueError:
            pass
    notes.wrong(name, value, expected, f'Write e.g. {name}: "5.00", at most 100000.00.')
    return None


def _two_places(written: str) -> str:
    return f"{written}.00" if written.isdecimal() else written


def outputs(notes: Notes, name: str, value: Tree) -> tuple[str, ...]:
    """Globs below the remote workdir."""
    if not isinstance(value, Items):
        notes.wrong(name, value, "a list of globs", "Write e.g. outputs: [adapters/, metrics.json].")
        return ()
    globs = [_glob(notes, f"{name}[{index}]", item) for index, item in enumerate(value.items)]
    return tuple(glob for glob in globs if glob is not None)


def _glob(notes: Notes, name: str, value: Tree) -> str | None:
    found = path(notes, name, value)
    if found is None or not (found.startswith(("/", "~")) or ".." in found.split("/")):
        return found
    notes.wrong(name, value, "a glob below the workdir", "Write it relative to the workdir, without `..`.")
    return None
