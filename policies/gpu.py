"""What a GPU's many spellings mean: its model, memory and form; its compute capability; its speed beside another's."""

import re
from dataclasses import dataclass
from fractions import Fraction

import gpuhunt  # type: ignore[import-untyped]  # ships no types

from policies.gpu_facts import FACTS, REFERENCE, Facts
from policies.offer import Listing

_MEMORY = re.compile(r"\b([1-9][0-9]{0,3}) ?gi?b\b", re.ASCII)
_WORDS = re.compile(r"[^a-z0-9]+", re.ASCII)
_FORM = re.compile(r"(sxm|pcie)[0-9]?", re.ASCII)

_MAKERS = frozenset({"nvidia", "geforce", "tesla", "amd", "instinct"})
_NOISE = _MAKERS | {"oam", "generation", "blackwell", "server", "workstation", "edition"}

# nvidia-smi calls the SXM module of an H100 by its memory, "H100 80GB HBM3"; the PCIe card has HBM2e.
_SXM_MEMORY = "hbm3"

_CAPABILITIES: dict[str, tuple[int, int]] = {gpu.name: gpu.compute_capability for gpu in gpuhunt.KNOWN_NVIDIA_GPUS}
_CANONICAL: dict[str, str] = {gpu.name.lower(): gpu.name for gpu in gpuhunt.KNOWN_ACCELERATORS}


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU's name taken apart.

    Attributes:
        model: canonical, e.g. `RTX4090`, `A100`, `H100NVL`; upper case where nobody knows it.
        memory_gb: as the name says it, or None.
        form: `sxm`, `pcie`, or "" where the name does not say.
    """

    model: str
    memory_gb: int | None = None
    form: str = ""

    @property
    def known(self) -> bool:
        """The model is one that gpuhunt lists."""
        return self.model.lower() in _CANONICAL


def parse_gpu(name: str) -> Gpu:
    """Take a name apart, whoever spelt it: the provider, nvidia-smi, SkyPilot or a human."""
    text = _WORDS.sub(" ", name.lower())
    memory = _MEMORY.search(text)
    words = [word for word in _MEMORY.sub(" ", text).split() if word not in _NOISE]
    form = next((match[1] for word in words if (match := _FORM.fullmatch(word))), "")
    if _SXM_MEMORY in words:
        form = form or "sxm"
    words = [word for word in words if not _FORM.fullmatch(word) and not re.fullmatch(r"hbm[23]e?", word)]
    return Gpu(_canonical("".join(words)), int(memory[1]) if memory else None, form)


def _canonical(joined: str) -> str:
    # Cards of the Ampere workstation line are sold as "RTX A6000" and listed as A6000.
    short = re.sub(r"^rtx(?=a[0-9])", "", joined)
    return _CANONICAL.get(joined) or _CANONICAL.get(short) or short.upper()


def gpu_of(listing: Listing) -> Gpu:
    """The GPU of a listing."""
    return gpu_named(listing.gpu_id, listing.name)


def gpu_named(gpu_id: str, name: str) -> Gpu:
    """The GPU of a listing with this id and name. The id is what gets rented: it decides where it names a known one."""
    by_id, by_name = parse_gpu(gpu_id), parse_gpu(name)
    if by_name.model == by_id.model:
        return Gpu(by_id.model, by_id.memory_gb or by_name.memory_gb, by_id.form or by_name.form)
    return by_id if by_id.known or not by_name.known else by_name


def matches(accelerator: str, listing: Listing) -> bool:
    """The listing is the GPU asked for: same model; same memory and form where the request names them."""
    asked, offered = parse_gpu(accelerator), gpu_of(listing)
    if asked.model != offered.model:
        return False
    if asked.memory_gb is not None and asked.memory_gb not in (listing.vram_gb, offered.memory_gb):
        return False
    return not asked.form or asked.form == offered.form


def compute_capability(gpu: Gpu) -> tuple[int, int] | None:
    """CUDA compute capability from gpuhunt's table; None for a GPU it does not know, or that has none."""
    return _CAPABILITIES.get(gpu.model)


def speed_known(gpu: Gpu) -> bool:
    """There are published figures to compare this GPU by."""
    return gpu.model in FACTS


def relative_speed(gpu: Gpu, reference: Gpu) -> Fraction:
    """How many times as fast `gpu` surely is as `reference`, exact. A GPU without figures counts as an RTX 4090.

    Where a name leaves the form open, `gpu` is taken for its slowest and `reference` for its fastest.
    """
    if gpu.model == reference.model and (not gpu.form or not reference.form or gpu.form == reference.form):
        return Fraction(1)
    ours, theirs = _variants(gpu), _variants(reference)
    compute = Fraction(min(one.tflops for one in ours)) / Fraction(max(one.tflops for one in theirs))
    memory = Fraction(min(one.bandwidth for one in ours)) / Fraction(max(one.bandwidth for one in theirs))
    return min(compute, memory)


def _variants(gpu: Gpu) -> tuple[Facts, ...]:
    facts = FACTS.get(gpu.model, FACTS[REFERENCE])
    return tuple(one for one in facts if gpu.form and one.form in ("", gpu.form)) or facts
