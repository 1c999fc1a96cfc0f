import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.job import Job, JobFile, JobFileError, from_json, job_fields, read_job, to_json, without_literals
from policies.money import Cents
from tests.policies.job_texts import CONTRACT, job_of


def test_a_secret_is_nowhere_but_in_its_own_field() -> None:
    """Neither JSON, nor the fields for `quote`, nor a traceback's repr shows it."""
    job = job_of("secrets: {KEY: topsecret, OTHER: null}")
    assert job.secrets == (("KEY", "topsecret"), ("OTHER", None))
    for text in (to_json(job), str(job_fields(job)), repr(job), repr(JobFile(job, ())), str(job)):
        assert "topsecret" not in text
        assert "KEY" in text


def test_json_has_the_job_files_own_shape() -> None:
    """Names as in the file, money as decimal text, hours as a number, secrets as names."""
    fields = job_fields(read_job(CONTRACT, "j").job)
    assert fields["budget_usd"] == "5.00"
    assert fields["hours"] == 2
    assert fields["secrets"] == {"WANDB_API_KEY": None}
    assert fields["resources"] == {"accelerators": ["RTX4090"], "vram_gb": 24, "min_compute_capability": "8.0"}


def test_equal_jobs_have_equal_json() -> None:
    """However their files are written: order, quotes and zeros do not matter to what an approval is bound to."""
    one = job_of('envs: {A: "1", B: 2}\nhours: 2.50')
    other = job_of("hours: 2.5\nenvs:\n  B: 2\n  A: 1")
    assert to_json(one) == to_json(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "1",
        "{",
        '{"run": "x", "zzz": 1}',
        '{"run": "x", "run": "y"}',
        "{}",
        '{"run": "x", "hours": NaN}',
        '{"run": "x", "budget_usd": 5}',
        "[" * 100_000,
    ],
)
def test_json_is_read_as_strictly_as_a_file(text: str) -> None:
    """A stored job that was tampered with is refused, not guessed at."""
    with pytest.raises(JobFileError):
        from_json(text)


CLEAN = st.characters(codec="utf-8", exclude_characters="\0")
PLAIN = st.characters(codec="utf-8", exclude_characters=[chr(code) for code in (*range(32), *range(127, 160))])
VARIABLE = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
LITERAL = st.text(st.sampled_from("€¥£"), min_size=3)


def pairs(
    keys: st.SearchStrategy[str], values: st.SearchStrategy[str | None], **size: int
) -> st.SearchStrategy[tuple[tuple[str, str | None], ...]]:
    return st.dictionaries(keys, values, max_size=size.get("most", 4)).map(lambda found: tuple(sorted(found.items())))


JOBS = st.builds(
    Job,
    run=st.text(CLEAN, min_size=1).filter(str.strip),
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True),
    description=st.text(CLEAN),
    workdir=st.none() | st.text(PLAIN, min_size=1),
    file_mounts=st.dictionaries(st.text(PLAIN).map("/{}".format), st.just("./d"), max_size=3).map(
        lambda found: tuple(sorted(found.items()))
    ),
    envs=pairs(VARIABLE.map("E{}".format), st.none() | st.text(PLAIN, max_size=9)),
    secrets=pairs(VARIABLE.map("S{}".format), st.none() | LITERAL),
    setup=st.text(CLEAN),
    accelerators=st.lists(st.sampled_from(["A100", "H100", "RTX 4090"]), unique=True).map(tuple),
    vram_gb=st.none() | st.integers(1, 9999),
    min_compute_capability=st.none() | st.tuples(st.integers(1, 99), st.integers(0, 9)),
    hours=st.none() | st.decimals("0.0001", "9999", places=4),
    budget=st.none() | st.integers(0, 10_000_000).map(Cents),
    outputs=st.lists(st.sampled_from(["a/", "*.json", "é b"])).map(tuple),
    resume=st.text(CLEAN),
)


@given(JOBS)
def test_a_job_survives_json_but_for_its_secrets(job: Job) -> None:
    """Every field comes back, secrets as names only; writing again gives the same text."""
    text = to_json(job)
    assert from_json(text) == without_literals(job)
    assert to_json(from_json(text)) == text
    assert to_json(without_literals(job)) == text


@given(pairs(VARIABLE, LITERAL, most=3))
def test_json_never_has_a_secrets_literal(secrets: tuple[tuple[str, str | None], ...]) -> None:
    """Not raw, and not in JSON's own escapes either."""
    text = to_json(Job(run="x", secrets=secrets))
    assert all(mark not in text for mark in "€¥£")
    assert "\\u" not in text
