"""What the sandbox has on offer: GPUs with list prices, and credit packs."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Gpu:
    """One kind of GPU. `price` is the list price in USD per hour; settings may replace it."""

    gpu_id: str
    name: str
    vram_gb: int
    price: Decimal
    tier: str


@dataclass(frozen=True, slots=True)
class CreditPack:
    """Credits on sale; 1 credit is 1 cent."""

    pack_id: str
    credits: int
    price_usd: str
    label: str
    savings: str


def _gpu(gpu_id: str, name: str, vram_gb: int, price: str, tier: str) -> Gpu:
    return Gpu(gpu_id, name, vram_gb, Decimal(price), tier)


GPUS = (
    _gpu("NVIDIA RTX A4000", "RTX A4000", 16, "0.20", "piglet"),
    _gpu("NVIDIA RTX A5000", "RTX A5000", 24, "0.29", "piglet"),
    _gpu("NVIDIA GeForce RTX 3090", "RTX 3090", 24, "0.34", "piglet"),
    _gpu("NVIDIA L4", "L4", 24, "0.43", "piglet"),
    _gpu("NVIDIA GeForce RTX 4090", "RTX 4090", 24, "0.49", "hog"),
    _gpu("NVIDIA RTX A6000", "RTX A6000", 48, "0.53", "hog"),
    _gpu("NVIDIA GeForce RTX 5090", "RTX 5090", 32, "0.94", "hog"),
    _gpu("NVIDIA L40S", "L40S", 48, "0.99", "hog"),
    _gpu("NVIDIA A100 80GB PCIe", "A100 80GB", 80, "1.69", "boar"),
    _gpu("NVIDIA H100 80GB HBM3", "H100 80GB", 80, "2.99", "boar"),
    _gpu("NVIDIA H200", "H200", 141, "3.99", "boar"),
)

PACKS = (
    CreditPack("pack_500", 500, "5.00", "Starter Pack", ""),
    CreditPack("pack_2500", 2500, "24.00", "Hog Pack", "4%"),
    CreditPack("pack_10000", 10000, "90.00", "Boar Pack", "10%"),
)

STORAGE_CENTS_PER_HOUR = 5
"""What a stopped pod's volume costs."""


def find_gpu(wanted: str) -> Gpu | None:
    """The GPU with this gpu_id or name, exactly as listed."""
    return next((gpu for gpu in GPUS if wanted in (gpu.gpu_id, gpu.name)), None)
