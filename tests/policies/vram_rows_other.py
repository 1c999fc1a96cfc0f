"""What others measured: Transformers, AutoAWQ, PEFT, faster-whisper, fms-acceleration, diffusers."""

from collections.abc import Iterator

from policies.workload import Method, Optimizer, Precision, Workload
from tests.policies.vram_rows import BY_NAME, GIB, MIB, Measured, measured

TRAINER = "https://github.com/huggingface/transformers/blob/v4.27.0/docs/source/en/perf_train_gpu_one.mdx"
_TRAINER = (
    (4, Precision.FP32, False, Optimizer.ADAM, "14949"),
    (1, Precision.FP32, False, Optimizer.ADAM, "8681"),
    (1, Precision.FP32, True, Optimizer.ADAM, "6775"),
    (4, Precision.FP16, False, Optimizer.ADAM, "13939"),
    (1, Precision.FP16, True, Optimizer.ADAM, "7275"),
    (4, Precision.FP32, False, Optimizer.ADAM_8BIT, "13085"),
    (1, Precision.FP16, True, Optimizer.ADAM_8BIT, "5363"),
)


def _trainer() -> Iterator[Measured]:
    for batch, precision, checkpointing, optimizer, figure in _TRAINER:
        work = Workload(
            BY_NAME["BERT large"],
            Method.FULL,
            precision,
            context=512,
            batch=batch,
            optimizer=optimizer,
            checkpointing=checkpointing,
            eager=True,
        )
        cell = f"per_device_train_batch_size={batch}, {precision}, {optimizer}, checkpointing={checkpointing}"
        yield measured(work, figure, MIB, "device", cell, TRAINER)


OPTIMIZATION = "https://github.com/huggingface/transformers/blob/main/docs/source/en/llm_tutorial_optimization.md"


def _optimization() -> Iterator[Measured]:
    for precision, figure in (
        (Precision.BF16, "29.0260648727417"),
        (Precision.INT8, "15.219234466552734"),
        (Precision.INT4, "9.543574333190918"),
    ):
        work = Workload(BY_NAME["StarCoder 15.5B"], precision=precision, context=128)
        yield measured(
            work, figure, GIB, "allocated", f"bigcode/octocoder {precision}, max_new_tokens=60", OPTIMIZATION
        )


AWQ = "https://github.com/casper-hansen/AutoAWQ/blob/main/README.md"
_AWQ = (
    ("Vicuna 7B", "GEMV", 1, 64, "4.50"),
    ("Vicuna 7B", "GEMV", 1, 2048, "6.15"),
    ("Mistral 7B", "GEMM", 1, 64, "4.35"),
    ("Mistral 7B", "GEMM", 1, 2048, "5.55"),
    ("Mistral 7B", "GEMM", 8, 64, "4.35"),
    ("Mistral 7B", "GEMM", 8, 2048, "16.82"),
    ("TinyLlama 1.1B", "GEMV", 1, 64, "0.86"),
    ("TinyLlama 1.1B", "GEMV", 1, 2048, "2.10"),
    ("Llama 2 13B", "GEMM", 1, 64, "8.47"),
    ("Llama 2 13B", "GEMM", 1, 2048, "10.28"),
    ("Llama 2 13B", "GEMM", 3, 64, "8.57"),
    ("Llama 2 13B", "GEMM", 3, 2048, "16.90"),
    ("Falcon 7B", "GEMM", 1, 64, "4.47"),
    ("Falcon 7B", "GEMM", 1, 2048, "6.83"),
    ("CodeLlama 34B", "GEMM", 1, 64, "19.05"),
    ("CodeLlama 34B", "GEMM", 1, 2048, "20.26"),
)
"""Prefill and decode of the same length; percentages beside the figures show that they are GiB."""


_AWQ_APART = {("Mistral 7B", 8, 2048), ("TinyLlama 1.1B", 1, 2048), ("Falcon 7B", 1, 2048)}
_WHOLE_PROMPT = "the benchmark calls the model itself, which scores all tokens of the prompt, not its last alone"


def _awq() -> Iterator[Measured]:
    for name, kernel, batch, length, figure in _AWQ:
        apart = _WHOLE_PROMPT if (name, batch, length) in _AWQ_APART else ""
        work = Workload(BY_NAME[name], precision=Precision.INT4, context=2 * length, batch=batch)
        yield measured(work, figure, GIB, "allocated", f"{name} | {kernel} | {batch} | {length} | {length}", AWQ, apart)


PEFT = "https://github.com/huggingface/peft/blob/v0.2.0/README.md"
_PEFT = (
    ("T5 3B", Method.FULL, "bigscience/T0_3B | Full Finetuning", "47.14"),
    ("T5 3B", Method.LORA, "bigscience/T0_3B | PEFT-LoRA", "14.4"),
    ("mT5 13B", Method.LORA, "bigscience/mt0-xxl | PEFT-LoRA", "56"),
    ("BLOOM 7.1B", Method.LORA, "bigscience/bloomz-7b1 | PEFT-LoRA", "32"),
)
"""`batch_size = 8` and `r=8` in the script that goes with it; parameters in 32 bits."""


