"""GPUs in a description, and their memory."""

import pytest

from tests.policies.reading.asked import field


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("needs 24 GB VRAM", 24),
        ("24GB of vram, 64 GB RAM", 24),
        ("a 48GB card", 48),
        ("VRAM: 16 GB", 16),
        ("40 gigs of gpu memory", 40),
        ("mindestens 24 GB Grafikspeicher", 24),
        ("24 Go de VRAM", 24),
        ("una tarjeta de 24 GB", 24),
        ("a GPU with 24 GB of memory", 24),
        ("GPU memory .... 24 GB", 24),
        ("VRAM [GB]: 16\nRAM [GB]: 96", 16),
        ("VRAM (in GB): 16", 16),
        ("| VRAM | GB | 16 |\n| RAM | GB | 48 |", 16),
        ("die Karte muss 40 GB VRAM haben", 40),
    ],
)
def test_gpu_memory_is_read(text: str, size: int) -> None:
    """Of the card, whatever it is called."""
    assert field(text, "vram_gb") == size


@pytest.mark.parametrize("text", ["64 GB RAM", "a 200 GB dataset", "100 GB of disk", "the model is 15 GB", "24 GB"])
def test_other_memory_is_no_gpu_memory(text: str) -> None:
    """RAM, disks and data cost nothing here."""
    assert field(text, "vram_gb") is None


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        ("on a 4090", ("RTX4090",)),
        ("A100 or H100", ("A100", "H100")),
        ("an A100 80GB", ("A100-80GB",)),
        ("RTX A6000", ("A6000",)),
        ("rtx 3090 Ti", ("RTX3090Ti",)),
        ("a 4090, not an H100", ("RTX4090",)),
        ("auf einer 4090", ("RTX4090",)),
        ("L40S please", ("L40S",)),
        ("my laptop has a 3060", None),
        ("faster than a 4090", None),
        ("an H100 is a waste, take an A100", ("A100",)),
        ("RTX 6000 Ada", ("RTX6000Ada",)),
        ("RTX 2000 Ada", ("RTX2000Ada",)),
        ("RTX 4070 Ti SUPER", ("RTX4070TiSUPER",)),
        ("H100 NVL or H200", ("H100NVL", "H200")),
        ("on A100s", ("A100",)),
        ("on a single 4090", ("RTX4090",)),
        ("I'd like a 4090", ("RTX4090",)),
        ("we use a 4090", None),
        ("A10 (no longer A100)", ("A10",)),
        ("+ Karte: T4", ("T4",)),
        ("Equipment: one NVIDIA L40", ("L40",)),
        ("allocate one RTX A4000 for two hours", ("A4000",)),
        ("wants twin 3090s", "?"),
        ("3090s, both in one machine", "?"),
        ("3090 or 4090, both are fine", ("RTX3090", "RTX4090")),
        ("con la 3060 de casa se cuelga", "?"),
        ("A100 (2x)", "?"),
        ("cualquier tarjeta menos la V100", "?"),
        ("A100, or whatever is there", "?"),
        ("4090 samples", None),
        ("not an H100", "?"),
        ("2x A100", "?"),
        ("four 4090s", "?"),
    ],
)
def test_gpus_are_read(text: str, gpus: object) -> None:
    """As wished for; one that is only turned down, or asked for many times, is asked about."""
    assert field(text, "accelerators") == gpus
