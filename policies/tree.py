"""YAML and JSON read strictly into one small tree that remembers lines and every scalar as it was written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import yaml

from policies.file_problem import FileProblem, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

Kind = Literal["text", "whole number", "number", "yes or no", "date", "nothing"]

_KINDS: dict[str, Kind] = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "whole number",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "yes or no",
    "tag:yaml.org,2002:timestamp": "date",
    "tag:yaml.org,2002:null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `text` is what stands in the file, never a converted number."""

    line: int | None
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int | None
    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value."""

    line: int | None
    key: str
    value: "Tree"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping in the order of the file; keys are text and unique."""

    line: int | None
    entries: tuple[Entry, ...]


Tree = Scalar | Items | Table


class Unreadable(ValueError):
    """The text is no strict YAML or JSON.

    Attributes:
        line: counted from 1, or None.
        found: what breaks the form; never a value of the file, which may be a secret.
    """

    def __init__(self, line: int | None, found: str, remedy: str) -> None:
        super().__init__(found)
        self.line = line
        self.found = found
        self.remedy = remedy

    def problem(self, file: str) -> FileProblem:
        """The same, as a problem of `file`."""
        return FileProblem(file, self.line, "", "a readable file", self.found, self.remedy)


def is_nothing(value: Tree) -> bool:
    """Null, written out or left empty."""
    return isinstance(value, Scalar) and value.kind == "nothing"


def kind_of(value: Tree) -> str:
    """What sort of value this is, in words for a human."""
    match value:
        case Scalar():
            return value.kind
        case Items():
            return "a list"
        case Table():
            return "a mapping"


def from_yaml(text: str) -> Tree:
    """Read one YAML document.

    Raises:
        Unreadable: too long, too deep, broken, several documents, aliases, tags, or a key that is repeated or no text.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise Unreadable(None, f"more than {MAX_BYTES // 1024} kB", "Move data into files of the workdir.")
    try:
        node = _StrictLoader(text).get_single_node()
    except Unreadable:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Unreadable(line, f"broken YAML ({error.problem})", "Mend the YAML at that line.") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The last two: an escape such as \UFFFFFFFF names no character, and PyYAML lets Python say so.
        raise Unreadable(None, "characters that YAML does not allow", "Save the file as UTF-8 text.") from error
    return Scalar(None, "", "nothing") if node is None else _tree(node)


class _StrictLoader(yaml.SafeLoader):
    """Composes nodes only: nothing is ever constructed from them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            # An alias of an alias of an alias is how a kilobyte of YAML becomes a gigabyte.
            raise Unreadable(line, "an alias (*name)", "Write the value out where it is used.")
        if self._depth >= MAX_DEPTH:
            raise Unreadable(line, f"more than {MAX_DEPTH} levels", "Flatten the file.")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _tree(node: yaml.Node) -> Tree:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode) and node.tag in _KINDS:
        return Scalar(line, node.value, _KINDS[node.tag])
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return Items(line, tuple(map(_tree, node.value)))
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        return Table(line, tuple(_entries(node)))
    raise Unreadable(line, f"the tag {shown(node.tag)}", "Write a plain value.")


def _entries(node: yaml.MappingNode) -> Iterator[Entry]:
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Unreadable(line, "a key that is no text", "Use a plain name.")
        if key.value in seen:
            raise Unreadable(line, f"the key {shown(key.value)} a second time", "Keep one of the two.")
        seen.add(key.value)
        yield Entry(line, key.value, _tree(value))


def from_json(text: str) -> Tree:
    """Read JSON as strictly as YAML.

    Raises:
        Unreadable: broken, too deep, a repeated key, or `NaN` and its like.
    """
    try:
        # Numbers stay as they were written; only text may be mistaken for one, so they get a type of their own.
        value = json.loads(
            text, object_pairs_hook=_JsonObject, parse_int=_Whole, parse_float=_Number, parse_constant=_refuse
        )
        return _from_value(value)
    except json.JSONDecodeError as error:
        raise Unreadable(error.lineno, f"broken JSON ({error.msg})", "Mend it at that line.") from error
    except RecursionError as error:
        raise Unreadable(None, "too many levels", "Flatten the file.") from error


class _JsonObject(list[tuple[str, object]]):
    """An object's pairs, repeated keys still in."""


class _Whole(str):
    __slots__ = ()


class _Number(str):
    __slots__ = ()


def _refuse(name: str) -> object:
    raise Unreadable(None, name, "Use a finite number.")


def _from_value(value: object) -> Tree:
    match value:
        case None:
            return Scalar(None, "", "nothing")
        case bool():
            return Scalar(None, str(value).lower(), "yes or no")
        case _Whole():
            return Scalar(None, str(value), "whole number")
        case _Number():
            return Scalar(None, str(value), "number")
        case str():
            return Scalar(None, value, "text")
        case _JsonObject():
            return _table(value)
        case list():
            return Items(None, tuple(map(_from_value, value)))
        case _:
            raise TypeError(f"JSON has no {type(value).__name__}")


def _table(pairs: _JsonObject) -> Table:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Unreadable(None, "a key twice in one object", "Keep one of the two.")
    return Table(None, tuple(Entry(None, key, _from_value(value)) for key, value in pairs))
