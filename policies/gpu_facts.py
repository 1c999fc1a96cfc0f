"""How fast GPUs are beside each other, from what NVIDIA publishes.

Two figures each: dense FP16/BF16 tensor TFLOPS with FP32 accumulation (half of a figure given "with sparsity"), and
memory bandwidth in GB/s. A job is bound by one or the other, so the smaller ratio is the speed-up to count on: hours
bought on that ground may be too many, seldom too few. GPUs without both figures in a public NVIDIA document are left
out and count as an RTX 4090.

Sources, all NVIDIA: [ada] "Ada GPU Architecture" whitepaper V2; [ga102] "Ampere GA102 GPU Architecture" whitepaper V2;
[bw] "RTX Blackwell GPU Architecture" whitepaper; and the product datasheets, named by product.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """Published peak figures of one GPU.

    Attributes:
        tflops: dense FP16/BF16 tensor, FP32 accumulation.
        bandwidth: GB/s.
        form: `sxm` or `pcie` where the figures hold for that form only, else "".
    """

    tflops: Decimal
    bandwidth: Decimal
    form: str = ""


def _facts(tflops: str, bandwidth: str, form: str = "") -> Facts:
    return Facts(Decimal(tflops), Decimal(bandwidth), form)


REFERENCE = "RTX4090"

FACTS: dict[str, tuple[Facts, ...]] = {
    "RTX4090": (_facts("165.2", "1008"),),  # [ada]
    "RTX3090": (_facts("71", "936"),),  # [ga102]
    "RTX3090Ti": (_facts("80", "1008"),),  # [ada]
    "RTX5090": (_facts("209.5", "1792"),),  # [bw]
    "A4000": (_facts("76.7", "448"),),  # RTX A4000 datasheet, 153.4 with sparsity
    "A5000": (_facts("111.1", "768"),),  # RTX A5000 datasheet, 222.2 with sparsity
    "A6000": (_facts("154.8", "768"),),  # [ga102]
    "RTX6000Ada": (_facts("364.2", "960"),),  # RTX 6000 Ada datasheet, 1457 in FP8 with sparsity
    "A10": (_facts("125", "600"),),  # A10 datasheet
    "A40": (_facts("149.7", "696"),),  # A40 datasheet
    "A100": (  # A100 datasheets: 40 GB, 80 GB PCIe, 80 GB SXM
        _facts("312", "1555"),
        _facts("312", "1935", "pcie"),
        _facts("312", "2039", "sxm"),
    ),
    "L4": (_facts("121", "300"),),  # L4 datasheet, 242 with sparsity
    "L40": (_facts("181.05", "864"),),  # L40 datasheet
    "L40S": (_facts("362.05", "864"),),  # L40S datasheet
    "H100": (_facts("756", "2000", "pcie"), _facts("989", "3350", "sxm")),  # H100 datasheet, 1513, 1979 with sparsity
    "H100NVL": (_facts("835", "3900"),),  # H100 datasheet, 1671 with sparsity
    "H200": (_facts("989", "4800"),),  # H200 datasheet, SXM, 1979 with sparsity
    "B200": (_facts("2250", "8000"),),  # DGX B200 datasheet, an eighth of it: 72 PFLOPS in FP8 with sparsity, 64 TB/s
    "T4": (_facts("65", "300"),),  # T4 datasheet
    "V100": (_facts("112", "900", "pcie"), _facts("125", "900", "sxm")),  # V100 datasheet
}
"""By canonical model name (`policies.gpu`)."""
