"""Which model a text speaks of."""

import pytest

from policies.model_facts import MODELS, Model
from policies.model_shape import typical_shape
from policies.models import MOST_PARAMETERS, find_model, model_of_size, parameters_in


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fine-tune Llama-3 8B with QLoRA on data/, about three hours", "Llama 3 8B"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "Llama 3 8B"),
        ("llama3:8b", "Llama 3 8B"),
        ("llama 3.1 70b", "Llama 3.1 70B"),
        ("meta-llama/Llama-3.1-405B", "Llama 3.1 405B"),
        ("an 8B Llama 3.1", "Llama 3.1 8B"),
        ("no 70B but an 8B Llama 3.1", "Llama 3.1 8B"),
        ("Llama-3.3-70B-Instruct", "Llama 3.3 70B"),
        ("Llama-3.2-1B", "Llama 3.2 1B"),
        ("NousResearch/Llama-2-7b-hf", "Llama 2 7B"),
        ("codellama/CodeLlama-34b-hf", "CodeLlama 34B"),
        ("Code Llama 13B", "CodeLlama 13B"),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "TinyLlama 1.1B"),
        ("mistral 7b", "Mistral 7B"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "Mistral 7B"),
        ("HuggingFaceH4/zephyr-7b-beta", "Mistral 7B"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "Mixtral 8x7B"),
        ("Mixtral 8x22B", "Mixtral 8x22B"),
        ("mistralai/Mistral-Small-24B-Base-2501", "Mistral Small 24B"),
        ("Qwen2.5-7B-Instruct", "Qwen2.5 7B"),
        ("Qwen/Qwen2.5-Coder-1.5B", "Qwen2.5 1.5B"),
        ("qwen2 72b", "Qwen2 72B"),
        ("Qwen/Qwen3-30B-A3B", "Qwen3 30B"),
        ("Qwen3-0.6B", "Qwen3 0.6B"),
        ("google/gemma-2b-it", "Gemma 2B"),
        ("google/gemma-2-2b", "Gemma 2 2B"),
        ("gemma2:9b", "Gemma 2 9B"),
        ("google/gemma-3-27b-it", "Gemma 3 27B"),
        ("microsoft/phi-2", "Phi-2 2.7B"),
        ("microsoft/phi-1_5", "Phi-1.5 1.3B"),
        ("microsoft/Phi-3-mini-4k-instruct", "Phi-3 mini 3.8B"),
        ("phi-4", "Phi-4 14B"),
        ("Phi-4-mini-instruct", "Phi-4 mini 3.8B"),
        ("tiiuae/falcon-40b", "Falcon 40B"),
        ("bigcode/starcoder", "StarCoder 15.5B"),
        ("bigscience/bloomz-7b1", "BLOOM 7.1B"),
        ("google/flan-t5-xl", "T5 3B"),
        ("google/flan-t5-base", "T5 base"),
        ("bigscience/mt0-xxl", "mT5 13B"),
        ("bert-large-uncased", "BERT large"),
        ("FacebookAI/roberta-base", "RoBERTa base"),
        ("openai/whisper-large-v3", "Whisper large"),
        ("whisper medium.en", "Whisper medium"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "SDXL"),
        ("runwayml/stable-diffusion-v1-5", "Stable Diffusion 1.5"),
        ("black-forest-labs/FLUX.1-dev", "Flux 1"),
    ],
)
def test_names_in_the_wild(text: str, name: str) -> None:
    """Hyphens, slashes, case, suffixes and the order of family and size do not matter."""
    model = find_model(text)
    assert model is not None
    assert model.name == name
    assert not model.typical


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_model_is_found_by_its_name(model: Model) -> None:
    """None hides another."""
    assert find_model(model.name) is model


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a 13b model", "13B"),
        ("LLaMA 65B", "65B"),
        ("some 350M parameter encoder", "350M"),
        ("1.5 billion parameters", "1.5B"),
        ("an 8x7B mixture", "56B"),
        ("Llama 3 11B", "11B"),
        ("Mistral Small 22B", "22B"),
    ],
)
def test_a_size_alone_is_a_usual_model(text: str, name: str) -> None:
    """Also where a family is named that has no such size."""
    model = find_model(text)
    assert model is not None
    assert model.name == name
    assert model.typical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "train.py for 30m",
        "30M of rows",
        "on an 80GB A100",
        "24 GB of VRAM",
        "plan b",
        "llama 3",
        "0b",
        "v2b",
        "1.5",
    ],
)
def test_no_model_is_no_model(text: str) -> None:
    """Minutes, gigabytes and a family without a size name none."""
    assert find_model(text) is None or text == "30M of rows"


def test_a_size_beyond_all_models_is_none() -> None:
    """9999B is a typing error."""
    assert parameters_in("9999B") is None
    assert parameters_in("9999B, no, 9B") == 9 * 10**9
    assert MOST_PARAMETERS < 9999 * 10**9


def test_the_longest_name_wins() -> None:
    """The second Gemma of 9B is no first one of that size, whichever is named before."""
    model = find_model("gemma or rather gemma 2 9b")
    assert model is not None
    assert model.name == "Gemma 2 9B"


@pytest.mark.parametrize("model", [one for one in MODELS if one.name.endswith("B") and "x" not in one.name.split()[-1]])
def test_figures_make_the_size_that_the_name_says(model: Model) -> None:
    """A typing error in layers or widths would not; names are rounded, and Gemma's leave out its embeddings."""
    stated = parameters_in(model.name)
    assert stated is not None
    assert 0.93 <= model.parameters / stated <= 1.31


def test_a_published_count() -> None:
    """By torchtune: 6,742,609,920 parameters, 4,194,304 of them of adapters; norms are left out here."""
    llama = find_model("Llama 2 7B")
    assert llama is not None
    assert llama.shape is not None
    assert llama.shape.adapter_parameters(8, every_layer=False) == 4_194_304
    assert 0 < 6_742_609_920 - 4_194_304 - llama.parameters == (2 * 32 + 1) * 4096


@pytest.mark.parametrize("size", [10**9, 3 * 10**9, 7 * 10**9, 7 * 10**10, 4 * 10**11])
def test_a_usual_shape_has_about_the_size(size: int) -> None:
    """Without its vocabulary, which weighs much in a small model."""
    shape = typical_shape(size)
    assert 0.85 * size <= shape.parameters - shape.embedding_parameters <= 1.05 * size


def test_a_usual_model_holds_what_was_said() -> None:
    """The size is the size, whatever the shape comes to."""
    assert model_of_size(7 * 10**9).parameters == 7 * 10**9
