"""What LitGPT measured: inference, LoRA, QLoRA and full fine-tuning on an A100 and an A10G.

Its figures are `torch.cuda.max_memory_allocated` in GB of 10^9 bytes (see `litgpt/finetune/lora.py`). Everything is in
16 bits: it has no step that raises norms and embeddings to 32. On one GPU it has no checkpointing.
"""

from collections.abc import Iterator

from policies.workload import Method, Precision, Workload
from tests.policies.vram_rows import BY_NAME, GB, Measured, measured

LITGPT = "https://github.com/Lightning-AI/litgpt/blob/main/tutorials/resource-tables.md"
_LONGEST = {"Phi-1.5 1.3B": 1044, "StableLM Alpha 3B": 1034, "Llama 2 7B": 1304, "Llama 2 13B": 1304}
"""Tokens of the longest sample, as the page says."""

_LITGPT_LORA = (
    ("Phi-1.5 1.3B", "None", 1, "4.82"),
    ("Phi-1.5 1.3B", "bnb.nf4", 1, "3.78"),
    ("Phi-1.5 1.3B", "bnb.nf4-dq", 1, "3.72"),
    ("Phi-1.5 1.3B", "None", 2, "6.76"),
    ("Phi-1.5 1.3B", "None", 4, "10.68"),
    ("StableLM Alpha 3B", "None", 1, "9.69"),
    ("StableLM Alpha 3B", "bnb.nf4", 1, "6.35"),
    ("StableLM Alpha 3B", "bnb.nf4-dq", 1, "6.19"),
    ("StableLM Alpha 3B", "None", 2, "12.10"),
    ("StableLM Alpha 3B", "None", 4, "16.92"),
    ("Llama 2 7B", "None", 1, "21.30"),
    ("Llama 2 7B", "bnb.nf4", 1, "14.14"),
    ("Llama 2 7B", "bnb.nf4-dq", 1, "13.84"),
    ("Llama 2 7B", "None", 2, "29.07"),
    ("Llama 2 13B", "None", 1, "38.12"),
    ("Llama 2 13B", "bnb.nf4", 1, "23.14"),
    ("Llama 2 13B", "bnb.nf4-dq", 1, "22.55"),
)
"""Rank 8 at queries and values: 4,194,304 trainable parameters of Llama 2 7B."""

_LITGPT_INFERENCE = (
    ("Phi-1.5 1.3B", "2.86", "1.39", "1.33"),
    ("StableLM Alpha 3B", "7.30", "3.20", "3.04"),
    ("Llama 2 7B", "13.52", "4.57", "4.26"),
    ("Llama 2 13B", "26.21", "8.32", "7.72"),
    ("CodeLlama 34B", "", "20.52", "18.95"),
    ("Falcon 40B", "", "26.55", "24.63"),
    ("Llama 2 70B", "", "", "37.21"),
)


def _litgpt() -> Iterator[Measured]:
    for name, quantized, batch, figure in _LITGPT_LORA:
        method = Method.LORA if quantized == "None" else Method.QLORA
        work = Workload(
            BY_NAME[name],
            method,
            context=_LONGEST[name],
            batch=batch,
            rank=8,
            every_layer=False,
            upcast=False,
            checkpointing=False,
        )
        yield measured(work, figure, GB, "allocated", f"LoRA | {name} | {quantized} | {batch}", LITGPT)
    for name, *figures in _LITGPT_INFERENCE:
        for quantized, figure in zip(("None", "bnb.nf4", "bnb.nf4-dq"), figures, strict=True):
            if figure:
                precision = Precision.BF16 if quantized == "None" else Precision.INT4
                work = Workload(BY_NAME[name], precision=precision, context=128)
                yield measured(work, figure, GB, "allocated", f"Inference | {name} | {quantized}", LITGPT)


