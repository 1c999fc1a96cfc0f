from collections.abc import Mapping
from decimal import Decimal

import pytest

from agent.mind.port import ModelUnavailable
from agent.mind.prompts import JobForm
from agent.mind.scripted import ScriptedMind
from policies.reading.understood import Understood
from tests.eval.__main__ import arguments, by_model, by_rule, chosen, evaluated, report
from tests.eval.corpus import Description, load, part, sample
from tests.eval.score import Reading
from tests.eval.table import HEAD, Scored, markdown, mistakes, plain, rows, silent

CORPUS = load()
BY_ID = {one.id: one for one in CORPUS}
OPEN = BY_ID["plain-en-llama-adapters"]
HELD_OUT = BY_ID["plain-de-opened4-hoerbuch"].model_copy(update={"held_out": True})


def _scored(one: Description, *asks: str, **changed: object) -> Scored:
    return Scored(one, Reading({**one.reading.fields, **changed}, one.reading.asks | {*asks}))


def _table(*scored: Scored) -> dict[str, tuple[str, ...]]:
    return {name: tuple(cells) for name, *cells in rows(scored)}


async def test_every_description_goes_to_the_reader_with_what_lies_beside_it() -> None:
    """And what comes back is scored: a perfect reader is right everywhere, and nothing is silent."""
    seen: list[tuple[str, object, object]] = []

    async def read(text: str, files: Mapping[str, str], given: Mapping[str, object]) -> Reading:
        seen.append((text, files, given))
        return BY_ID[CORPUS[len(seen) - 1].id].reading

    scored = await evaluated(CORPUS, read)
    assert seen == [(one.text, one.workdir, one.given.said()) for one in CORPUS]
    assert {row[2] for row in rows(scored)} == {"100.0 %"}
    assert silent(scored) == mistakes(scored) == ()


async def test_a_reading_by_rule_is_what_is_scored() -> None:
    """Fields, and a question for each field that is asked about."""
    answer = Understood({"hours": 3}, {}, {"run": "Which command?"})

    def by_itself(text: str, files: Mapping[str, str], given: Mapping[str, object]) -> Understood:
        assert (text, files, given) == (OPEN.text, OPEN.workdir, {})
        return answer

    (scored,) = await evaluated([OPEN], by_rule(by_itself))
    assert scored.got == Reading({"hours": 3}, frozenset({"run"}))


async def test_a_model_reads_beside_the_rules() -> None:
    """And one that is no help changes nothing."""
    mind = ScriptedMind(JobForm(title="adapters"), ModelUnavailable("away"))
    (scored,) = await evaluated([OPEN], by_model(mind))
    (alone,) = await evaluated([OPEN], by_model(mind))
    assert scored.got.fields["name"] == "adapters"
    assert alone.got.fields == {name: value for name, value in scored.got.fields.items() if name != "name"}
    assert mind.left == 0


def test_a_row_says_how_much_is_right_and_of_what() -> None:
    """Nulls that stay null are easily right: what is told is counted apart."""
    table = _table(_scored(OPEN, budget_usd=None), _scored(HELD_OUT, "vram_gb", hours=Decimal(5)))
    assert table["hours"] == ("2", "50.0 %", "50.0 %", "0.0 %", "1")
    assert table["vram_gb"] == ("2", "50.0 %", "–", "50.0 %", "0")
    assert table["workload"] == ("2", "100.0 %", "100.0 %", "0.0 %", "0")
    assert table["plain"] == table["all"] == ("18", "83.3 %", "84.6 %", "5.6 %", "2")
    assert (table["en"][4], table["de"][4]) == ("1", "1")
    assert table.keys().isdisjoint({"price_per_hour", "chatty", "fr"})


def test_a_question_that_is_no_field_has_a_row_of_its_own() -> None:
    """Or a reader that asks about the weather would look like one that does not."""
    assert _table(_scored(OPEN, "weather"))["weather"] == ("1", "0.0 %", "–", "100.0 %", "0")


def test_both_forms_of_a_table_have_the_same_cells() -> None:
    """One for the terminal, in columns; one for the README."""
    found = rows([_scored(OPEN)])
    assert len({len(line) for line in plain(found).splitlines()}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown(found).splitlines()]
    assert cells[0] == list(HEAD)
    assert set(cells[1]) == {"---", "---:"}
    assert [tuple(line) for line in cells[2:]] == list(found)


def test_the_report_tells_silent_errors_by_name_and_nothing_else_of_what_is_held_out() -> None:
    """What a reader makes of a held-out description is not for who writes the reader."""
    scored = [_scored(OPEN, hours=Decimal(30), outputs=()), _scored(HELD_OUT, hours=Decimal("0.25"), setup=None)]
    text = report(scored, in_markdown=False, with_mistakes=True)
    assert "Open: 1 descriptions" in text
    assert "Held out: 1 descriptions" in text
    assert "plain-en-llama-adapters: hours\nplain-de-opened4-hoerbuch: hours\n" in text
    assert "plain-en-llama-adapters: hours: silent money error: Decimal('3'), not Decimal('30')" in text
    assert "plain-en-llama-adapters: outputs: wrong: ('adapters/',), not ()" in text
    assert "0.25" not in text
    assert "handschrift: setup" not in text


def test_a_clean_report_says_so() -> None:
    """And leaves out what it was not asked for, and the table of what was not read."""
    text = report([_scored(OPEN)], in_markdown=True, with_mistakes=False)
    assert text.endswith("Silent money errors:\nnone\n")
    assert "| all | 9 | 100.0 % |" in text
    assert "Held out" not in text


def test_a_question_in_place_of_a_value_is_told_as_one() -> None:
    """What was wanted first, then what came."""
    (line,) = mistakes([_scored(OPEN, "hours")])
    assert line == "plain-en-llama-adapters: hours: asked back: Decimal('3'), not a question"


def test_what_is_held_out_can_be_measured_alone() -> None:
    """Its table is all there is then; without a word everything is read."""
    alone = chosen((*CORPUS, HELD_OUT), arguments(["--held-out-only"]))
    assert alone == (*part(CORPUS, held_out=True), HELD_OUT)
    text = report([_scored(one) for one in alone], in_markdown=False, with_mistakes=False)
    assert text.startswith(f"Held out: {len(alone)} descriptions")
    assert "Open" not in text
    assert chosen(CORPUS, arguments([])) == CORPUS
    assert chosen(CORPUS, arguments(["--sample", "3"])) == sample(CORPUS, 3)


def test_a_sample_of_what_is_held_out_is_refused() -> None:
    """The sample is open: the two exclude each other."""
    with pytest.raises(SystemExit):
        arguments(["--held-out-only", "--sample", "3"])
