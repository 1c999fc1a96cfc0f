"""What a model wrote, read as the form it was to fill in: strictly, whatever stands around it."""

import json
import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from policies.text import clean
from tools.gpuhog import strict_json

T = TypeVar("T", bound=BaseModel)

LONGEST = 64_000
"""Characters."""

_SHOWN = 3
_OBJECT = re.compile(r'\{\s*["}]')
"""Where an object of JSON begins; other braces are prose."""


class NotTheForm(ValueError):
    """Says what is wrong in words that the model may be told: nothing of its answer is repeated."""


def read_form(form: type[T], text: str) -> T:
    """The first JSON object in `text`, which may stand in prose or in a fenced block.

    Raises:
        NotTheForm: no object, a key twice in one, or not what the form takes.
    """
    found = _first_object(text)
    try:
        value = strict_json.load_object(found.encode())
        if value.keys() == {"name", "arguments"} and not value.keys() <= form.model_fields.keys():
            # A tool call that was written down instead of being made, as small models do.
            found = json.dumps(json.loads(found)["arguments"])
        return form.model_validate_json(found, strict=True, extra="forbid")
    except ValidationError as error:
        raise NotTheForm(in_words(error)) from error
    except ValueError as error:
        raise NotTheForm(clean(str(error), 200)) from error


def _first_object(text: str) -> str:
    if len(text) > LONGEST:
        raise NotTheForm(f"longer than {LONGEST} characters")
    begin = _OBJECT.search(text)
    if begin is None:
        raise NotTheForm("no JSON object in it")
    try:
        _, end = json.JSONDecoder().raw_decode(text, begin.start())
    except json.JSONDecodeError as error:
        raise NotTheForm(f"no valid JSON: {error.msg}") from error
    except RecursionError as error:
        raise NotTheForm("no valid JSON: nested too deep") from error
    return text[begin.start() : end]


def in_words(error: ValidationError) -> str:
    """What is wrong, and nothing of what was filled in."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    words = [f"{'.'.join(map(str, one['loc'])) or 'the object'}: {one['msg']}" for one in wrong[:_SHOWN]]
    more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
    return clean("; ".join([*words, *more]), 400)
