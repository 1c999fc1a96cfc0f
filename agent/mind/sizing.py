"""How much GPU memory a described job is thought to need, where nobody said so and no GPU was named."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from policies.models import find_model
from policies.reading.understood import Source, Understood
from policies.vram import thought_gb
from policies.vram_estimate import Estimate, estimate
from policies.workload import QUANTIZED, Method, Precision, Workload

USUAL_TOKENS = 2048
MOST_TOKENS = 1_000_000
MOST_BATCH = 1024

_CONTEXT = re.compile(
    r"(?:context|(?:max[ _-]?)?seq(?:uence)?[ _-]?len(?:gth)?|kontext|contexte|contexto)\D{0,12}([0-9]{2,7})(k?)",
    re.IGNORECASE,
)
_BATCH = re.compile(r"(?<!micro)batch(?:[ _-]?size)?\D{0,8}([0-9]{1,4})", re.IGNORECASE)
_PRECISIONS = {"4bit": Precision.INT4, "int8": Precision.INT8, "bf16": Precision.BF16, "fp16": Precision.FP16,
               "fp32": Precision.FP32}  # fmt: skip


def sized(understood: Understood, text: str, headroom: Decimal) -> Understood:
    """With `vram_gb` where the work is known well enough to estimate it.

    Args:
        headroom: share to keep free over the estimate.
    """
    if {"vram_gb", "accelerators"} & understood.fields.keys():
        return understood
    work = workload(understood.fields.get("workload"), text)
    thought = None if work is None else estimate(work)
    need = None if thought is None else thought_gb(None, (), thought.total_gb, headroom)
    if need is None or thought is None:
        return understood
    fields = {**understood.fields, "vram_gb": need.gb}
    sources = {**understood.sources, "vram_gb": Source.ESTIMATED}
    notes = {"vram_gb": _parts(thought)}
    return replace(understood, fields=fields, sources=sources, notes=notes, estimated_gb=thought.total_gb)


def workload(said: object, text: str) -> Workload | None:
    """What a text says of its model and what is done with it; None where it does not name both."""
    if not isinstance(said, Mapping) or "method" not in said:
        return None
    model = find_model(text)
    if model is None:
        return None
    method = Method(str(said["method"]))
    precision = _PRECISIONS.get(str(said.get("precision")), Precision.BF16)
    if method is Method.FULL and precision in QUANTIZED:
        return None
    return Workload(model, method, precision, context=_tokens(text), batch=_batch(text))


def _tokens(text: str) -> int:
    found = _CONTEXT.search(text)
    tokens = int(found[1]) * (1024 if found[2] else 1) if found else 0
    return tokens if 1 <= tokens <= MOST_TOKENS else USUAL_TOKENS


def _batch(text: str) -> int:
    found = _BATCH.search(text)
    return int(found[1]) if found and 1 <= int(found[1]) <= MOST_BATCH else 1


def _parts(thought: Estimate) -> str:
    parts = " + ".join(f"{name} {size:.1f}" for name, size in thought.parts if size >= Decimal("0.05"))
    return f"{thought.total_gb:.1f} GB = {parts}, and headroom"
