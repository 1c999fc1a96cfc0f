from decimal import Decimal
from fractions import Fraction

import pytest

from policies.gpu import Gpu, compute_capability, gpu_of, matches, parse_gpu, relative_speed, speed_known
from policies.gpu_facts import FACTS
from policies.offer import Listing


def listing(gpu_id: str, name: str = "", vram_gb: int = 24) -> Listing:
    return Listing(gpu_id, name or gpu_id, vram_gb, Decimal("0.49"), "hog")


@pytest.mark.parametrize(
    ("name", "model", "memory", "form"),
    [
        ("NVIDIA GeForce RTX 4090", "RTX4090", None, ""),
        ("RTX 4090", "RTX4090", None, ""),
        ("rtx4090", "RTX4090", None, ""),
        ("RTX 4090 24 GB", "RTX4090", 24, ""),
        ("NVIDIA GeForce RTX 3090 Ti", "RTX3090Ti", None, ""),
        ("RTX3090-Ti", "RTX3090Ti", None, ""),
        ("RTX 4080 SUPER", "RTX4080SUPER", None, ""),
        ("A100", "A100", None, ""),
        ("A100 80GB", "A100", 80, ""),
        ("A100-80GB", "A100", 80, ""),
        ("NVIDIA A100-SXM4-80GB", "A100", 80, "sxm"),
        ("NVIDIA A100 80GB PCIe", "A100", 80, "pcie"),
        ("H100 SXM", "H100", None, "sxm"),
        ("NVIDIA H100 80GB HBM3", "H100", 80, "sxm"),
        ("NVIDIA H100 PCIe", "H100", None, "pcie"),
        ("NVIDIA H100 NVL", "H100NVL", None, ""),
        ("NVIDIA RTX A6000", "A6000", None, ""),
        ("RTXA6000", "A6000", None, ""),
        ("NVIDIA RTX 6000 Ada Generation", "RTX6000Ada", None, ""),
        ("RTX6000-Ada", "RTX6000Ada", None, ""),
        ("Quadro RTX 6000", "QUADRORTX6000", None, ""),
        ("Tesla V100-SXM2-16GB", "V100", 16, "sxm"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTXPRO6000", None, ""),
        ("AMD Instinct MI300X OAM", "MI300X", None, ""),
        ("NVIDIA L40S", "L40S", None, ""),
        ("RTX 4090 Laptop", "RTX4090LAPTOP", None, ""),
        ("", "", None, ""),
    ],
)
def test_a_gpu_is_known_by_any_of_its_spellings(name: str, model: str, memory: int | None, form: str) -> None:
    """Provider, nvidia-smi, SkyPilot and human agree; a laptop's chip is another GPU."""
    assert parse_gpu(name) == Gpu(model, memory, form)


@pytest.mark.parametrize(
    ("gpu_id", "name", "model"),
    [
        ("NVIDIA GeForce RTX 3090", "RTX 3090", "RTX3090"),
        ("NVIDIA GeForce RTX 3090", "H100", "RTX3090"),
        ("gpu-17", "H100 SXM", "H100"),
        ("gpu-17", "gpu 18", "GPU17"),
    ],
)
def test_the_id_decides_what_a_listing_is(gpu_id: str, name: str, model: str) -> None:
    """The id is what gets rented: no name makes a 3090 an H100. An id nobody knows leaves it to the name."""
    assert gpu_of(listing(gpu_id, name)).model == model


def test_id_and_name_complete_each_other() -> None:
    """Memory from one, form from the other."""
    assert gpu_of(listing("NVIDIA A100 80GB", "A100 SXM")) == Gpu("A100", 80, "sxm")


@pytest.mark.parametrize(
    ("asked", "offered", "vram", "expected"),
    [
        ("RTX4090", "NVIDIA GeForce RTX 4090", 24, True),
        ("RTX4090", "NVIDIA GeForce RTX 4080", 16, False),
        ("RTX3090", "NVIDIA GeForce RTX 3090 Ti", 24, False),
        ("L40", "NVIDIA L40S", 48, False),
        ("A100", "NVIDIA A100 80GB PCIe", 80, True),
        ("A100-80GB", "NVIDIA A100 80GB PCIe", 80, True),
        ("A100-80GB", "NVIDIA A100", 80, True),
        ("A100-80GB", "NVIDIA A100-SXM4-80GB", 79, True),
        ("A100-80GB", "NVIDIA A100-PCIE-40GB", 40, False),
        ("A100-40GB", "NVIDIA A100", 80, False),
        ("H100", "NVIDIA H100 80GB HBM3", 80, True),
        ("H100 SXM", "NVIDIA H100 80GB HBM3", 80, True),
        ("H100 SXM", "NVIDIA H100 PCIe", 80, False),
        ("H100 SXM", "NVIDIA H100", 80, False),
        ("H100", "NVIDIA H100 NVL", 94, False),
        ("MADEUP", "made up", 24, True),
    ],
)
def test_a_listing_matches_what_was_asked_for(asked: str, offered: str, vram: int, *, expected: bool) -> None:
    """The same model; memory and form count where the request names them."""
    assert matches(asked, listing(offered, vram_gb=vram)) is expected


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("RTX 4090", (8, 9)),
        ("A100 SXM", (8, 0)),
        ("H100 PCIe", (9, 0)),
        ("T4", (7, 5)),
        ("MI300X", None),
        ("Pig 1", None),
    ],
)
def test_compute_capability_is_known_or_unknown(name: str, capability: tuple[int, int] | None) -> None:
    """From the public table; None where there is none, never a guess."""
    assert compute_capability(parse_gpu(name)) == capability


