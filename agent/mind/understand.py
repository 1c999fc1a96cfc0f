"""A description understood: by rule, and by a model whose every word is held against the text.

Rules decide what a figure is, and what runs. A model adds the paths that they missed, where the text bears it out, and
turns a figure or a command on which the two differ into a question: it can make a run ask, never make it pay.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from agent.mind.folder import masked
from agent.mind.port import Mind, ModelGarbled, ModelUnavailable
from agent.mind.prompts import INSTRUCTIONS, JobForm, turns
from policies.reading.outputs import lies_there
from policies.reading.rules import understand as understand_by_rule
from policies.reading.to_run import says_what_runs
from policies.reading.understood import Source, Understood
from policies.text import clean

__all__ = ["understand", "understand_by_rule"]

MOST_ERROR = 400
MOST_WORDS = 5
_NUMBERS = {"hours": "How many hours does it take", "budget_usd": "How many US dollars may it cost at most",
            "vram_gb": "How many GB of GPU memory does it need"}  # fmt: skip


async def understand(
    mind: Mind | None,
    text: str,
    files: Mapping[str, str],
    given: Mapping[str, object],
    secrets: tuple[str, ...] = (),
) -> tuple[Understood, str]:
    """Read a description.

    Args:
        files: name → first characters of what lies in the workdir.
        given: fields that a job file has already.
        secrets: values that no model may see.

    Returns:
        What was understood, and why a model had no part in it ("" where it had).
    """
    by_rule = understand_by_rule(text, files, given)
    if mind is None:
        return by_rule, "no model is configured"
    try:
        shown = turns(masked(text, secrets), [masked(name, secrets) for name in files])
        form = await mind.fill(JobForm, INSTRUCTIONS, shown)
    except (ModelUnavailable, ModelGarbled) as error:
        return by_rule, f"{mind.name} was no help: {clean(str(error), MOST_ERROR)}"
    return _Checked(by_rule, form, text, files, given).understood(), ""


_WORD = re.compile(r"\w+")
_BELOW = re.compile(r"[\w*.][\w*./-]*")


class _Checked:
    """The model's form, held against the text."""

    def __init__(
        self, by_rule: Understood, form: JobForm, text: str, files: Mapping[str, str], given: Mapping[str, object]
    ) -> None:
        self._rule = by_rule
        self._form = form
        self._text = " ".join(text.split())
        self._is_doubt = says_what_runs(text, files)
        self._files = files
        self._given = given
        self._fields = dict(by_rule.fields)
        self._sources = dict(by_rule.sources)
        self._asks = dict(by_rule.asks)
        self._proposed = dict(by_rule.proposed)

    def understood(self) -> Understood:
        self._command()
        for name in _NUMBERS:
            self._number(name)
        self._outputs()
        self._title()
        return replace(self._rule, fields=self._fields, sources=self._sources, asks=self._asks, proposed=self._proposed)

    def _said(self, name: str, value: object) -> None:
        self._fields[name], self._sources[name] = value, Source.SAID

    def _command(self) -> None:
        """One that rules overlooked is proposed. Where the text names any, and it is open which, a human says it."""
        command = " ".join((self._form.run or "").split())
        if "run" not in self._asks or self._is_doubt or not re.match(r"\w[\w./-]* \S", command):
            return
        if not re.search(rf"(?<![\w/.-]){re.escape(command)}(?![\w/-])", self._text):
            return
        self._asks["run"] = f"What is the command to run: is it `{command}`?"
        self._proposed["run"] = command

    def _number(self, name: str) -> None:
        """One that the text does not have was made up, and what the rules have a meaning for has that one.

        Any other is asked about: rules may have overlooked it.
        """
        filled = getattr(self._form, name)
        if filled is None or name in self._asks or name in self._given:
            return
        value = Decimal(str(filled))
        known = self._fields.get(name)
        if value not in self._rule.free or (known is not None and Decimal(str(known)) == value):
            return
        reads = f"{value:f}" if known is None else f"{known} or {value:f}"
        self._asks[name] = f"{_NUMBERS[name]}: is it {reads}?"

    def _outputs(self) -> None:
        if "outputs" in self._fields:
            return
        below = [path for path in self._form.outputs if _BELOW.fullmatch(path) and ".." not in path.split("/")]
        there = [path for path in below if re.search(rf"(?<!\S){re.escape(path)}(?![\w/])", self._text)]
        wanted = tuple(path for path in there if not lies_there(path, self._files))
        if wanted:
            self._said("outputs", wanted)

    def _title(self) -> None:
        """It becomes a part of the run's id, which others see: in words of the text, and no others."""
        known = set(_WORD.findall(self._text.lower()))
        title = [word for word in _WORD.findall(self._form.title or "") if word.lower() in known]
        if title and "name" not in self._fields:
            self._fields["name"], self._sources["name"] = " ".join(title[:MOST_WORDS]), Source.ESTIMATED
