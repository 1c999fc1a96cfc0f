"""What the end of a log says about GPU memory, in the words of the frameworks themselves."""

import time
from decimal import Decimal

import pytest

from policies.diagnosis import MOST_GB, MOST_TAIL_BYTES, NEAR_THE_END, OutOfMemory, out_of_memory
from policies.vram import needed_after

SHARE = Decimal("0.15")
TRACEBACK = 'Traceback (most recent call last):\n  File "train.py", line 41, in <module>\n    loss.backward()\n'

PYTORCH_OLD = (
    "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.90 GiB total capacity; 14.53 GiB already "
    "allocated; 20.00 MiB free; 14.81 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try "
    "setting max_split_size_mb to avoid fragmentation.\n"
)
PYTORCH_NEW = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.64 GiB "
    "of which 1.20 GiB is free. Including non-PyTorch memory, this process has 22.43 GiB memory in use. Of the "
    "allocated memory 21.10 GiB is allocated by PyTorch, and 900.12 MiB is reserved by PyTorch but unallocated.\n"
)
RICH = (
    "│ OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB (GPU 0; \n"
    "23.65 GiB total capacity; 20.50 GiB already allocated; 1.06 GiB free; 21.00 GiB \nreserved in total by PyTorch)\n"
)
LLAMA_CPP = (
    "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 20480.00 MiB on device 0: cudaMalloc failed: out of memory"
    "\n"
    "alloc_tensor_range: failed to allocate CUDA0 buffer of size 21474836480\n"
    "llama_model_load: error loading model: unable to allocate CUDA0 buffer\n"
    "llama_model_load_from_file_impl: failed to load model\n"
)
VLLM_CACHE = (
    "(EngineCore_0 pid=312) ERROR 08-01 12:00:01 [core.py:700] ValueError: To serve at least one request with the "
    "models's max seq len (131072), (16.00 GiB KV cache is needed, which is larger than the available KV cache memory "
    "(4.41 GiB). Based on the available memory, the estimated maximum model length is 36112.\n"
    "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}\n"
)
LAUNCHER = (
    "E0801 12:00:02.000000 77 torch/distributed/elastic/multiprocessing/api.py:869] failed (exitcode: 1)\n"
    "Traceback (most recent call last):\n"
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n" + "=" * 60 + "\ntrain.py FAILED\n"
)
JAX = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 34359738368 bytes."

