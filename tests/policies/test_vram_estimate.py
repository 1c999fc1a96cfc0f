"""What a workload takes: its parts by hand, and what must hold for every workload."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.model_facts import MODELS, Model
from policies.models import model_of_size
from policies.vram_estimate import Estimate, estimate
from policies.workload import Method, Optimizer, Precision, Workload

BY_NAME = {model.name: model for model in MODELS}
LLAMA, FLUX = BY_NAME["Llama 2 7B"], BY_NAME["Flux 1"]
PARTS = ("weights", "gradients", "optimizer", "adapters", "activations", "KV cache", "overhead")
TEXT = [model for model in MODELS if model.shape is not None]
LARGE = [model for model in TEXT if model.parameters >= 10**9]
"""Below a thousand million parameters, embeddings and adapters may outweigh all else."""

SIZES = st.integers(10_000_000, 500_000_000_000)


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """Any workload of a text model, with nothing that cannot be."""
    method = draw(st.sampled_from(Method))
    precisions = [one for one in Precision if method is not Method.FULL or one not in (Precision.INT8, Precision.INT4)]
    return Workload(
        draw(st.sampled_from(TEXT)),
        method,
        draw(st.sampled_from(precisions)),
        context=draw(st.integers(1, 131_072)),
        batch=draw(st.integers(1, 64)),
        optimizer=draw(st.sampled_from(Optimizer)),
        checkpointing=draw(st.sampled_from([None, False, True])),
        mixed=draw(st.booleans()),
        upcast=draw(st.booleans()),
        rank=draw(st.integers(1, 256)),
        every_layer=draw(st.booleans()),
        eager=draw(st.booleans()),
    )


def of(work: Workload) -> Estimate:
    found = estimate(work)
    assert found is not None
    return found


def parts(work: Workload) -> dict[str, Decimal]:
    return dict(of(work).parts)


def held(work: Workload) -> Decimal:
    """What does not depend on how many tokens pass through."""
    found = parts(work)
    return found["weights"] + found["gradients"] + found["optimizer"] + found["adapters"]


def test_inference_by_hand() -> None:
    """6,738,149,376 parameters of 2 bytes; 2 x 4096 tokens x 32 layers x 4096 wide x 2 bytes of keys and values."""
    found = parts(Workload(LLAMA, context=4096))
    assert found["weights"] == Decimal("12.56")
    assert found["KV cache"] == Decimal("2.00")
    assert found["gradients"] == found["optimizer"] == found["adapters"] == 0


@pytest.mark.parametrize(
    ("optimizer", "mixed", "each"),
    [
        (Optimizer.ADAM, True, (6, 4, 8)),
        (Optimizer.ADAM_8BIT, True, (6, 4, 2)),
        (Optimizer.SGD, True, (6, 4, 4)),
        (Optimizer.ADAM, False, (2, 2, 4)),
        (Optimizer.ADAM_8BIT, False, (2, 2, 2)),
        (Optimizer.SGD, False, (2, 2, 2)),
    ],
)
def test_bytes_a_parameter_in_full_fine_tuning(optimizer: Optimizer, mixed: bool, each: tuple[int, int, int]) -> None:
    """18 in mixed precision with Adam, as in "Transformer Math 101"; 8 with everything in 16 bits."""
    found = parts(Workload(LLAMA, Method.FULL, optimizer=optimizer, mixed=mixed))
    for name, size in zip(("weights", "gradients", "optimizer"), each, strict=True):
        exact = Decimal(LLAMA.parameters * size) / 2**30
        assert exact <= found[name] <= exact + Decimal("0.01")


def test_adapters_by_hand() -> None:
    """Rank 8 at queries and values: 4,194,304 parameters, with gradient and two moments of 4 bytes each."""
    found = parts(Workload(LLAMA, Method.LORA, rank=8, every_layer=False))
    assert found["adapters"] == Decimal("0.07")
    assert found["weights"] == Decimal("12.56")


def test_four_bits_leave_the_embeddings() -> None:
    """2 x 32000 x 4096 parameters stay in 16 bits, in 32 where they are upcast; 4.5 bits for the others."""
    assert parts(Workload(LLAMA, precision=Precision.INT4))["weights"] == Decimal("3.89")
    assert parts(Workload(LLAMA, Method.QLORA))["weights"] == Decimal("4.37")


@pytest.mark.parametrize(
    ("precision", "eager", "gb"),
    [
        # 16 x 4096 norms, 4 x 8192 attention, 8 x 11008 feed-forward, in 32 layers; 14 x 32000 logits
        (Precision.BF16, False, "5.98"),
        # 24 x 4096, 8 x 8192, 16 x 11008; 16 x 32000
        (Precision.FP32, False, "10.61"),
        # and 9 x 32 x 1000 of each layer
        (Precision.BF16, True, "14.56"),
    ],
)
def test_activations_of_a_thousand_tokens_by_hand(precision: Precision, eager: bool, gb: str) -> None:
    """Bytes that a token leaves."""
    work = Workload(LLAMA, Method.FULL, precision, 1000, optimizer=Optimizer.SGD, mixed=False, eager=eager)
    assert parts(work)["activations"] == Decimal(gb)


@pytest.mark.parametrize(("eager", "gb"), [(False, "2.58"), (True, "4.73")])
def test_activations_of_inference_by_hand(eager: bool, gb: str) -> None:
    """2 x (4 x 3072 + 3 x 24576) bytes of a token; 4 x 256000 of the last of each of 16 sequences; scores if kept."""
    work = Workload(BY_NAME["Gemma 7B"], context=1000, batch=16, eager=eager)
    assert parts(work)["activations"] == Decimal(gb)
    assert ("fused attention (FlashAttention, SDPA)" in of(work).assumptions) is not eager


def test_experts_are_all_held_and_few_are_used() -> None:
    """Mixtral's 46.7 thousand million parameters, and activations below those of a model that uses as many."""
    mixtral = BY_NAME["Mixtral 8x7B"]
    assert mixtral.shape is not None
    assert mixtral.parameters == pytest.approx(46.7e9, rel=0.001)
    used = replace(mixtral, shape=replace(mixtral.shape, active=8))
    work = Workload(mixtral, Method.QLORA)
    assert parts(work)["activations"] < parts(replace(work, model=used))["activations"]