LITGPT_HUB = "https://github.com/Lightning-AI/litgpt/blob/main/config_hub/finetune/README.md"
_HUB = (
    ("Falcon 7B", "falcon-7b/lora.yaml", 1, 32, False, "16.69"),
    ("Falcon 7B", "falcon-7b/qlora.yaml", 1, 32, False, "9.44"),
    ("Gemma 2B", "gemma-2b/lora.yaml", 2, 8, True, "12.62"),
    ("Gemma 2B", "gemma-2b/qlora.yaml", 2, 16, True, "11.58"),
    ("Gemma 7B", "gemma-7b/qlora.yaml", 1, 16, True, "17.18"),
    ("Gemma 2 9B", "gemma2-9b/qlora.yaml", 1, 16, True, "20.92"),
    ("Llama 2 7B", "llama-2-7b/lora.yaml", 2, 32, False, "19.77"),
    ("Llama 2 7B", "llama-2-7b/qlora.yaml", 2, 32, False, "13.68"),
    ("Llama 3 8B", "llama-3-8b/lora.yaml", 1, 32, False, "19.73"),
    ("Llama 3 8B", "llama-3-8b/qlora.yaml", 2, 32, False, "17.41"),
    ("Mistral 7B", "mistral-7b/lora.yaml", 2, 32, False, "20.66"),
    ("Mistral 7B", "mistral-7b/qlora.yaml", 2, 32, False, "14.29"),
    ("Phi-2 2.7B", "phi-2/lora.yaml", 4, 8, True, "13.98"),
    ("Phi-2 2.7B", "phi-2/qlora.yaml", 4, 8, True, "14.27"),
    ("Phi-3 mini 3.8B", "phi-3/lora.yaml", 4, 8, True, "19.75"),
    ("Phi-3 mini 3.8B", "phi-3/qlora.yaml", 4, 8, True, "19.13"),
    ("StableLM Alpha 3B", "stablelm-base-alpha-3b/lora.yaml", 1, 32, False, "8.58"),
    ("StableLM Alpha 3B", "stablelm-base-alpha-3b/qlora.yaml", 1, 32, False, "5.24"),
    ("TinyLlama 1.1B", "tiny-llama/full.yaml", 4, 1, True, "14.10"),
    ("TinyLlama 1.1B", "tiny-llama/lora.yaml", 8, 32, True, "13.50"),
    ("TinyLlama 1.1B", "tiny-llama/qlora.yaml", 8, 32, True, "16.24"),
)
"""Micro batch, `lora_r`, and whether all of `lora_query` to `lora_mlp` are true, from the files named."""


def _litgpt_hub() -> Iterator[Measured]:
    for name, config, batch, rank, every_layer, figure in _HUB:
        method = Method(config.rpartition("/")[2].removesuffix(".yaml"))
        work = Workload(
            BY_NAME[name],
            method,
            context=512,
            batch=batch,
            rank=rank,
            every_layer=every_layer,
            checkpointing=False,
            mixed=False,
            upcast=False,
            eager=name.startswith("Gemma 2 "),  # softcapping, which its fused attention cannot do
        )
        yield measured(work, figure, GB, "allocated", f"{config} | 512 | {batch}", LITGPT_HUB)


LITGPT_QUANTIZE = "https://github.com/Lightning-AI/litgpt/blob/main/tutorials/quantize.md"
_QUANTIZE = (
    (Precision.BF16, "--precision bf16-true", "14.51"),
    (Precision.INT4, "--quantize qlora.nf4", "5.72"),
    (Precision.INT4, "--quantize qlora.nf4-dq", "5.37"),
    (Precision.INT4, "--quantize gptq.int4", "5.05"),
    (Precision.INT8, "--quantize llm.int8", "8.71"),
)


def _litgpt_quantize() -> Iterator[Measured]:
    for precision, option, figure in _QUANTIZE:
        work = Workload(BY_NAME["Falcon 7B"], precision=precision, context=256)
        yield measured(work, figure, GB, "allocated", f"falcon-7b {option} --max_new_tokens 256", LITGPT_QUANTIZE)


LITGPT_ROWS = (*_litgpt(), *_litgpt_hub(), *_litgpt_quantize())