FOUND: dict[str, tuple[str, str | None, str | None]] = {
    "pytorch-1": (TRACEBACK + PYTORCH_OLD, "2.00", "14.53"),
    "pytorch-2": (TRACEBACK + PYTORCH_NEW, "2.00", "22.43"),
    "pytorch-2.0": (TRACEBACK + PYTORCH_OLD.replace("RuntimeError", "torch.cuda.OutOfMemoryError"), "2.00", "14.53"),
    "pytorch-rank": (f"[rank0]: {PYTORCH_NEW}", "2.00", "22.43"),
    "pytorch-free-only": (
        (
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity "
            "of 23.65 GiB of which 3.15 GiB is free.\n"
        ),
        "0.01953125",
        "20.50",
    ),
    "pytorch-rocm": (PYTORCH_OLD.replace("CUDA", "HIP"), "2.00", "14.53"),
    "pytorch-c++": ("terminate called after throwing an instance of 'c10::OutOfMemoryError'\n", None, None),
    "pytorch-kernel": ("RuntimeError: CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA`\n", None, None),
    "wrapped-by-rich": (RICH, "1.50", "20.50"),
    "coloured": (PYTORCH_NEW.replace("CUDA", "\x1b[1;31mCUDA\x1b[0m"), "2.00", "22.43"),
    "torchrun": (TRACEBACK + PYTORCH_NEW + LAUNCHER, "2.00", "22.43"),
    "caused": (
        (
            f"{PYTORCH_NEW}\nThe above exception was the direct cause of the following exception:\n\n{TRACEBACK}"
            "TrainingFailed: step 7\nValueError: step 7\n"
        ),
        "2.00",
        "22.43",
    ),
    "last-of-several": (PYTORCH_NEW.replace("2.00", "9.00") + "retrying with 8\n" + PYTORCH_NEW, "2.00", "22.43"),
    "figures-before-the-name": (PYTORCH_NEW + "FAILED: torch.OutOfMemoryError\n", "2.00", "22.43"),
    "progress-bar": (PYTORCH_NEW + "  3%|▎ | 31/1000 [00:12<06:13,  2.60it/s]\r" * 50 + "\n", "2.00", "22.43"),
    "tensorflow": (
        (
            "2026-08-01 12:00:00.1: W external/local_xla/bfc_allocator.cc:497] Allocator (GPU_0_bfc) ran out of memory "
            "trying to allocate 8.00GiB (rounded to 8589934592)requested by op\n"
            "tensorflow.python.framework.errors_impl.ResourceExhaustedError: {{function_node __wrapped__Mul}} OOM when "
            "allocating tensor with shape[65536,32768] and type float on /job:localhost/replica:0/task:0/device:GPU:0 "
            "by allocator GPU_0_bfc [Op:Mul]\n"
        ),
        "8.00",
        None,
    ),
    "jax": (f"jaxlib.xla_extension.XlaRuntimeError: {JAX}\n", "32", None),
    "jax-new": (f"jax.errors.JaxRuntimeError: {JAX}\n", "32", None),
    "xla": ("E xla] RESOURCE_EXHAUSTED: Failed to allocate request for 32.00GiB (34359738368B)\n", "32.00", None),
    "driver": ("pycuda._driver.MemoryError: cuMemAlloc failed: CUDA_ERROR_OUT_OF_MEMORY\n", None, None),
    "numba": ("CudaAPIError: [2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY\n", None, None),
    "runtime": ("error: cudaErrorMemoryAllocation: out of memory\n", None, None),
    "hip-runtime": ("hipErrorOutOfMemory: hipMalloc\n", None, None),
    "rapids": ("MemoryError: std::bad_alloc: out_of_memory: CUDA error at: /rmm/cuda.hpp:60\n", None, None),
    "cupy": (
        (
            "cupy.cuda.memory.OutOfMemoryError: Out of memory allocating 4,294,967,296 bytes (allocated so far: "
            "21,474,836,480 bytes).\n"
        ),
        "4",
        "20",
    ),
    "paddle": (
        (
            "ResourceExhaustedError: \n\nOut of memory error on GPU 0. Cannot allocate 2.500000GB memory on GPU 0, "
            "21.250000GB memory has been allocated and available memory is only 1.1GB.\n"
        ),
        "2.500000",
        "21.250000",
    ),
    "ctranslate2": ("RuntimeError: CUDA failed with error out of memory\n", None, None),
    "onnx": ("onnxruntime::CudaCall CUDA failure 2: out of memory ; GPU=0\n", None, None),
    "vllm-cache": (VLLM_CACHE, None, None),
    "vllm-blocks": ("ValueError: No available memory for the cache blocks. Try increasing it.\n", None, None),
    "llama.cpp": (LLAMA_CPP, "20.00", None),
    "absurd": (PYTORCH_NEW.replace("2.00 GiB", "1024.00 TiB"), "1000", "22.43"),
    "made-up": (PYTORCH_NEW.replace("22.43", "999999999999999.99"), "2.00", "1000"),
}


@pytest.mark.parametrize("log", FOUND, ids=str)
def test_a_job_that_ran_out_of_gpu_memory(log: str) -> None:
    """What was tried and what was in use, in GiB, where the framework says it; never more than a GPU can have."""
    text, tried, used = FOUND[log]
    found = out_of_memory(text.encode(), 1)
    assert found == OutOfMemory(Decimal(tried) if tried else None, Decimal(used) if used else None)


