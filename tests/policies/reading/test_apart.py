"""What belongs to which part of a text: a label's command, an installation, a GPU of another sentence, other money."""

import pytest

from policies.reading.rules import understand


@pytest.mark.parametrize("label", ["Commande :", "Command:", "Befehl:"])
def test_a_label_in_the_middle_of_a_line_hides_no_command(label: str) -> None:
    """Its arguments are not lost, though a script of that name is there."""
    text = f"Inference for the news. {label} `python news.py --batch 256`"
    assert understand(text, {"news.py": ""}, {}).fields["run"] == "python news.py --batch 256"


def test_no_argument_of_a_script_is_lost_in_silence() -> None:
    """Where the text calls it with more than its name, and that can't be read as a command."""
    read = understand("train.py trains it; `nice train.py at night`", {"train.py": ""}, {})
    assert "nice train.py at night" in read.asks["run"]
    assert "run" not in read.fields


def test_what_is_installed_is_no_more_than_that() -> None:
    """The command behind it in the same sentence runs."""
    fields = understand("Hay que instalar `pip install dgl` y ejecutar `python palas.py --parque 3`.", {}, {}).fields
    assert (fields["setup"], fields["run"]) == ("pip install dgl", "python palas.py --parque 3")


@pytest.mark.parametrize("program", ["conda", "mamba", "micromamba"])
def test_an_environment_is_made_before(program: str) -> None:
    """It is no part of what runs."""
    text = f"First `{program} env create -f x.yaml`, then `{program} run -n x count --zoom 40`."
    fields = understand(text, {}, {}).fields
    assert (fields["setup"], fields["run"]) == (
        f"{program} env create -f x.yaml",
        f"{program} run -n x count --zoom 40",
    )


@pytest.mark.parametrize(
    "money", ["12 Złoty", "60 baht", "300 Forint", "40 soles", "900 rupees", "70 Kronen", "5 dirhams", "80 rands"]
)
def test_money_of_other_countries_is_asked_about(money: str) -> None:
    """It may be a limit."""
    assert "budget_usd" in understand(f"Run `python a.py` for 2 hours. I can go to {money}.", {}, {}).asks


def test_us_cents_for_an_hour_are_a_price() -> None:
    """And no ceiling."""
    assert "price_per_hour" in understand("Run `python a.py`, 55 US cents per hour or less.", {}, {}).asks


@pytest.mark.parametrize(
    "text",
    [
        "He wrote: take an A100. Run `python a.py` for 2 hours on an A10.",
        "JOB SHEET No. 4090. Run `python a.py` for 2 hours. Card: A10.",
    ],
)
def test_gpus_of_different_sentences_are_asked_about(text: str) -> None:
    """One of them may not be wished for."""
    read = understand(text, {}, {})
    assert "accelerators" in read.asks
    assert "accelerators" not in read.fields


def test_gpus_of_one_sentence_are_a_choice() -> None:
    """Named again somewhere else or not."""
    text = "Run `python a.py` on an A100 or an H100, at most $5. An A100 or H100 is what it needs."
    assert understand(text, {}, {}).fields["accelerators"] == ("A100", "H100")


def test_a_yes_takes_the_one_script_there_is() -> None:
    """Which the question names."""
    read = understand("blah", {"train.py": "", "data/": ""}, {})
    assert "train.py" in read.asks["run"]
    assert read.proposed["run"] == "python train.py"
    assert "run" not in understand("blah", {"a.py": "", "b.py": ""}, {}).proposed
