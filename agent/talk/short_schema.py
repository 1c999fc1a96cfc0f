"""A tool's JSON schema in fewer words: a small model reads it before it answers, and can hold four thousand tokens."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_KEPT = ("type", "description", "enum", "default")


def short_schema(schema: Schema) -> dict[str, Any]:
    """Names, types, choices and descriptions of a tool's arguments.

    Bounds and patterns are left out: the form that takes the arguments holds them, and says what is wrong.

    Args:
        schema: as LangChain offers it, without references.
    """
    short: dict[str, Any] = {"type": "object", "properties": {}}
    for name, one in schema.get("properties", {}).items():
        short["properties"][name] = _short(one)
    if required := schema.get("required"):
        short["required"] = required
    return short


def _short(schema: Schema) -> dict[str, Any]:
    """One argument; that it may also be null is what its absence from `required` says."""
    given: Schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), {})
    whole = {**given, **schema}
    short = {name: whole[name] for name in _KEPT if whole.get(name) is not None}
    if "items" in whole:
        short["items"] = _short(whole["items"])
    return short
