"""What a tool answered, as lines for a human: written by code, so that no model chooses what they read as a price."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from policies.text import clean, without_links

MOST_ROWS = 12
MOST_SAID = 40
"""Lines of a log or a reply: the last ones say what went wrong."""

_COLUMNS = {
    "list_gpus": ("name", "vram_gb", "price_per_hour_usd", "tier"),
    "quote_job": ("name", "vram_gb", "price_per_hour_usd", "total_usd", "reason"),
    "list_runs": ("run_id", "status", "doing", "spent_usd", "held_usd"),
    "spend": ("run_id", "gpu", "hours", "amount_usd", "state"),
}
_ROWS = {"list_gpus": "offers", "quote_job": "offers", "list_runs": "runs", "spend": "charges"}
_HIDDEN = frozenset({"untrusted", "step", "started_at", "ended_at"})
_OWN_FIGURE = re.compile(r"\$\s?[0-9][0-9.,]*[0-9]|\$\s?[0-9]")


def figures(tool: str, answer: str) -> list[str]:
    """Lines of at most a screen; an answer that is no document is one line."""
    try:
        document = json.loads(answer)
    except ValueError:
        return [_text(answer)]
    if not isinstance(document, dict):
        return [_text(answer)]
    listed = _ROWS.get(tool, "")
    rows = document.pop(listed, None)
    lines = _table(rows, _COLUMNS[tool]) if rows else [f"no {listed}"] if listed else []
    return [*lines, *_fields(document)]


def _table(rows: Sequence[Any], columns: Sequence[str]) -> list[str]:
    """With a head; a column that no row has is left out."""
    shown = [row for row in rows[:MOST_ROWS] if isinstance(row, Mapping)]
    columns = [name for name in columns if any(row.get(name) not in (None, "") for row in shown)]
    cells = [[name.removesuffix("_usd").replace("_", " ") for name in columns]]
    cells += [[_cell(name, row.get(name)) for name in columns] for row in shown]
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [*lines, *_more(len(rows) - len(shown))]


def _fields(document: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, value in document.items():
        if name in _HIDDEN or value in (None, "", [], {}):
            continue
        words = name.removesuffix("_usd").replace("_", " ")
        match value:
            case dict():
                lines.append(f"{words}: {', '.join(_named(key, one) for key, one in value.items())}")
            case list():
                lines += [f"{words}:", *_rows(value, MOST_SAID if name == "said" else MOST_ROWS)]
            case _:
                lines.append(f"{words}: {_cell(name, value)}")
    return lines


def _rows(items: Sequence[Any], most: int) -> list[str]:
    return [*(f"| {_item(one)}" for one in items[:most]), *_more(len(items) - most)]


def _more(count: int) -> list[str]:
    return [f"and {count} more"] if count > 0 else []


def _named(name: str, value: object) -> str:
    return f"{name.removesuffix('_usd').replace('_', ' ')} {_cell(name, value)}"


def _item(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(_named(name, one) for name, one in value.items() if one not in (None, "", [], {}))
    return _text(str(value))


def _cell(name: str, value: object) -> str:
    if value is None:
        return "-"
    return f"${_text(str(value))}" if name.endswith("_usd") else _text(str(value))


def _text(text: str) -> str:
    return without_links(clean(text, 400))


def own_figures(said: str, known: Iterable[str]) -> list[str]:
    """Amounts of money that a model named though nobody else did: a human is not to take them for a price."""
    known_text = " ".join(known)
    numbers = {_number(found) for found in re.findall(r"[0-9][0-9.,]*", known_text)}
    return [found for found in dict.fromkeys(_OWN_FIGURE.findall(said)) if _number(found) not in numbers]


def _number(text: str) -> str:
    """`$5`, `5.00` and `5,00.` are one number."""
    digits = text.strip("$ .,").replace(",", ".")
    whole, dot, part = digits.rpartition(".") if digits.count(".") else (digits, "", "")
    return f"{whole.replace('.', '')}.{part.rstrip('0')}".rstrip(".") if dot else digits
