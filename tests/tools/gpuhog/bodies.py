"""Answers with one field swapped for a literal piece of JSON, so that a test writes exactly what is on the wire."""

import json
from collections.abc import Mapping


def with_field(answer: Mapping[str, object], name: str, literal: str | None) -> str:
    """`answer` as JSON text with `name` set to `literal`; None leaves it out."""
    fields = {key: json.dumps(value) for key, value in answer.items() if key != name}
    if literal is not None:
        fields[name] = literal
    return "{" + ", ".join(f'"{key}": {text}' for key, text in fields.items()) + "}"
