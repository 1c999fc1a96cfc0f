"""Whether a pod has the GPU that was paid for."""

from dataclasses import replace

import pytest

from policies.hardware import wrong_hardware
from tests.policies.test_judge import an_offer

OFFER = an_offer()
A100 = replace(OFFER, gpu_id="NVIDIA A100 80GB PCIe", gpu_name="A100 PCIe", vram_gb=80)
NAMELESS = replace(OFFER, gpu_id="gpu-17", gpu_name="big one", vram_gb=24)


@pytest.mark.parametrize(
    ("offer", "name", "memory_mib"),
    [
        (OFFER, "NVIDIA GeForce RTX 4090", 24564),
        (OFFER, "RTX 4090", 24 * 1024),
        (OFFER, "rtx4090", None),
        (OFFER, "", None),
        (OFFER, "NVIDIA Graphics Device", 24564),
        (OFFER, "RTX 4090 D", 24564),
        (A100, "NVIDIA A100-SXM4-80GB", 81920),
        (A100, "NVIDIA A100 80GB PCIe", 81251),
        (NAMELESS, "NVIDIA GeForce RTX 3090", 24268),
        (replace(OFFER, gpu_id="NVIDIA L4", gpu_name="L4"), "NVIDIA L4", 23034),
        (OFFER, "NVIDIA GeForce RTX 4090", 22119),
    ],
)
def test_what_proves_nothing(offer: object, name: str, memory_mib: int | None) -> None:
    """Other spellings, other forms, unknown names, memory lost to error correction, more memory than promised."""
    assert wrong_hardware(offer, name, memory_mib) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("offer", "name", "memory_mib", "reason"),
    [
        (OFFER, "NVIDIA GeForce RTX 3090", 24268, "the pod has NVIDIA GeForce RTX 3090 instead of RTX 4090"),
        (OFFER, "NVIDIA H100 80GB HBM3", 81559, "the pod has NVIDIA H100 80GB HBM3 instead of RTX 4090"),
        (A100, "NVIDIA A100-SXM4-40GB", 40960, "the pod has 40960 MiB of VRAM instead of 80 GB"),
        (OFFER, "NVIDIA GeForce RTX 4090 Laptop GPU", 16376, "the pod has 16376 MiB of VRAM instead of 24 GB"),
        (OFFER, "NVIDIA GeForce RTX 4090", 22118, "the pod has 22118 MiB of VRAM instead of 24 GB"),
        (OFFER, "", 0, "the pod has 0 MiB of VRAM instead of 24 GB"),
        (NAMELESS, "anything", 8192, "the pod has 8192 MiB of VRAM instead of 24 GB"),
    ],
)
def test_what_is_not_the_gpu_that_was_paid_for(offer: object, name: str, memory_mib: int, reason: str) -> None:
    """Another known model, or less than 90 % of the memory whatever the name is."""
    assert wrong_hardware(offer, name, memory_mib) == reason  # type: ignore[arg-type]