def test_adams_step_may_need_more_than_the_activations() -> None:
    """With little to keep for the backward pass, the step's copy of the parameters is the peak; SGD has none."""
    adam = Workload(LLAMA, Method.FULL, mixed=False, context=128, checkpointing=True)
    assert parts(adam)["activations"] == parts(adam)["weights"]
    assert parts(replace(adam, optimizer=Optimizer.SGD))["activations"] < 1


def test_a_model_that_scores_no_tokens_has_no_cache() -> None:
    """BERT generates nothing."""
    assert parts(Workload(BY_NAME["BERT large"], context=512))["KV cache"] == 0


def test_an_image_takes_memory_by_its_size() -> None:
    """All parts of the pipeline are held, and the autoencoder sees every pixel."""
    one = Workload(FLUX)
    assert parts(one)["weights"] == Decimal("31.42")
    assert parts(one)["activations"] == Decimal("5.00")
    assert parts(replace(one, pixels=512 * 512))["activations"] == Decimal("1.25")


@pytest.mark.parametrize("method", [Method.FULL, Method.LORA, Method.QLORA])
def test_checkpointing_where_nobody_said(method: Method) -> None:
    """QLoRA's usual preparation switches it on; nothing else does."""
    unsaid = Workload(LLAMA, method)
    assert of(unsaid) == of(replace(unsaid, checkpointing=method is Method.QLORA))
    assert of(unsaid) != of(replace(unsaid, checkpointing=method is not Method.QLORA))


@pytest.mark.parametrize("method", [Method.FULL, Method.LORA, Method.QLORA])
def test_nothing_is_said_of_training_an_image_model(method: Method) -> None:
    """No formula here would hold for it: nobody gets a number that was made up."""
    assert estimate(Workload(FLUX, method)) is None


