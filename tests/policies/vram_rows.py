"""Published measurements of GPU memory, to hold `policies.vram_estimate` against: what they are and how they compare.

Every row of the tables named in `vram_rows_litgpt` and `vram_rows_other` is there whose model is known to
`policies.model_facts`, whose run was on one GPU and whose workload the source states. Left out, and why:
`phi-3/full.yaml` of LitGPT's table (17.01 GB, though parameters, gradients and AdamW in 16 bits of 3.8 billion
parameters take 30 GB by themselves, more than the A10G named beside it has); Adafactor, adapter v1 and v2, DeepSpeed
with offloading, kernels that change what is kept (no such workload here); repeated rows; runs that ended out of memory.
LitGPT's table of inference says nothing of the prompt: the key-value cache of 128 tokens, taken here, is below 0.1 GB.
PEFT's table says nothing of the tokens in a tweet: 64, as in its script for decoders.
"""

from dataclasses import dataclass
from decimal import Decimal

from policies.model_facts import MODELS
from policies.vram_estimate import CONTEXT_BYTES, Estimate, estimate
from policies.workload import Workload

GB, GIB, MIB = 10**9, 2**30, 2**20

BY_NAME = {model.name: model for model in MODELS}


@dataclass(frozen=True, slots=True)
class Measured:
    """One cell of a table.

    Attributes:
        gib: what was measured, in GiB.
        seen: `allocated` and `reserved` are PyTorch's own counts, which leave out CUDA's context and, the first, what
            the allocator keeps unused; `device` is everything, as nvidia-smi sees it.
        cell: the row and the figure, as the source has them.
        apart: why the estimate is known to be far too low; "" where it should hold.
    """

    work: Workload
    gib: Decimal
    seen: str
    cell: str
    source: str
    apart: str = ""

    @property
    def whole(self) -> Estimate:
        """With what `seen` does not see."""
        found = estimate(self.work)
        assert found is not None
        return found

    @property
    def estimated(self) -> Decimal:
        """GiB of the estimate that `seen` sees."""
        whole = self.whole
        unseen = {
            "allocated": dict(whole.parts)["overhead"],
            "reserved": Decimal(CONTEXT_BYTES) / GIB,
            "device": Decimal(0),
        }
        return whole.total_gb - unseen[self.seen]

    @property
    def error(self) -> Decimal:
        """Share that the estimate is above the measurement."""
        return self.estimated / self.gib - 1


def measured(work: Workload, figure: str, unit: int, seen: str, cell: str, source: str, apart: str = "") -> Measured:
    """One row; `unit` is the bytes of one of `figure`."""
    return Measured(work, Decimal(figure) * unit / GIB, seen, f"{cell}: {figure}", source, apart)
