"""What runs used of their GPUs, as frozen values, and what tells that two runs have the same work."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Work:
    """What a run is to do, as far as it decides how much GPU memory that takes.

    Attributes:
        sha256: the same for runs whose peaks say something about each other.
        estimated_gb: GiB, where the job's `vram_gb` is only an estimate; None where it was stated, or nothing was.
    """

    sha256: str
    estimated_gb: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GpuUse:
    """The most that was seen; None where nothing was.

    Attributes:
        memory_mib: GPU memory in use, by the pod's `nvidia-smi`.
        gpu_util: percent.
        mem_util: percent, by the order's status. Whether of memory or of its bandwidth the provider does not say, so it
            is shown and sizes nothing.
    """

    memory_mib: int | None = None
    gpu_util: int | None = None
    mem_util: int | None = None


class PeakEnd(StrEnum):
    """How the job ended whose peak it is."""

    UNKNOWN = ""
    FINISHED = "finished"
    """Well, and watched to its end."""
    RAN_OUT = "ran_out"
    """Out of GPU memory."""


@dataclass(frozen=True, slots=True)
class Peak:
    """What a job used on one pod.

    Attributes:
        had_gb: whole GB of the GPU that was rented.
        job_sha256: of the run; equal where commands and files were the same to the last byte.
    """

    order_id: str
    run_id: str
    attempt: int
    gpu_name: str
    had_gb: int
    job_sha256: str
    use: GpuUse
    end: PeakEnd
