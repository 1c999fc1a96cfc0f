"""How much GPU memory a workload takes, part by part.

What is held for each parameter follows "Transformer Math 101" (https://blog.eleuther.ai/transformer-math/) and "Model
training anatomy" (https://huggingface.co/docs/transformers/model_memory_anatomy); what passes through the model is in
`policies.activations`. There is no headroom in it: `policies.vram` adds that. How far off it is from published
measurements is in `tests/policies/vram_errors.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from policies.activations import cache_bytes, image_bytes, inference_bytes, training_bytes
from policies.workload import BYTES, QUANTIZED, Method, Optimizer, Precision, Workload

_GB = 2**30
_HUNDREDTH = Decimal("0.01")

CONTEXT_BYTES = 3 * _GB // 4
"""CUDA's context and kernels: 1.3 GB on a V100 in "Model training anatomy", about half since they are loaded lazily."""

FRAGMENTATION = Fraction(1, 3)
"""Of the activations: blocks that the caching allocator keeps though they fit no later request. Weights come once and
stay. In the runs with adapters of https://github.com/foundation-model-stack/fms-acceleration/tree/main/scripts/benchmarks
nvidia-smi saw, beside the context, 15 to 40 % of the activations more than PyTorch had in use."""

_ADAPTER_BYTES = Fraction(4)
"""Adapters are kept in 32 bits over a model of any precision (`autocast_adapter_dtype` in PEFT)."""

_STATES = {Optimizer.ADAM: 2, Optimizer.ADAM_8BIT: 2, Optimizer.SGD: 1}
"""Numbers that an optimizer keeps for a parameter: two moments, or the momentum."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a workload takes.

    Attributes:
        total_gb: GiB, as cards are sold; the sum of the parts.
        parts: by name: weights, gradients, optimizer, adapters, activations, KV cache, overhead; each in GiB.
        assumptions: what was taken for granted, in words.
    """

    total_gb: Decimal
    parts: tuple[tuple[str, Decimal], ...]
    assumptions: tuple[str, ...]


def estimate(work: Workload) -> Estimate | None:
    """Parts and sum. None for training a model that makes images: nothing general is known of its activations."""
    if work.trains and work.model.shape is None:
        return None
    sizes = {
        "weights": _weights(work),
        "gradients": _gradients(work),
        "optimizer": _optimizer(work),
        "adapters": _adapters(work),
        "activations": Fraction(_activations(work)),
        "KV cache": Fraction(cache_bytes(work, work.model.shape) if work.model.shape else 0),
    }
    sizes["overhead"] = CONTEXT_BYTES + FRAGMENTATION * sizes["activations"]
    parts = tuple((name, _gb(size)) for name, size in sizes.items())
    return Estimate(sum((size for _, size in parts), Decimal(0)), parts, tuple(_assumptions(work)))


def _weights(work: Workload) -> Fraction:
    model, held = work.model, work.held_in
    whole = model.parameters - model.quantizable if held in QUANTIZED else 0
    copies = BYTES[work.precision] * model.parameters if work.keeps_masters else 0
    return (model.parameters - whole) * BYTES[held] + whole * BYTES[work.whole_in] + copies


def _gradients(work: Workload) -> Fraction:
    return work.model.parameters * BYTES[work.held_in] if work.method is Method.FULL else Fraction(0)


def _optimizer(work: Workload) -> Fraction:
    return _states(work, work.model.parameters, BYTES[work.held_in]) if work.method is Method.FULL else Fraction(0)


def _states(work: Workload, parameters: int, each: Fraction) -> Fraction:
    size = BYTES[Precision.INT8] if work.optimizer is Optimizer.ADAM_8BIT else each
    return parameters * _STATES[work.optimizer] * size


def _adapters(work: Workload) -> Fraction:
    """With their gradients and their part of the optimizer."""
    if not work.adapts or work.model.shape is None:
        return Fraction(0)
    parameters = work.model.shape.adapter_parameters(work.rank, every_layer=work.every_layer)
    return 2 * parameters * _ADAPTER_BYTES + _states(work, parameters, _ADAPTER_BYTES)


def _activations(work: Workload) -> int:
    """Or what Adam's step needs for a moment, when the activations are gone: as much as the parameters take.

    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html of `foreach`, the default on a GPU.
    """
    if work.model.shape is None:
        return image_bytes(work)
    if not work.trains:
        return inference_bytes(work, work.model.shape)
    step = 0
    if work.method is Method.FULL and work.optimizer is Optimizer.ADAM:
        step = int(work.model.parameters * BYTES[work.held_in])
    return max(training_bytes(work, work.model.shape), step)


def _gb(size: Fraction) -> Decimal:
    """Rounded up to a hundredth."""
    return (Decimal(size.numerator) / size.denominator / _GB).quantize(_HUNDREDTH, ROUND_CEILING)


def _assumptions(work: Workload) -> Iterator[str]:
    model = work.model
    if model.typical:
        yield f"a usual decoder of {model.name} parameters"
    yield "one GPU, nothing offloaded to the host"
    if model.shape is None:
        yield f"{work.batch} x {work.pixels / 10**6:.2f} megapixels, text encoders on the GPU too"
        return
    yield f"{work.batch} x {work.context} tokens at once"
    if work.held_in in QUANTIZED:
        size = "4.5 bits" if work.held_in is Precision.INT4 else "1 byte"
        yield f"embeddings in {work.whole_in}, {size} for each other parameter"
    if work.method is Method.FULL:
        yield from _of_training(work)
    if work.trains:
        yield "logits of the whole batch in 32 bits; less with a loss computed in parts (Liger, Unsloth, torchtune)"
        yield f"activations {'computed again' if work.recomputes else 'kept, no gradient checkpointing'}"
    if not work.eager:
        yield "fused attention (FlashAttention, SDPA)"


def _of_training(work: Workload) -> Iterator[str]:
    kept = "parameters, gradients and optimizer in 32 bits, with a copy of the parameters in 16"
    yield kept if work.keeps_masters else f"parameters, gradients and optimizer in {work.precision}"
