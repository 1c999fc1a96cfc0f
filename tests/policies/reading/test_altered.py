"""Commands that a text names and does not want as they stand."""

import pytest

from policies.reading.rules import understand

FOLDER = {"train.py": "", "data/": ""}


@pytest.mark.parametrize(
    "text",
    [
        "don't run `python train.py`",
        "Never call `python train.py` directly",
        "lieber nicht `python train.py --a`",
        "ne lance pas `python train.py --a`",
        "no ejecutes `python train.py --a`",
        "run `python train.py --lr 1` but with --lr 2",
        "`python train.py --a`, aber mit --b statt --a",
        "run `python train.py --epochs 3` with 5 epochs",
        "`python train.py --n_seeds 3`, n-seeds 4",
        "The README says `python train.py --a` but that is outdated",
        "`python train.py --seed <seed>` with the usual one",
        "`python train.py ...`",
        "`python train.py --a` failed last night",
        "only evaluate, do not train",
        "write me an email about data/",
    ],
)
def test_a_command_that_is_not_to_run_as_it_stands_is_asked_about(text: str) -> None:
    """It would be paid for, and for nothing."""
    understood = understand(text, FOLDER, {})
    assert "run" in understood.asks
    assert "run" not in understood.fields


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("don't use `python old.py` any more, run `python train.py --fast` instead", "python train.py --fast"),
        ("LoRA with rank 16: `python train.py --rank 16`", "python train.py --rank 16"),
        ("run `python train.py --seed 3`, it isn't long", "python train.py --seed 3"),
        ("a toute allure au four: `python train.py --four 2`", "python train.py --four 2"),
        ("our jester was replaced. He left. He wept. `python train.py --a` is to run", "python train.py --a"),
    ],
)
def test_a_command_that_is_wanted_is_taken(text: str, run: str) -> None:
    """Though another is turned down, or words repeat what it says."""
    assert understand(text, FOLDER, {}).fields.get("run") == run