NOT_FOUND = {
    "nothing": "",
    "another-error": TRACEBACK + "ValueError: shapes (3,4) and (5,6) not aligned\n",
    "killed-by-the-host": "Killed\n",
    "host-python": TRACEBACK + "MemoryError\n",
    "host-pytorch": "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "34359738368 bytes. Error code 12 (Cannot allocate memory)\n",
    "host-tensorflow": "ResourceExhaustedError: OOM when allocating tensor with shape[1] on device:CPU:0 by allocator "
    "cpu [Op:Mul]\n",
    "host-java": "java.lang.OutOfMemoryError: Java heap space\n",
    "host-ray": "ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.\n",
    "host-c++": "terminate called after throwing an instance of 'std::bad_alloc'\n",
    "shared-memory": "triton.runtime.errors.OutOfResources: out of resource: shared memory, Required: 135168\n",
    "grpc": "StatusCode.RESOURCE_EXHAUSTED: Received message larger than max (5000000 vs. 4194304)\n",
    "a-warning": "Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.1GiB. The caller indicates that this is "
    "not a failure, but may mean that there could be performance gains\n",
    "got-over-it": PYTORCH_NEW + "retrying with batch size 8\n" + TRACEBACK + "KeyError: 'labels'\n",
    "interrupted": PYTORCH_NEW + "retrying with batch size 8\nKeyboardInterrupt\n",
    "long-ago": PYTORCH_NEW + "step\n" * NEAR_THE_END,
    "out-of-sight": PYTORCH_NEW + "x" * MOST_TAIL_BYTES,
    "half-a-word": "CUDA out of memor",
    "nul-and-broken-utf-8": "CUDA\0 out of\udcff memory",
}


@pytest.mark.parametrize("log", NOT_FOUND, ids=str)
def test_a_job_that_died_of_something_else(log: str) -> None:
    """The host's memory, other exhaustions, warnings, what the job got over, and what is far from the end."""
    assert out_of_memory(NOT_FOUND[log].encode("utf-8", "surrogateescape"), 1) is None


@pytest.mark.parametrize(("code", "found"), [(0, False), (1, True), (134, True), (137, True), (255, True)])
def test_only_a_failure_has_a_cause(code: int, *, found: bool) -> None:
    """A job that ended well had got over it; a signal after the message is how some of them die."""
    assert (out_of_memory(PYTORCH_NEW.encode(), code) is not None) == found


@pytest.mark.parametrize(
    "piece",
    [
        "CUDA out of memory. Tried to allocate ",
        "RESOURCE_EXHAUSTED: Out of memory trying to allocate 1,",
        "this process has 1.1.1.1.",
        "A.A.A.A.Error",
        "\x1b[0;0;0;",
        "allocating 9 ",
        "\n",
        " ",
    ],
)
def test_no_log_keeps_the_reader_busy(piece: str) -> None:
    """However often a pattern almost fits: the work stays in proportion to what is looked at."""
    hostile = (piece * (2 * MOST_TAIL_BYTES // len(piece))).encode()
    began = time.process_time()
    out_of_memory(hostile, 1)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("failure", "had", "needed"),
    [
        (OutOfMemory(Decimal("2.00"), Decimal("22.43")), 24, 29),
        (OutOfMemory(Decimal(20), Decimal(20)), 24, 46),
        (OutOfMemory(Decimal("0.02"), Decimal("3.00")), 24, 25),
        (OutOfMemory(Decimal(32), None), 24, 37),
        (OutOfMemory(Decimal(1), None), 24, 28),
        (OutOfMemory(None, None), 24, 28),
        (OutOfMemory(None, None), 80, 92),
        (OutOfMemory(MOST_GB, MOST_GB), 24, 1000),
        (OutOfMemory(None, None), 0, 1),
        (OutOfMemory(None, None), 1000, 1001),
    ],
)
def test_what_the_next_gpu_must_have(failure: OutOfMemory, had: int, needed: int) -> None:
    """In use plus tried, or what the GPU had; 15 % more, whole GB, within limits, always more than it had."""
    assert needed_after(failure, had, SHARE) == needed


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (OutOfMemory(), "out of GPU memory"),
        (OutOfMemory(Decimal(32)), "out of GPU memory as it asked for 32.0 GB"),
        (OutOfMemory(Decimal("0.02"), Decimal("22.43")), "out of GPU memory as it asked for 20 MB on top of 22.4 GB"),
    ],
)
def test_a_human_reads_numbers_only(failure: OutOfMemory, words: str) -> None:
    """Nothing of the log's own text is told."""
    assert failure.words == words
