"""What kind of work a text speaks of, as far as it says so: the model's size, the method, the precision."""

import re
from collections.abc import Mapping
from decimal import Decimal

_BILLIONS = re.compile(
    r"(?<![\w.,$])(?:[0-9]+x)?([0-9]{1,4}(?:[.,][0-9]{1,3})?)\s?-?(?:B|billion|milliarden|milliards?|mil millones)(?:\s+param\w*)?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IN_A_NAME = re.compile(r"(?<=[A-Za-z0-9.])[-_ ]([0-9]{1,4}(?:\.[0-9]{1,3})?)[bB](?![A-Za-z0-9])")
_MILLIONS = re.compile(r"(?<![\w.,$])([0-9]{1,4})\s?M(?:\s+param\w*)?(?![A-Za-z0-9])")
_METHODS = {
    "qlora": r"\bq-?lora\b|\b4[- ]?bit lora\b",
    "lora": r"\b(?:lo-?ra|dora|adapters? training)\b",
    "full": r"\bfull[- ](?:parameter |weight )?(?:fine[- ]?tun\w*|ft|training)\b|\bfull[- ]?ft\b|\b(?:from scratch|pre-?train\w*|volles? fine[- ]?tun\w*|vollständig\w* (?:fine[- ]?tun\w*|feintun\w*|trainier\w*)|fine[- ]?tun\w* (?:complet|completo)|full fine[- ]tune|ajuste (?:fino )?completo|de zéro|desde cero|von grund auf)\b",
    "inference": r"\b(?:inferenc\w*|inferenz|inférence|inferencia|generat(?:e|ing|ion)|serv(?:e|ing)|batch[- ]?(?:predict|generat)\w*|predict\w*|transcri\w*|embed\w*|evaluat\w*|eval|benchmark|summari[sz]e|label(?:ing|ling)?|caption\w*)\b",
}
_PRECISIONS = {
    "4bit": r"\b(?:4[- ]?bits?|int4|nf4|q4(?:_k_m)?|awq|gptq)\b",
    "int8": r"\b(?:8[- ]?bits?|int8)\b(?!\s*adam)",
    "bf16": r"\bbf(?:loat)?-?16\b",
    "fp16": r"\bfp-?16\b|\bhalf[- ]precision\b",
    "fp32": r"\bfp-?32\b|\bfull precision\b",
}


def work(prose: str) -> Mapping[str, object]:
    """`parameters_b` (billions), `method`, `precision`: what is said of them, no more."""
    found: dict[str, object] = {}
    sizes = {_billions(match[1]) for pattern in (_BILLIONS, _IN_A_NAME) for match in pattern.finditer(prose)}
    sizes |= {Decimal(match[1]) / 1000 for match in _MILLIONS.finditer(prose)} if not sizes else set()
    if len(sizes) == 1:
        found["parameters_b"] = sizes.pop()
    for field, patterns in (("method", _METHODS), ("precision", _PRECISIONS)):
        hits = [name for name, pattern in patterns.items() if re.search(pattern, prose, re.IGNORECASE)]
        if hits:
            found[field] = hits[0]
    return found


def _billions(written: str) -> Decimal:
    return Decimal(written.replace(",", "."))
