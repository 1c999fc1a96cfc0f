"""What a job does with a model, as far as its GPU memory depends on it."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from policies.model_facts import Model


class Precision(StrEnum):
    """How a parameter is held."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"
    INT4 = "int4"


BYTES = {
    Precision.FP32: Fraction(4),
    Precision.BF16: Fraction(2),
    Precision.FP16: Fraction(2),
    Precision.INT8: Fraction(1),
    Precision.INT4: Fraction(9, 16),
}
"""Bytes of a parameter. 4 bits and one 32-bit constant for 64 parameters make 4.5 bits, as in NF4 without double
quantization (https://arxiv.org/abs/2305.14314, section 3); GPTQ and AWQ in groups of 128 take 4.25."""

QUANTIZED = frozenset({Precision.INT8, Precision.INT4})


class Method(StrEnum):
    """What is done."""

    INFERENCE = "inference"
    FULL = "full"
    LORA = "lora"
    QLORA = "qlora"
    """LoRA over parameters of 4 bits, whatever `precision` says."""


class Optimizer(StrEnum):
    """What full fine-tuning and adapters are trained with."""

    ADAM = "adam"
    ADAM_8BIT = "adam8bit"
    SGD = "sgd"
    """With momentum."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A job on one GPU.

    Attributes:
        precision: of the parameters, or of the computation where `mixed`.
        context: tokens of one sequence: of a sample, or of prompt and answer together.
        batch: sequences (or images) at once; not those that gradients are accumulated over.
        checkpointing: activations are computed again in the backward pass, layer by layer. None: nobody said; then
            QLoRA does so, as PEFT's `prepare_model_for_kbit_training` switches it on, and nothing else.
        mixed: full fine-tuning in 16 bits keeps parameters, gradients and optimizer in 32 bits, as `bf16=True` and
            `fp16=True` do in the Trainer of Transformers. False: everything in 16 bits, as in torchtune.
        upcast: QLoRA raises norms and embeddings to 32 bits, as PEFT's `prepare_model_for_kbit_training` does, and with
            them all activations: a 4-bit layer answers in the precision it is asked in. False: as in Unsloth.
        rank: of the adapters.
        every_layer: adapters at every linear layer, not at queries and values only.
        eager: attention without a fused kernel (FlashAttention, SDPA), which keeps its scores.
        pixels: of one image, for a model that makes images.
    """

    model: Model
    method: Method = Method.INFERENCE
    precision: Precision = Precision.BF16
    context: int = 2048
    batch: int = 1
    optimizer: Optimizer = Optimizer.ADAM
    checkpointing: bool | None = None
    mixed: bool = True
    upcast: bool = True
    rank: int = 16
    every_layer: bool = True
    eager: bool = False
    pixels: int = 1024 * 1024

    def __post_init__(self) -> None:
        """Refuse what is no workload.

        Raises:
            ValueError: a number below 1, or all parameters to be trained in 4 or 8 bits.
        """
        for name in ("context", "batch", "rank", "pixels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: at least 1")
        if self.method is Method.FULL and self.precision in QUANTIZED:
            raise ValueError(f"{self.precision} parameters cannot be trained, only adapters over them")

    @property
    def tokens(self) -> int:
        """Of the whole batch."""
        return self.batch * self.context

    @property
    def trains(self) -> bool:
        """There is a backward pass."""
        return self.method is not Method.INFERENCE

    @property
    def adapts(self) -> bool:
        """Adapters are trained, not the model."""
        return self.method in (Method.LORA, Method.QLORA)

    @property
    def recomputes(self) -> bool:
        """Activations are computed again."""
        return self.method is Method.QLORA if self.checkpointing is None else self.checkpointing

    @property
    def held_in(self) -> Precision:
        """How the model's parameters are held."""
        if self.method is Method.QLORA:
            return Precision.INT4
        return Precision.FP32 if self.keeps_masters else self.precision

    @property
    def whole_in(self) -> Precision:
        """How embeddings are held over a quantized model."""
        return Precision.FP32 if self.activation_bytes == 4 else Precision.BF16

    @property
    def keeps_masters(self) -> bool:
        """Parameters in 32 bits, and copies in 16 to compute with."""
        return self.method is Method.FULL and self.mixed and self.precision is not Precision.FP32

    @property
    def activation_bytes(self) -> int:
        """Bytes of one activation."""
        return 4 if self.precision is Precision.FP32 or (self.method is Method.QLORA and self.upcast) else 2
