"""What kind of work a text speaks of, as far as it says so: the model's size, the method, the precision."""

import re
from collections.abc import Mapping
from decimal import Decimal

from policies.reading.prose import Span
from policies.reading.words import phrases

_SIZE = r"([0-9]{1,4}(?:[.,][0-9]{1,3})?)"
_BILLIONS = re.compile(
    rf"(?<![\w.,$])(?:[0-9]+x)?{_SIZE}\s?-?(?:B|billion|milliarden|mrd\.?|milliards?|mil millones)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IN_A_NAME = re.compile(rf"(?<=[A-Za-z0-9.])[-_ ]{_SIZE}b(?![A-Za-z0-9])", re.IGNORECASE)
_MILLIONS = re.compile(r"(?<![\w.,$])([0-9]{1,4})\s?M(?![A-Za-z0-9])")
_SUFFIX = r"\.(?:py|sh|jsonl?|csv|txt|ya?ml|parquet|np[yz]|pth?|bin|ckpt|safetensors|png|zip|log|md|gguf)"
_NAME_OF_A_FILE = re.compile(rf"(?<![\w/*.-])[\w/*.-]*(?:/[\w*.-]*|[\w*-]{_SUFFIX})(?![\w])")
_WITH_A_SUFFIX = re.compile(rf"(?<![\w/*.-])[\w*.-]+{_SUFFIX}(?!\w)")
_METHODS = {
    "qlora": phrases("qlora, q-lora, 4-bit lora, 4bit lora"),
    "lora": phrases("lora, dora, adapter training"),
    "full": phrases(
        "full fine*, full-fine*, full parameter, full-parameter, full ft, full training, from scratch, pretrain*",
        "vollständig*, volles, von grund auf",
        "complet, complète, de zéro",
        "completo, desde cero",
    ),
    "inference": phrases(
        "inference, generate, generating, generation, serve, serving, batch predict*, predict, predictions, transcri*, "
        "evaluate, evaluation, eval, benchmark, summarize, summarise, label, labeling, labelling, caption*",
        "inferenz",
        "inférence",
        "inferencia",
    ),
}
_PRECISIONS = {
    "4bit": phrases("4-bit, 4 bit, 4bit, int4, nf4, q4, q4_k_m, awq, gptq"),
    "int8": phrases("int8") + r"|\b8[- ]?bit\b(?!\s*adam)",
    "bf16": phrases("bf16, bfloat16"),
    "fp16": phrases("fp16, float16, half precision"),
    "fp32": phrases("fp32, float32, full precision"),
}


def work(prose: str) -> tuple[Mapping[str, object], tuple[Span, ...]]:
    """`parameters_b` (billions) and `method` where both are said, and `precision`; and where that stands."""
    prose = _NAME_OF_A_FILE.sub(lambda match: "\x00" * len(match[0]), prose)
    found: dict[str, object] = {}
    spans: list[Span] = []
    sizes = _sizes(prose)
    if len({size for size, _ in sizes}) == 1:
        found["parameters_b"] = sizes[0][0]
        spans += [span for _, span in sizes]
    for field, known in (("method", _METHODS), ("precision", _PRECISIONS)):
        said = [(name, match) for name, source in known.items() if (match := re.search(source, prose, re.IGNORECASE))]
        if said:
            found[field] = said[0][0]
            spans.append(_span(said[0][1]))
    return (found, tuple(spans)) if {"parameters_b", "method"} <= found.keys() else ({}, ())


def model_sizes(prose: str) -> tuple[Span, ...]:
    """Where numbers of parameters stand."""
    return tuple(span for _, span in _sizes(prose))


def file_names(prose: str) -> tuple[Span, ...]:
    """Names of files, in which numbers are figures of nothing."""
    return tuple(_span(match) for match in _WITH_A_SUFFIX.finditer(prose))


def _sizes(prose: str) -> list[tuple[Decimal, Span]]:
    billions = [match for pattern in (_BILLIONS, _IN_A_NAME) for match in pattern.finditer(prose)]
    if billions:
        return [(Decimal(match[1].replace(",", ".")), _span(match)) for match in billions]
    return [(Decimal(match[1]) / 1000, _span(match)) for match in _MILLIONS.finditer(prose)]


def _span(match: re.Match[str]) -> Span:
    return Span(match.start(), match.end(), match[0])
