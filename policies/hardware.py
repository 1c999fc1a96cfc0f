"""Whether a pod has the GPU that was paid for."""

from policies.gpu import parse_gpu
from policies.judge import same_gpu
from policies.offer import Offer
from policies.text import clean, without_links

LEAST_OF_ITS_MEMORY = 90
"""Percent of the offered VRAM that a GPU shows at least: error correction and rounding take up to 7 of them."""


MOST_OF_ITS_MEMORY = 110
"""And so much at most."""


def same_memory(vram_gb: int, memory_mib: int) -> bool:
    """Whether a GPU with so much memory can be the one that is sold as `vram_gb`."""
    return LEAST_OF_ITS_MEMORY * vram_gb * 1024 <= 100 * memory_mib <= MOST_OF_ITS_MEMORY * vram_gb * 1024


def wrong_hardware(offer: Offer, name: str, memory_mib: int | None) -> str:
    """Why this can't be the GPU of the offer, or "".

    Args:
        name: as the provider's order or the pod's `nvidia-smi` spells it. An unknown name proves nothing.
        memory_mib: its whole memory; None proves nothing.
    """
    if memory_mib is not None and 100 * memory_mib < LEAST_OF_ITS_MEMORY * offer.vram_gb * 1024:
        return f"the pod has {memory_mib} MiB of VRAM instead of {offer.vram_gb} GB"
    got = parse_gpu(name)
    offered = {gpu.model for gpu in (parse_gpu(offer.gpu_id), parse_gpu(offer.gpu_name)) if gpu.known}
    if same_gpu(name, offer) or not got.known or not offered or got.model in offered:
        return ""
    return f"the pod has {without_links(clean(name, 60))} instead of {offer.gpu_name}"
