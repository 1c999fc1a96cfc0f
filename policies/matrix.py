"""`matrix:` in a job file: one job for each combination of its values, which the job sees as variables."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

from policies.job_file import VARIABLE, Notes
from policies.tree import Entry, Items, Scalar, Table, Tree, is_nothing

MOST_COMBINATIONS = 1000

FIELD = "matrix"

Variation = tuple[str, Table]
"""What tells a combination from the others, e.g. `LR=0.1 SEED=2`, and the job's own tree with it."""


def variations(notes: Notes, root: Table) -> list[Variation]:
    """The job once for each combination, the last name turning fastest; once and unlabelled where there is no matrix.

    What is wrong is noted, and no variation comes of it.
    """
    written = next((entry for entry in root.entries if entry.key == FIELD), None)
    if written is None or is_nothing(written.value):
        return [("", _without_matrix(root))]
    before = len(notes.problems)
    axes = _axes(notes, written, _names_in_envs(root))
    if len(notes.problems) > before:
        return []
    return [_variation(root, chosen) for chosen in product(*axes)]


def _names_in_envs(root: Table) -> frozenset[str]:
    envs = _envs(root)
    return (
        frozenset(entry.key for entry in envs.value.entries) if envs and isinstance(envs.value, Table) else frozenset()
    )


def _axes(notes: Notes, written: Entry, taken: frozenset[str]) -> list[list[Entry]]:
    """For each name its values, as the variables they become."""
    expected, example = "a mapping of NAME: [value, …]", "Write e.g. matrix: {SEED: [1, 2, 3]}"
    if not isinstance(written.value, Table):
        notes.wrong(FIELD, written.value, expected, f"{example}.")
        return []
    if not written.value.entries:
        notes.problem(FIELD, written.line, expected, "an empty one", f"{example}, or remove it for a single job.")
        return []
    for entry in written.value.entries:
        if entry.key in taken:
            notes.problem(
                f"{FIELD}.{entry.key}", entry.line, "each variable once", "it in envs too", "Keep one of them."
            )
    axes = [list(_values(notes, entry)) for entry in written.value.entries]
    if prod(map(len, axes)) > MOST_COMBINATIONS:
        found, remedy = f"{prod(map(len, axes))} combinations", "Split the matrix over several files."
        notes.problem(FIELD, written.line, f"at most {MOST_COMBINATIONS} combinations", found, remedy)
    return axes


def _values(notes: Notes, entry: Entry) -> Iterator[Entry]:
    name = f"{FIELD}.{entry.key}"
    if not VARIABLE.fullmatch(entry.key):
        remedy = "The job sees each name as a variable."
        notes.problem(FIELD, entry.line, "a name of letters, digits and _", "a name with other characters", remedy)
    elif not isinstance(entry.value, Items):
        notes.wrong(name, entry.value, "a list of values", f"Write e.g. {entry.key}: [1, 2].")
    elif not entry.value.items:
        notes.problem(name, entry.line, "a list of values", "an empty one", f"Write e.g. {entry.key}: [1, 2].")
    elif not all(map(_is_value, entry.value.items)):
        notes.wrong(name, entry.value, "a list of plain values", "Put each value in quotes.")
    elif len({_text(item) for item in entry.value.items}) != len(entry.value.items):
        notes.wrong(name, entry.value, "each value once", "Remove the second one: it would run the same job again.")
    else:
        for item in entry.value.items:
            yield Entry(entry.line, entry.key, Scalar(item.line, _text(item), "text"))


def _is_value(item: Tree) -> bool:
    return isinstance(item, Scalar) and not is_nothing(item)


def _text(item: Tree) -> str:
    return item.text if isinstance(item, Scalar) else ""


def _variation(root: Table, chosen: tuple[Entry, ...]) -> Variation:
    label = " ".join(f"{entry.key}={_text(entry.value)}" for entry in chosen)
    return label, _with_envs(_without_matrix(root), chosen)


def _without_matrix(root: Table) -> Table:
    return replace(root, entries=tuple(entry for entry in root.entries if entry.key != FIELD))


def _with_envs(root: Table, chosen: tuple[Entry, ...]) -> Table:
    """What is no mapping is left to the reader of `envs`, which says so."""
    envs = _envs(root)
    if envs is None:
        return replace(root, entries=(*root.entries, Entry(root.line, "envs", Table(root.line, chosen))))
    if not isinstance(envs.value, Table):
        return root
    both = replace(envs, value=replace(envs.value, entries=(*envs.value.entries, *chosen)))
    return replace(root, entries=tuple(both if entry is envs else entry for entry in root.entries))


def _envs(root: Table) -> Entry | None:
    """A field that is null is as good as absent, and gives way."""
    return next((entry for entry in root.entries if entry.key == "envs" and not is_nothing(entry.value)), None)
