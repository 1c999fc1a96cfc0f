"""Known models: what they are called and what they look like.

Figures of language models are those of the `config.json` next to each model's weights on huggingface.co, as collected
in https://github.com/Lightning-AI/litgpt/blob/main/litgpt/config.py; sources of the others stand beside them.
"""

from dataclasses import dataclass

from policies.model_shape import Shape


@dataclass(frozen=True, slots=True)
class Model:
    """A model by name.

    Attributes:
        name: family and size, e.g. `Llama 3.1 8B`; `7B` alone where only a size is known.
        parameters: all of them, of every part that has to be in memory.
        shape: None for a model that makes images, which has no one shape.
        quantizable: those of the parameters that 4 and 8 bits apply to.
        typical: the shape is a guess from the size.
    """

    name: str
    parameters: int
    shape: Shape | None
    quantizable: int
    typical: bool = False


def _text(name: str, shape: Shape, parameters: int | None = None) -> Model:
    parameters = parameters or shape.parameters
    return Model(name, parameters, shape, parameters - shape.embedding_parameters)


def _grouped(
    name: str, layers: int, hidden: int, heads: int, kv_heads: int, inner: int, vocabulary: int, *, tied: bool = False
) -> Model:
    """A decoder with gated feed-forward networks and heads that share the width between them."""
    return _text(name, Shape(layers, hidden, heads, kv_heads, hidden // heads, inner, vocabulary, tied=tied))


def _wide(
    name: str, layers: int, hidden: int, heads: tuple[int, int, int], inner: int, vocabulary: int, *, tied: bool = False
) -> Model:
    """A decoder whose heads (how many, how many with keys and values) have a width of their own."""
    return _text(name, Shape(layers, hidden, *heads, inner, vocabulary, tied=tied))


def _plain(
    name: str, layers: int, hidden: int, heads: int, kv_heads: int, vocabulary: int, *, tied: bool = False
) -> Model:
    """A decoder with a feed-forward network of two matrices, four times as wide as the model."""
    shape = Shape(layers, hidden, heads, kv_heads, hidden // heads, 4 * hidden, vocabulary, gated=False, tied=tied)
    return _text(name, shape)


def _experts(
    name: str,
    layers: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    inner: int,
    vocabulary: int,
    experts: tuple[int, int],
) -> Model:
    """A decoder with experts: how many, and how many of them a token goes through."""
    return _text(
        name, Shape(layers, hidden, heads, kv_heads, 128, inner, vocabulary, experts=experts[0], active=experts[1])
    )


def _seq2seq(name: str, layers: int, hidden: int, heads: int, inner: int, vocabulary: int, parameters: int) -> Model:
    """Encoder and decoder, with attention between them: the published count of parameters says more than the shape."""
    return _text(name, Shape(layers, hidden, heads, heads, 64, inner, vocabulary), parameters)


def _encoder(name: str, layers: int, hidden: int, parameters: int) -> Model:
    heads = hidden // 64
    return _text(name, Shape(layers, hidden, heads, heads, 64, 4 * hidden, 0, gated=False), parameters)


def _speech(name: str, layers: int, hidden: int, parameters: int) -> Model:
    heads = hidden // 64
    return _text(name, Shape(layers, hidden, heads, heads, 64, 4 * hidden, 51865, gated=False, tied=True), parameters)


def _image(name: str, denoiser: int, text_encoders: int, autoencoder: int) -> Model:
    return Model(name, denoiser + text_encoders + autoencoder, None, denoiser + text_encoders)


MODELS: tuple[Model, ...] = (
    _grouped("Llama 2 7B", 32, 4096, 32, 32, 11008, 32000),
    _grouped("Llama 2 13B", 40, 5120, 40, 40, 13824, 32000),
    _grouped("Llama 2 70B", 80, 8192, 64, 8, 28672, 32000),
    _grouped("CodeLlama 7B", 32, 4096, 32, 32, 11008, 32016),
    _grouped("CodeLlama 13B", 40, 5120, 40, 40, 13824, 32016),
    _grouped("CodeLlama 34B", 48, 8192, 64, 8, 22016, 32000),
    _grouped("CodeLlama 70B", 80, 8192, 64, 8, 28672, 32016),
    _grouped("Vicuna 7B", 32, 4096, 32, 32, 11008, 32000),
    _grouped("Vicuna 13B", 40, 5120, 40, 40, 13824, 32000),
    _grouped("Llama 3 8B", 32, 4096, 32, 8, 14336, 128256),
    _grouped("Llama 3 70B", 80, 8192, 64, 8, 28672, 128256),
    _grouped("Llama 3.1 8B", 32, 4096, 32, 8, 14336, 128256),
    _grouped("Llama 3.1 70B", 80, 8192, 64, 8, 28672, 128256),
    _grouped("Llama 3.1 405B", 126, 16384, 128, 8, 53248, 128256),
    _grouped("Llama 3.2 1B", 16, 2048, 32, 8, 8192, 128256, tied=True),
    _grouped("Llama 3.2 3B", 28, 3072, 24, 8, 8192, 128256, tied=True),
    _grouped("Llama 3.3 70B", 80, 8192, 64, 8, 28672, 128256),
    _grouped("TinyLlama 1.1B", 22, 2048, 32, 4, 5632, 32000),
    _grouped("Mistral 7B", 32, 4096, 32, 8, 14336, 32768),
    _grouped("Mistral Large 123B", 88, 12288, 96, 8, 28672, 32768),
    _wide("Mistral Small 24B", 40, 5120, (32, 8, 128), 32768, 131072),
    _experts("Mixtral 8x7B", 32, 4096, 32, 8, 14336, 32000, (8, 2)),
    _experts("Mixtral 8x22B", 56, 6144, 48, 8, 16384, 32768, (8, 2)),
    _grouped("Qwen2 0.5B", 24, 896, 14, 2, 4864, 151936, tied=True),
    _grouped("Qwen2 1.5B", 28, 1536, 12, 2, 8960, 151936, tied=True),
    _grouped("Qwen2 7B", 28, 3584, 28, 4, 18944, 152064),
    _grouped("Qwen2 72B", 80, 8192, 64, 8, 29568, 152064),
    _grouped("Qwen2.5 0.5B", 24, 896, 14, 2, 4864, 151936, tied=True),
    _grouped("Qwen2.5 1.5B", 28, 1536, 12, 2, 8960, 151936, tied=True),
    _grouped("Qwen2.5 3B", 36, 2048, 16, 2, 11008, 151936, tied=True),
    _grouped("Qwen2.5 7B", 28, 3584, 28, 4, 18944, 152064),
    _grouped("Qwen2.5 14B", 48, 5120, 40, 8, 13824, 152064),
    _grouped("Qwen2.5 32B", 64, 5120, 40, 8, 27648, 152064),
    _grouped("Qwen2.5 72B", 80, 8192, 64, 8, 29568, 152064),
    _grouped("QwQ 32B", 64, 5120, 40, 8, 27648, 152064),
    _wide("Qwen3 0.6B", 28, 1024, (16, 8, 128), 3072, 151936, tied=True),
    _wide("Qwen3 1.7B", 28, 2048, (16, 8, 128), 6144, 151936, tied=True),
    _wide("Qwen3 4B", 36, 2560, (32, 8, 128), 9728, 151936, tied=True),
    _wide("Qwen3 8B", 36, 4096, (32, 8, 128), 12288, 151936),
    _wide("Qwen3 14B", 40, 5120, (40, 8, 128), 17408, 151936),
    _wide("Qwen3 32B", 64, 5120, (64, 8, 128), 25600, 151936),
    _experts("Qwen3 30B", 48, 2048, 32, 4, 768, 151936, (128, 8)),
    _experts("Qwen3 235B", 94, 4096, 64, 4, 1536, 151936, (128, 8)),
    _wide("Gemma 2B", 18, 2048, (8, 1, 256), 16384, 256000, tied=True),
    _wide("Gemma 7B", 28, 3072, (16, 16, 256), 24576, 256000, tied=True),
    _wide("Gemma 2 2B", 26, 2304, (8, 4, 256), 9216, 256000, tied=True),
    _wide("Gemma 2 9B", 42, 3584, (16, 8, 256), 14336, 256000, tied=True),
    _wide("Gemma 2 27B", 46, 4608, (32, 16, 128), 36864, 256000, tied=True),
    _wide("Gemma 3 1B", 26, 1152, (4, 1, 256), 6912, 262144, tied=True),
    _wide("Gemma 3 4B", 34, 2560, (8, 4, 256), 10240, 262144, tied=True),
    _wide("Gemma 3 12B", 48, 3840, (16, 8, 256), 15360, 262144, tied=True),
    _wide("Gemma 3 27B", 62, 5376, (32, 16, 128), 21504, 262144, tied=True),
    _plain("Phi-1.5 1.3B", 24, 2048, 32, 32, 51200),
    _plain("Phi-2 2.7B", 32, 2560, 32, 32, 51200),
    _grouped("Phi-3 mini 3.8B", 32, 3072, 32, 32, 8192, 32064),
    _grouped("Phi-3.5 mini 3.8B", 32, 3072, 32, 32, 8192, 32064),
    _grouped("Phi-4 14B", 40, 5120, 40, 10, 17920, 100352),
    _grouped("Phi-4 mini 3.8B", 32, 3072, 24, 8, 8192, 200064, tied=True),
    _plain("Falcon 7B", 32, 4544, 71, 1, 65024),
    _plain("Falcon 40B", 60, 8192, 128, 8, 65024),
    _plain("StableLM Alpha 3B", 16, 4096, 32, 32, 50688),
    _plain("Pythia 410M", 24, 1024, 16, 16, 50304),
    _plain("Pythia 1.4B", 24, 2048, 16, 16, 50304),
    _plain("Pythia 2.8B", 32, 2560, 32, 32, 50304),
    _plain("Pythia 6.9B", 32, 4096, 32, 32, 50432),
    _plain("Pythia 12B", 36, 5120, 40, 40, 50688),
    _grouped("SmolLM2 135M", 30, 576, 9, 3, 1536, 49152, tied=True),
    _grouped("SmolLM2 360M", 32, 960, 15, 5, 2560, 49152, tied=True),
    _grouped("SmolLM2 1.7B", 24, 2048, 32, 32, 8192, 49152, tied=True),
    _plain("StarCoder 15.5B", 40, 6144, 48, 1, 49152, tied=True),  # https://huggingface.co/bigcode/starcoder
    _plain("BLOOM 7.1B", 30, 4096, 32, 32, 250880, tied=True),  # https://huggingface.co/bigscience/bloom-7b1
    # https://arxiv.org/abs/1910.10683 and https://arxiv.org/abs/2010.11934, in their later versions ("v1.1")
    _seq2seq("T5 base", 24, 768, 12, 2048, 32128, 248_000_000),
    _seq2seq("T5 large", 48, 1024, 16, 2816, 32128, 783_000_000),
    _seq2seq("T5 3B", 48, 2048, 32, 5120, 32128, 2_850_000_000),
    _seq2seq("T5 11B", 48, 4096, 64, 10240, 32128, 11_140_000_000),
    _seq2seq("mT5 13B", 48, 4096, 64, 10240, 250112, 12_920_000_000),
    _encoder("BERT base", 12, 768, 110_000_000),  # https://arxiv.org/abs/1810.04805
    _encoder("BERT large", 24, 1024, 340_000_000),
    _encoder("RoBERTa base", 12, 768, 125_000_000),  # https://arxiv.org/abs/1907.11692
    _encoder("RoBERTa large", 24, 1024, 355_000_000),
    # Parameters: https://github.com/openai/whisper, widths: https://arxiv.org/abs/2212.04356
    _speech("Whisper tiny", 8, 384, 39_000_000),
    _speech("Whisper base", 12, 512, 74_000_000),
    _speech("Whisper small", 24, 768, 244_000_000),
    _speech("Whisper medium", 48, 1024, 769_000_000),
    _speech("Whisper large", 64, 1280, 1_550_000_000),
    _speech("Whisper turbo", 36, 1280, 809_000_000),
    _image("Stable Diffusion 1.5", 860_000_000, 123_000_000, 84_000_000),  # https://github.com/CompVis/stable-diffusion
    _image("SDXL", 2_600_000_000, 817_000_000, 84_000_000),  # https://arxiv.org/abs/2307.01952
    # Bytes in bf16, halved: https://huggingface.co/blog/diffusers-quantization
    _image("Flux 1", 11_900_000_000, 4_883_000_000, 84_000_000),
)