def _peft() -> Iterator[Measured]:
    for name, method, cell, figure in _PEFT:
        work = Workload(
            BY_NAME[name], method, Precision.FP32, context=64, batch=8, rank=8, every_layer=False, eager=True
        )
        yield measured(work, figure, GIB, "allocated", cell, PEFT)


WHISPER = "https://github.com/SYSTRAN/faster-whisper/blob/master/README.md"


def _whisper() -> Iterator[Measured]:
    """Five beams are five sequences of at most 448 tokens. openai/whisper computes in 16 bits, and keeps 32."""
    for precision, implementation, figure, apart in (
        (Precision.FP32, "openai/whisper fp16", "11325", "not explained"),
        (Precision.FP16, "faster-whisper fp16", "4755", ""),
        (Precision.INT8, "faster-whisper int8", "3091", ""),
    ):
        work = Workload(BY_NAME["Whisper large"], precision=precision, context=448, batch=5)
        yield measured(work, figure, MIB, "device", f"{implementation} | 5", WHISPER, apart)


FMS = "https://github.com/foundation-model-stack/fms-acceleration/blob/main/scripts/benchmarks/refs/a100_80gb.csv"
_FMS = (
    (0, "none", "Mistral 7B", 4, "77705", "72971724288"),
    (2, "none", "Mistral 7B", 8, "74383", "72972117504"),
    (12, "none, lora", "Mistral 7B", 4, "29731", "26108963328"),
    (14, "none, lora", "Mistral 7B", 8, "43195", "37098695168"),
    (24, "baseline-peft-bnb", "Mistral 7B", 4, "27023", "22825932800"),
    (26, "baseline-peft-bnb", "Mistral 7B", 8, "47145", "40278956032"),
    (28, "baseline-peft-bnb", "Mixtral 8x7B", 4, "48313", "46419968512"),
    (30, "baseline-peft-bnb", "Mixtral 8x7B", 8, "69931", "67089150464"),
    (36, "accelerated-peft-bnb", "Mistral 7B", 4, "19931", "15860019712"),
    (38, "accelerated-peft-bnb", "Mistral 7B", 8, "34355", "26849751552"),
    (40, "accelerated-peft-bnb", "Mixtral 8x7B", 4, "38405", "36218024448"),
    (42, "accelerated-peft-bnb", "Mixtral 8x7B", 8, "50875", "47207756288"),
    (44, "accelerated-peft-bnb", "Llama 2 70B", 4, "72829", "68159977472"),
)
"""Samples of 4096 tokens (tokens a second by samples a second), gradient checkpointing, FlashAttention, parameters in
16 bits; adapters of rank 16 at all projections of the attention. The baseline
holds 0.5 GB more before it trains than the accelerated runs (5368221184 bytes, 4843384320): only it is upcast."""


def _fms() -> Iterator[Measured]:
    for index, config, name, batch, device, allocated in _FMS:
        method = Method.FULL if config == "none" else Method.LORA if "lora" in config else Method.QLORA
        work = Workload(
            BY_NAME[name],
            method,
            Precision.FP16,
            context=4096,
            batch=batch,
            checkpointing=True,
            mixed=False,
            upcast=not config.startswith("accelerated"),
            every_layer=False,
        )
        cell = f"index {index}, {config}, {name}, {batch}"
        yield measured(work, device, MIB, "device", f"{cell}, nvidia_mem_reserved", FMS)
        yield measured(work, allocated, 1, "allocated", f"{cell}, peak_torch_mem_alloc_in_bytes", FMS)


FLUX = "https://huggingface.co/blog/diffusers-quantization"
_FLUX = (
    (Precision.BF16, "BF16", "36.166"),
    (Precision.INT4, "BnB 4-bit", "17.281"),
    (Precision.INT8, "BnB 8-bit", "24.432"),
    (Precision.INT4, "torchao int4_weight_only", "14.654"),
    (Precision.INT8, "torchao int8_weight_only", "21.482"),
    (Precision.INT4, "quanto INT4", "16.139"),
    (Precision.INT8, "quanto INT8", "21.814"),
)


def _flux() -> Iterator[Measured]:
    for precision, cell, figure in _FLUX:
        work = Workload(BY_NAME["Flux 1"], precision=precision)
        yield measured(work, figure, GIB, "reserved", f"FLUX.1-dev 1024x1024 | {cell}", FLUX)


OTHER_ROWS = (*_trainer(), *_optimization(), *_awq(), *_peft(), *_whisper(), *_fms(), *_flux())
