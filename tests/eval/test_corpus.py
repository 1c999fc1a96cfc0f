import re
from collections import Counter
from pathlib import Path

import pytest

from tests.eval.corpus import DESCRIPTIONS, KINDS, LANGUAGES, SAMPLE, Description, load, sample

CORPUS = load()
_SCRIPT = re.compile(r"(?:[\w-]+/)*[\w-]+\.(?:py|sh|txt)\b")
ONE = """\
- id: plain-en-one
  kind: plain
  language: en
  text: train.py, two hours, a dollar
  workdir: {train.py: "import torch"}
  expected: {run: python train.py, hours: 2, budget_usd: "1.00"}
"""


def _count(**wanted: object) -> int:
    return sum(all(getattr(one, name) == value for name, value in wanted.items()) for one in CORPUS)


def _of(corpus: tuple[Description, ...]) -> Counter[str]:
    return Counter(one.kind for one in corpus) + Counter(one.language for one in corpus)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_thirty_in_four_languages_and_what_is_held_out_fifteen_to_a_third(kind: str) -> None:
    """So that a figure of each says something, and a reader fitted to what it may see is found out.

    Between two rounds nothing is held out.
    """
    assert _count(kind=kind) >= 30
    apart = [one for one in CORPUS if one.kind == kind and one.held_out]
    assert not apart or 15 <= len(apart) <= _count(kind=kind) / 3
    assert not apart or {one.language for one in apart} == set(LANGUAGES)
    assert all(_count(kind=kind, language=language, held_out=False) for language in LANGUAGES)


def test_the_sample_is_of_each_kind_and_language() -> None:
    """Ten that anybody may look at: a run in CI shows what it measured."""
    ten = sample(CORPUS, 10)
    assert [one.id for one in ten] == list(SAMPLE)
    assert _of(ten).keys() == {*KINDS, *LANGUAGES}
    assert not any(one.held_out for one in ten)
    assert sample(CORPUS, 2) == ten[:2]


def test_what_is_expected_is_there_to_be_found() -> None:
    """Commands are in the text or the file, or run a script of the workdir; outputs are in the text or the file."""
    assert [one.id for one in CORPUS if not _is_there(one)] == []


def _is_there(one: Description) -> bool:
    expected, given, text = one.expected, one.given, " ".join(one.text.replace("\\\n", " ").split())
    run = expected.run is None or expected.run == given.run or expected.run in text or expected.run in _by_name(one)
    setup = expected.setup is None or expected.setup in text or "requirements.txt" in one.workdir
    return run and setup and all(path in text or path in given.outputs for path in expected.outputs)


def test_commands_name_files_that_are_there() -> None:
    """And where there are requirements, something is installed."""
    for one in CORPUS:
        scripts = _SCRIPT.findall(f"{one.expected.run} {one.expected.setup}")
        assert set(scripts) <= one.workdir.keys(), one.id
        assert one.expected.setup or "requirements.txt" not in one.workdir, one.id


def _by_name(one: Description) -> set[str]:
    """The commands that run a script of the workdir without arguments."""
    shells = {"py": "python", "sh": "bash"}
    return {f"{shells[name[-2:]]} {name}" for name in one.workdir if name[-2:] in shells}


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (("id: plain-en-one", "id: chatty-en-one"), "another kind or language"),
        (("  kind: plain\n", "  kind: plain\n  held_out: true\n"), "held-out descriptions"),
        (("hours: 2,", "hours: 2, minutes: 3,"), "minutes"),
        (('"1.00"', '"1"'), "budget_usd"),
        (("hours: 2,", "hours: 2, accelerators: [RTX9999],"), "RTX9999"),
        (("  expected:", "  asks: [hours]\n  expected:"), "expects and asks about hours"),
        (("  expected:", "  asks: [colour]\n  expected:"), "asked about colour"),
        (("  expected:", "  given: {vram_gb: 24}\n  expected:"), "drops vram_gb"),
        (("  language: en\n", "  language: en\n  language: en\n"), "a second time"),
    ],
)
def test_a_corpus_that_is_wrong_in_itself_is_refused(tmp_path: Path, break_it: tuple[str, str], told: str) -> None:
    """An error in what is expected is worse than a description less."""
    (tmp_path / "plain.yaml").write_text(ONE, encoding="utf-8")
    assert len(load(tmp_path)) == 1
    (tmp_path / "plain.yaml").write_text(ONE.replace(*break_it), encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        load(tmp_path)


def test_an_id_is_there_once(tmp_path: Path) -> None:
    """Results name descriptions by it, over all files."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(ONE, encoding="utf-8")
    with pytest.raises(ValueError, match="one id"):
        load(tmp_path)


def test_the_lower_of_two_budgets_may_differ_from_the_file(tmp_path: Path) -> None:
    """The one field of a job file that a text may change."""
    text = ONE.replace("  expected:", '  given: {budget_usd: "9.00"}\n  expected:')
    (tmp_path / "plain.yaml").write_text(text, encoding="utf-8")
    (one,) = load(tmp_path)
    assert (one.given.said(), one.reading.fields["budget_usd"]) == ({"budget_usd": "9.00"}, "1.00")


def test_files_stay_readable() -> None:
    """A human checks them."""
    assert all(len(file.read_text(encoding="utf-8").splitlines()) < 300 for file in DESCRIPTIONS.iterdir())
