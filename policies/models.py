"""Which model a text speaks of: "Llama-3 8B", "Qwen2.5-7B-Instruct", "mistral 7b", or only "a 13B model"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.model_facts import MODELS, Model
from policies.model_shape import typical_shape

MOST_PARAMETERS = 2_000_000_000_000
"""A larger number in a text is no size of a model."""

_BREAK = re.compile(r"[^a-z0-9.]+|\.(?![0-9])|(?<![0-9])\.", re.ASCII)
_BEFORE_DIGIT = re.compile(r"(?<=[a-wyz])(?=[0-9])", re.ASCII)  # "8x7b" stays one word
_SIZE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?[bm]|[0-9]{1,2}x[0-9]{1,3}b", re.ASCII)
_GRADE = frozenset({"tiny", "small", "base", "medium", "large", "turbo"})

_STATED = re.compile(
    r"(?<![\w.])(?:([0-9]{1,2}) ?x ?)?([0-9]{1,4}(?:\.[0-9]{1,3})?)"
    r"(?:(?P<billions>[bB]| ?[bB]illion)|M| ?[mM]illion(?= param))(?!\w)",
    re.ASCII,
)

_OTHER_NAMES = {
    "code llama": "codellama",
    "tiny llama": "tinyllama",
    "zephyr 7b": "mistral 7b",
    "octocoder": "starcoder",
    "bloomz": "bloom",
    "bloom 7b 1": "bloom 7.1b",
    "phi 1 5": "phi 1.5",
    "t 0 3b": "t 5 3b",
    "t 5 xl": "t 5 3b",
    "t 5 xxl": "t 5 11b",
    "mt 0 xxl": "mt 5 13b",
    "mt 5 xxl": "mt 5 13b",
    "sd 1.5": "stable diffusion 1.5",
    "stable diffusion 1.4": "stable diffusion 1.5",
    "stable diffusion v 1 4": "stable diffusion 1.5",
    "stable diffusion v 1 5": "stable diffusion 1.5",
    "stable diffusion xl": "sdxl",
}
"""Other names of a model, and models of the same shape, as `_words` leaves them."""


@dataclass(frozen=True, slots=True)
class _Family:
    words: tuple[str, ...]
    sizes: dict[str, Model]


def find_model(text: str) -> Model | None:
    """The model that a text names, or a usual one of the size it states; None where it does neither.

    Of several, the one with the longest name, then the first. A size that a family does not have is taken for itself.
    """
    words = _words(text)
    found = [match for family in _FAMILIES for match in _matches(family, words)]
    if found:
        return min(found, key=lambda match: (-match[0], match[1]))[2]
    parameters = parameters_in(text)
    return None if parameters is None else model_of_size(parameters)


def parameters_in(text: str) -> int | None:
    """How many parameters a text states first: `7B`, `1.3b`, `8x7B`, `350M`. Minutes ("30m") and GB are none."""
    for found in _STATED.finditer(text):
        whole, _, part = found[2].partition(".")
        unit = 9 if found["billions"] else 6
        parameters = int(found[1] or 1) * int(whole + part.ljust(unit, "0"))
        if 0 < parameters <= MOST_PARAMETERS:
            return parameters
    return None


def model_of_size(parameters: int) -> Model:
    """A usual decoder of that many parameters."""
    shape = typical_shape(parameters)
    million = parameters / 10**6
    name = f"{million / 1000:.4g}B" if million >= 1000 else f"{million:.4g}M"
    return Model(name, parameters, shape, max(parameters - shape.embedding_parameters, 0), typical=True)


def _words(text: str) -> list[str]:
    spaced = " ".join(_BEFORE_DIGIT.sub(" ", " ".join(_BREAK.sub(" ", text.lower()).split())).split())
    for other, name in _OTHER_NAMES.items():
        spaced = re.sub(rf"(?<!\S){re.escape(other)}(?!\S)", name, spaced)
    return spaced.split()


def _matches(family: _Family, words: list[str]) -> Iterator[tuple[int, int, Model]]:
    length = len(family.words)
    for at in range(len(words) - length + 1):
        if tuple(words[at : at + length]) == family.words:
            model = _of_size(family, words[at + length :], words[:at])
            if model is not None:
                yield length, at, model


def _of_size(family: _Family, after: Sequence[str], before: Sequence[str]) -> Model | None:
    """The size stands behind the family's name ("llama 3 8b"), or before it ("the 8B llama 3")."""
    if after and after[0] in family.sizes:
        return family.sizes[after[0]]
    size = next((word for word in (*after, *reversed(before)) if _SIZE.fullmatch(word)), None)
    if size is not None:
        return family.sizes.get(size)
    return next(iter(family.sizes.values())) if len(family.sizes) == 1 else None


def _families() -> tuple[_Family, ...]:
    families: dict[tuple[str, ...], dict[str, Model]] = {}
    for model in MODELS:
        *family, size = _words(model.name)
        if not _SIZE.fullmatch(size) and size not in _GRADE:
            family, size = [*family, size], ""
        families.setdefault(tuple(family), {})[size] = model
    return tuple(_Family(words, sizes) for words, sizes in families.items())


_FAMILIES = _families()