def speed(name: str, reference: str = "RTX4090") -> Fraction:
    return relative_speed(parse_gpu(name), parse_gpu(reference))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RTX 4090", Fraction(1)),
        ("RTX 3090", Fraction(710, 1652)),  # bound by compute
        ("L4", Fraction(300, 1008)),  # bound by memory
        ("H100 SXM", Fraction(3350, 1008)),
        ("H100 PCIe", Fraction(2000, 1008)),
        ("H100", Fraction(2000, 1008)),
        ("V100", Fraction(1120, 1652)),
        ("Pig 1", Fraction(1)),
    ],
)
def test_speed_is_the_smaller_of_two_published_ratios(name: str, expected: Fraction) -> None:
    """Compute or memory, whichever gains less; the slowest form where it is left open; 1 where nothing is published."""
    assert speed(name) == expected


def test_the_same_model_is_as_fast_as_itself() -> None:
    """Hours said for an H100 are hours on an H100, whatever form either name leaves open."""
    assert speed("H100 SXM", "H100") == speed("H100", "H100 SXM") == speed("H100 SXM", "H100-SXM") == 1
    assert speed("H100 PCIe", "H100 SXM") == Fraction(2000, 3350)
    assert speed("Pig 1", "Pig 1") == speed("Pig 1", "RTX 4090") == speed("RTX 4090", "Pig 1") == 1


def test_a_reference_that_leaves_its_form_open_is_taken_for_its_fastest() -> None:
    """Hours said for some H100 are enough hours on an A100, too."""
    assert speed("A100 PCIe", "H100") == Fraction(312, 989)


def test_there_and_back_never_gains_time() -> None:
    """For every two models: the caution of both directions multiplies to at most 1."""
    for one in FACTS:
        assert speed_known(parse_gpu(one))
        for other in FACTS:
            assert speed(one, other) * speed(other, one) <= 1
            assert speed(one, other) > 0


def test_every_model_with_figures_is_spelt_as_names_are_read() -> None:
    """A row under a spelling that `parse_gpu` never gives would silently count as an RTX 4090."""
    for model in FACTS:
        assert parse_gpu(model).model == model
