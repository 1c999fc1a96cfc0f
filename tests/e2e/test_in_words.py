"""A job in words, with no model: what it would cost, and the whole way."""

from pathlib import Path

import pytest

from tests.e2e.swineherd import Done, Swineherd

pytestmark = pytest.mark.timeout(90)

SENTENCE = (
    "Fine-tune Llama-3 8B with QLoRA on data/, train.py does it, about three hours, at most five dollars, "
    "I want adapters/ back"
)
TRAIN = """\
from pathlib import Path
Path("adapters").mkdir()
Path("adapters/weights.txt").write_text(Path("data/rows.csv").read_text() + str(Path(".env").exists()))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as people have it, a key in it."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "rows.csv").write_text("oink\n")
    (folder / "train.py").write_text(TRAIN)
    (folder / ".env").write_text("HF_TOKEN=hf_abcdefgh12345678\n")
    return folder


def _in(project: Path, herd: Swineherd, *arguments: str) -> Done:
    return herd.started_in(project, *arguments).done(60)


def test_a_quote_of_a_sentence_buys_nothing(herd: Swineherd, project: Path) -> None:
    """It says what was understood, and what that would cost."""
    done = _in(project, herd, "quote", "--sandbox", SENTENCE, "--json")

    assert done.code == 0, done.text
    job = done.document["job"]
    assert (job["run"], job["hours"], job["budget_usd"]) == ("python train.py", 3, "5.00")
    assert done.document["offers"]
    books = herd.books()
    assert (books["orders"], books["debits"]) == ([], [])


def test_a_sentence_runs_to_its_end(herd: Swineherd, project: Path) -> None:
    """Within what it allows; the outputs are home, and the key never left."""
    done = _in(project, herd, "run", "--sandbox", SENTENCE, "--json")

    assert done.code == 0, done.text
    result = done.document
    assert result["status"] == "succeeded"
    assert 0 < sum(cents for _, _, cents in herd.debits(result)) <= 500
    weights = Path(result["outputs_dir"]) / "adapters" / "weights.txt"
    assert weights.read_text() == "oink\nFalse"
    herd.assert_gone(result)