def test_what_was_taken_for_granted_is_said() -> None:
    """A human can see which of it is wrong."""
    said = of(Workload(model_of_size(7 * 10**9), Method.QLORA, context=1024, batch=4)).assumptions
    assert said == (
        "a usual decoder of 7B parameters",
        "one GPU, nothing offloaded to the host",
        "4 x 1024 tokens at once",
        "embeddings in fp32, 4.5 bits for each other parameter",
        "logits of the whole batch in 32 bits; less with a loss computed in parts (Liger, Unsloth, torchtune)",
        "activations computed again",
        "fused attention (FlashAttention, SDPA)",
    )
    full = of(Workload(LLAMA, Method.FULL)).assumptions
    assert "activations kept, no gradient checkpointing" in full
    assert "parameters, gradients and optimizer in 32 bits, with a copy of the parameters in 16" in full
    pure = of(Workload(LLAMA, Method.FULL, mixed=False, checkpointing=True)).assumptions
    assert "parameters, gradients and optimizer in bf16" in pure
    assert "activations computed again" in pure
    assert of(Workload(FLUX)).assumptions[-1] == "1 x 1.05 megapixels, text encoders on the GPU too"


@pytest.mark.parametrize(
    ("name", "nothing"),
    [
        ("context", lambda: Workload(LLAMA, context=0)),
        ("batch", lambda: Workload(LLAMA, batch=-1)),
        ("rank", lambda: Workload(LLAMA, rank=0)),
        ("pixels", lambda: Workload(FLUX, pixels=0)),
    ],
)
def test_no_workload_of_nothing(name: str, nothing: Callable[[], Workload]) -> None:
    """Zero tokens would take no memory."""
    with pytest.raises(ValueError, match=f"{name} = (0|-1): at least 1"):
        nothing()


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT4])
def test_quantized_parameters_are_not_trained(precision: Precision) -> None:
    """Only adapters over them are."""
    with pytest.raises(ValueError, match="cannot be trained"):
        Workload(LLAMA, Method.FULL, precision)


def test_qlora_may_take_more_than_lora() -> None:
    """Upcast activations outweigh the smaller weights of a small model, as in LitGPT's table (16.24 and 13.50 GB)."""
    lora = Workload(BY_NAME["TinyLlama 1.1B"], Method.LORA, context=512, batch=8, checkpointing=False)
    assert of(replace(lora, method=Method.QLORA)).total_gb > of(lora).total_gb


@settings(max_examples=50, deadline=None)
@given(workloads())
def test_parts_add_up(work: Workload) -> None:
    """All seven are named, none is below zero."""
    found = of(work)
    assert tuple(name for name, _ in found.parts) == PARTS
    assert all(size >= 0 for _, size in found.parts)
    assert found.total_gb == sum(size for _, size in found.parts)


@settings(max_examples=50, deadline=None)
@given(workloads(), st.integers(1, 4096), st.integers(1, 8))
def test_more_tokens_never_take_less(work: Workload, tokens: int, sequences: int) -> None:
    """Longer sequences, and more of them."""
    assert of(replace(work, context=work.context + tokens)).total_gb >= of(work).total_gb
    assert of(replace(work, batch=work.batch + sequences)).total_gb >= of(work).total_gb


@settings(max_examples=50, deadline=None)
@given(workloads(), SIZES, st.integers(0, 10**9))
def test_more_parameters_never_take_less(work: Workload, size: int, more: int) -> None:
    """Where only a size is known."""
    small, large = (replace(work, model=model_of_size(parameters)) for parameters in (size, size + more))
    assert of(large).total_gb >= of(small).total_gb


@settings(max_examples=50, deadline=None)
@given(workloads())
def test_checkpointing_never_takes_more(work: Workload) -> None:
    """And changes nothing of what is held."""
    kept, again = replace(work, checkpointing=False), replace(work, checkpointing=True)
    assert of(again).total_gb <= of(kept).total_gb
    assert held(again) == held(kept)


@settings(max_examples=50, deadline=None)
@given(workloads(), st.sampled_from(LARGE), st.integers(1, 64))
def test_adapters_hold_less_than_the_whole_model(work: Workload, model: Model, rank: int) -> None:
    """QLoRA <= LoRA <= full, of what does not depend on tokens; in all where the activations are the same."""
    work = replace(work, model=model, precision=Precision.BF16, rank=rank, upcast=False)
    qlora, lora, full = (replace(work, method=method) for method in (Method.QLORA, Method.LORA, Method.FULL))
    assert held(qlora) <= held(lora) <= held(full)
    assert of(qlora).total_gb <= of(lora).total_gb


@settings(max_examples=50, deadline=None)
@given(workloads(), st.integers(1, 16))
def test_a_higher_rank_never_takes_less(work: Workload, more: int) -> None:
    """Of any method; most have no adapters."""
    assert of(replace(work, rank=work.rank + more)).total_gb >= of(work).total_gb
