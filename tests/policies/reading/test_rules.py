"""A description as a whole: commands, scripts, paths, and what comes of a file with gaps."""

from collections.abc import Mapping

import pytest

from policies.reading.rules import understand
from policies.reading.understood import Source

FOLDER = {"train.py": "", "prep.py": "", "requirements.txt": "torch", "data/": "", "data/a.csv": ""}


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("Run `python train.py --lr 1e-4`, about 2h", "python train.py --lr 1e-4"),
        ("command: python train.py --epochs 3, about two hours", "python train.py --epochs 3"),
        ("please do\n```\nsource_is_here=1 python train.py\n```\n", "source_is_here=1 python train.py"),
        ("```bash\npip install x\npython train.py\n```", "python train.py"),
        ("python train.py --epochs 3 --out adapters/ takes an hour", "python train.py --epochs 3 --out adapters/"),
        ("train.py does it", "python train.py"),
        ("first `python prep.py`, then `python train.py`", "python prep.py\npython train.py"),
        ("train it for an hour", "python train.py"),
        ("train.py uses prep.py", "python train.py"),
        ("prep.py is old, run train.py", "python train.py"),
        ("prep.py, not train.py", "python prep.py"),
        ("don't touch train.py, prep.py does it", "python prep.py"),
        ("start it with `render train.py`", "render train.py"),
        ("please run `sleep 3; echo done`", "sleep 3; echo done"),
        ("starte `rechner los`", "rechner los"),
        ('{\n  "run": "python train.py --sides both"\n}', "python train.py --sides both"),
    ],
)
def test_the_command_is_what_stands_there(text: str, run: str) -> None:
    """As written, or a script that is there, without arguments that nobody wrote."""
    understood = understand(text, FOLDER, {})
    assert (understood.fields.get("run"), dict(understood.asks)) == (run, {})


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("finetune.py does it", FOLDER),
        ("run `python a.py` or `python b.py`", FOLDER),
        ("train a model", {}),
        ("do it", {"one.py": "", "two.py": ""}),
        ("train.py or the other_one.py", FOLDER),
        ("train.py isn't ready", FOLDER),
        ("train.py --fast", FOLDER),
        ("`python train.py` twice", FOLDER),
        ("if data/ is empty run `python prep.py`", FOLDER),
        ("two hours, $5", {"train.py": ""}),
        ("we run `mytool` here", {}),
        ("don't run `sleep 3; echo done`", {}),
        ("`sleep 3; echo done` is what the fox says", {}),
    ],
)
def test_a_command_that_can_t_be_known_is_asked_for(text: str, files: Mapping[str, str]) -> None:
    """It would cost money to guess."""
    understood = understand(text, files, {})
    assert "run" in understood.asks
    assert "run" not in understood.fields


def test_what_installs_is_the_setup() -> None:
    """Said, or by the requirements that lie there."""
    said = understand("`pip install trl`, then `python train.py`", FOLDER, {})
    usual = understand("train.py", FOLDER, {})
    assert (said.fields["setup"], said.sources["setup"]) == ("pip install trl", Source.SAID)
    assert (usual.fields["setup"], usual.sources["setup"]) == ("pip install -r requirements.txt", Source.READ)


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("I want adapters/ back", ("adapters/",)),
        ("keep metrics.json and checkpoints/", ("metrics.json", "checkpoints/")),
        ("Outputs: adapters/, metrics.json", ("adapters/", "metrics.json")),
        ("## Results\n- preds.jsonl\n- plots/*.png\n", ("preds.jsonl", "plots/*.png")),
        ("ich möchte adapter/ zurück", ("adapter/",)),
        ("the index is catalogue.faiss", ("catalogue.faiss",)),
        ("I want the results of data/", None),
        ("the config is in conf.yaml", None),
    ],
)
def test_what_is_wanted_back(text: str, outputs: object) -> None:
    """Paths that a text wants; what lies there already, and code, is no result."""
    assert understand(text, FOLDER, {}).fields.get("outputs") == outputs


def test_a_job_file_counts_before_its_description() -> None:
    """But of two budgets the lower one does."""
    given = {"run": "python x.py", "hours": 1, "budget_usd": "9.00"}
    understood = understand("about three hours, at most $4, train.py", FOLDER, given)
    assert understood.fields["run"] == "python x.py"
    assert understood.fields["hours"] == 1
    assert (understood.fields["budget_usd"], understood.sources["budget_usd"]) == ("4.00", Source.SAID)
    higher = understand("at most $20", FOLDER, given)
    assert (higher.fields["budget_usd"], higher.sources["budget_usd"]) == ("9.00", Source.FILE)


def test_what_was_of_no_use_is_named() -> None:
    """A figure that nothing was taken from may have been meant."""
    understood = understand("train.py for 2 hours, with 64 GB RAM", FOLDER, {})
    assert understood.unused == ("with 64 GB RAM",)


def test_hidden_files_are_not_seen() -> None:
    """A script that is hidden is nobody's job."""
    understood = understand("train", {".train.py": "", "main.py": ""}, {})
    assert understood.fields["run"] == "python main.py"
