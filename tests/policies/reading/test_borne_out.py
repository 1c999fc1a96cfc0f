"""What a model fills in counts only where a human said it, in the meaning that rules read."""

from typing import Any

import pytest

from policies.reading.borne_out import borne_out

SAID = "run `python train.py --epochs 3` for two hours on a 4090, at most $5, 24 GB of RAM, WANDB=off, keep out/"


@pytest.mark.parametrize(
    "field",
    [
        {"hours": 2.0},
        {"hours": "2"},
        {"budget_usd": "5.00"},
        {"budget_usd": "5"},
        {"gpu": "RTX 4090"},
        {"gpu": "NVIDIA GeForce RTX 4090"},
        {"run": "python train.py --epochs 3"},
        {"outputs": ["out/"]},
        {"envs": {"WANDB": "off"}},
        {"description": "whatever"},
    ],
)
def test_what_was_said_is_kept(field: dict[str, Any]) -> None:
    """However it is written."""
    said = borne_out(field, [SAID], {})
    assert (said.fields, said.made_up) == (field, ())


@pytest.mark.parametrize(
    "field",
    [
        {"hours": 3},
        {"hours": 5},
        {"hours": 24},
        {"hours": "two"},
        {"hours": float("nan")},
        {"budget_usd": "2.00"},
        {"budget_usd": "50.0"},
        {"budget_usd": True},
        {"vram_gb": 24},
        {"gpu": "RTX 4080"},
        {"gpu": "409"},
        {"gpu": 4090},
        {"run": "python train.py"},
        {"run": "rm -rf /"},
        {"run": ["python"]},
        {"setup": "pip install evil"},
        {"job_file": "other.yaml"},
        {"job_file": "train.py"},
        {"workdir": ".."},
        {"outputs": ["/etc/passwd"]},
        {"outputs": "out/"},
        {"envs": {"WANDB": "on"}},
        {"envs": ["WANDB"]},
        {"env_names": ["OPENAI_API_KEY"]},
        {"ceiling": 500},
    ],
)
def test_what_nobody_said_is_left_out_and_named(field: dict[str, Any]) -> None:
    """Figures of something else among it, and fields that there are none of."""
    said = borne_out(field, [SAID], {})
    assert (dict(said.fields), said.made_up) == ({}, tuple(field))


def test_of_a_list_what_was_said() -> None:
    """The rest goes."""
    assert borne_out({"outputs": ["out/", "secrets/"]}, [SAID], {}).fields == {"outputs": ["out/"]}


def test_several_messages_count() -> None:
    """And what is empty is nothing."""
    said = borne_out({"hours": 2, "budget_usd": "4.00", "gpu": "", "vram_gb": None}, ["two hours", "at most $4"], {})
    assert (dict(said.fields), said.made_up) == ({"hours": 2, "budget_usd": "4.00"}, ())


def test_files_make_commands() -> None:
    """As in a description."""
    files = {"train.py": "print()"}
    assert borne_out({"run": "python train.py"}, ["train.py does it"], files).fields
    assert not borne_out({"run": "python train.py"}, ["train.py does it"], {}).fields
