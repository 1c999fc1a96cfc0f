from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.job import Job, JobFile, JobFileError, from_json, job_fields, read_job, to_json, without_literals
from policies.money import Cents

CONTRACT = """\
name: finetune-7b
description: QLoRA fine-tune of a 7B model
workdir: .
file_mounts: {/root/data: ./data}
envs: {EPOCHS: "1", HF_TOKEN: null}
secrets: {WANDB_API_KEY: null}
setup: pip install -r requirements.txt
run: python train.py
resources:
  accelerators: RTX4090:1
  vram_gb: 24
  min_compute_capability: "8.0"
hours: 2
budget_usd: "5.00"
outputs: [adapters/, metrics.json]
resume: bash resume.sh
"""


def job_of(text: str) -> Job:
    return read_job(f"run: x\n{text}", "job.yaml").job


def problem_of(text: str, ignore: frozenset[str] = frozenset()) -> str:
    """The one problem of a file that is right but for `text`, which starts at line 2."""
    with pytest.raises(JobFileError) as caught:
        read_job(f"run: x\n{text}", "job.yaml", ignore)
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value)


def test_the_documented_file_is_read_field_by_field() -> None:
    """The example of the documentation, every field of it."""
    assert read_job(CONTRACT, "job.yaml") == JobFile(
        Job(
            name="finetune-7b",
            description="QLoRA fine-tune of a 7B model",
            workdir=".",
            file_mounts=(("/root/data", "./data"),),
            envs=(("EPOCHS", "1"), ("HF_TOKEN", None)),
            secrets=(("WANDB_API_KEY", None),),
            setup="pip install -r requirements.txt",
            run="python train.py",
            accelerators=("RTX4090",),
            vram_gb=24,
            min_compute_capability=(8, 0),
            hours=Decimal(2),
            budget=Cents(500),
            outputs=("adapters/", "metrics.json"),
            resume="bash resume.sh",
        ),
        (),
    )


def test_only_run_is_required() -> None:
    """Everything else has a default, and null is as good as absent."""
    nulls = "name:\nworkdir: null\nenvs: ~\nresources:\nhours:\nbudget_usd:\noutputs:\n"
    assert job_of("") == job_of(nulls) == Job(run="x")


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "nothing"), ("name: a", "nothing"), ("run: ' '", "nothing"), ("description: a", "a description only")],
)
def test_a_file_without_a_command_is_refused(text: str, found: str) -> None:
    """A description alone is not enough, and the message says so."""
    with pytest.raises(JobFileError, match=f"run: expected the command to run, found {found}"):
        read_job(text, "job.yaml")


def test_every_problem_is_told_at_once_with_its_place() -> None:
    """File, line, field, expectation, find and remedy of each, in the order of the file."""
    text = 'nam: a\nrun: x\nhours: 0\nbudget_usd: 5\nresources:\n  vram_gb: lots\noutputs: ["/etc"]\n'
    with pytest.raises(JobFileError) as caught:
        read_job(text, "my.yaml")
    assert str(caught.value).splitlines() == [
        "my.yaml:1: nam: expected a known field, found 'nam'. Did you mean 'name'?",
        "my.yaml:3: hours: expected hours above 0 such as 2 or 0.5, found '0'. Write a plain number of hours.",
        "my.yaml:4: budget_usd: expected decimal dollars in quotes, found '5'. Put it in quotes: budget_usd: \"5.00\".",
        "my.yaml:6: resources.vram_gb: expected whole GB such as 24 or 24+, found 'lots'. Write e.g. vram_gb: 24.",
        (
            "my.yaml:7: outputs[0]: expected a glob below the workdir, found '/etc'. "
            "Write it relative to the workdir, without `..`."
        ),
    ]
    assert [problem.field for problem in caught.value.problems][:2] == ["nam", "hours"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("A100", ("A100",)),
        ("RTX4090:1", ("RTX4090",)),
        ("[A100, H100:1]", ("A100", "H100")),
        ("{A100: 1, H100: 1}", ("A100", "H100")),
        ("{L4:1, A100:1}", ("L4", "A100")),
        ("{A100: null}", ("A100",)),
        ("NVIDIA GeForce RTX 4090", ("NVIDIA GeForce RTX 4090",)),
        ("[H100, A100, H100]", ("H100", "A100")),
        ("[]", ()),
    ],
)
def test_accelerators_come_in_every_form_skypilot_has(written: str, names: tuple[str, ...]) -> None:
    """One, a list, a mapping or a set; in order, each once."""
    assert job_of(f"resources: {{accelerators: {written}}}").accelerators == names


@pytest.mark.parametrize("written", ["A100:2", "[L4, A100:8]", "{A100: 2}", "A100:0", "A100:0.5", "A100:1.0"])
def test_more_or_less_than_one_gpu_is_refused(written: str) -> None:
    """An order has one GPU; the message names the count."""
    message = problem_of(f"resources: {{accelerators: {written}}}")
    assert "job.yaml:2: resources.accelerators" in message
    assert "An order has one GPU" in message


def test_a_count_can_be_ignored_on_purpose() -> None:
    """`--ignore accelerators` runs on one of them, and says so."""
    found = read_job("run: x\nresources: {accelerators: 'A100:8'}", "j", frozenset({"accelerators"}))
    assert found.job.accelerators == ("A100",)
    assert found.warnings == ("j:2: resources.accelerators is ignored, as asked",)


@pytest.mark.parametrize("written", ["tpu-v3-8", "[A100, TPU-v4:1]", "{tpu-v2-8: 1}"])
def test_tpus_are_refused(written: str) -> None:
    """There is none to rent."""
    assert "TPUs are not rented here" in problem_of(f"resources: {{accelerators: {written}}}")


@pytest.mark.parametrize("written", ["'*'", "7", "[[A100]]", "{A100: [1]}", "yes", "'A100:x'", "'-A100'"])
def test_what_is_no_gpu_name_is_refused(written: str) -> None:
    """Patterns, numbers and nested values are no names."""
    assert "resources.accelerators: expected" in problem_of(f"resources: {{accelerators: {written}}}")


@pytest.mark.parametrize(("written", "gb"), [("24", 24), ('"24+"', 24), ("24+", 24), ("1", 1), ("9999", 9999)])
def test_vram_is_whole_gigabytes(written: str, gb: int) -> None:
    """With or without the plus sign, quoted or not."""
    assert job_of(f"resources: {{vram_gb: {written}}}").vram_gb == gb


@pytest.mark.parametrize("written", ["0", "-1", "24.5", "024", "0x10", "1_0", "10000", "24GB", "yes", "[24]"])
def test_other_vram_is_refused(written: str) -> None:
    """YAML's odd numbers (octal, hexadecimal, underscores) are not read as something else."""
    assert "resources.vram_gb" in problem_of(f"resources: {{vram_gb: {written}}}")


@pytest.mark.parametrize(
    ("written", "pair"), [('"8.0"', (8, 0)), ("8.6", (8, 6)), ("12.0", (12, 0)), ("10.0", (10, 0))]
)
def test_a_compute_capability_is_a_pair(written: str, pair: tuple[int, int]) -> None:
    """10.0 is (10, 0): never read as a number, which would make it less than 8.6 or lose its zero."""
    assert job_of(f"resources: {{min_compute_capability: {written}}}").min_compute_capability == pair


@pytest.mark.parametrize("written", ["8", "sm_80", "8.10", "0.5", "100.0"])
def test_other_capabilities_are_refused(written: str) -> None:
    """Exactly major.minor."""
    assert "min_compute_capability" in problem_of(f"resources: {{min_compute_capability: {written}}}")


@pytest.mark.parametrize(
    ("written", "hours"), [("2", "2"), ("0.5", "0.5"), ('"2"', "2"), ("0.0001", "0.0001"), ("9999", "9999")]
)
def test_hours_are_exact(written: str, hours: str) -> None:
    """Read from the text as it stands, so 0.1 is a tenth."""
    assert job_of(f"hours: {written}").hours == Decimal(hours)


@pytest.mark.parametrize("written", ["0", "0.0", "-1", "1e3", ".inf", ".nan", "1:30", "010", "10000", "2h", "true"])
def test_other_hours_are_refused(written: str) -> None:
    """Nothing, negative, endless, or in one of YAML's odd notations."""
    assert "job.yaml:2: hours" in problem_of(f"hours: {written}")


@pytest.mark.parametrize(("written", "quoted"), [("5", "5.00"), ("5.00", "5.00"), ("4.5", "4.5")])
def test_a_budget_without_quotes_is_told_how_to_quote_it(written: str, quoted: str) -> None:
    """A YAML number is no money."""
    assert f'Put it in quotes: budget_usd: "{quoted}"' in problem_of(f"budget_usd: {written}")


@pytest.mark.parametrize("written", ['"-1"', '"1e2"', '"5.001"', '"100000.01"', '"$5"', "yes", "[1]"])
def test_other_budgets_are_refused(written: str) -> None:
    """Only plain decimal dollars."""
    assert "budget_usd" in problem_of(f"budget_usd: {written}")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", "1"),
        ("010", "010"),
        ("1e-4", "1e-4"),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ('""', ""),
        ("~", None),
    ],
)
def test_variables_are_the_text_as_written(written: str, value: str | None) -> None:
    """No YAML number, truth or date changes what the job sees; null is taken from the environment."""
    assert job_of(f"envs: {{A: {written}}}").envs == (("A", value),)


@pytest.mark.parametrize("section", ["envs", "secrets"])
@pytest.mark.parametrize(
    "written",
    [
        "{1A: topsecret}",
        "{A-B: topsecret}",
        "{A=topsecret: }",
        "[topsecret]",
        "topsecret",
        "{A: [topsecret]}",
        "{A: {b: topsecret}}",
        '{A: "topsecret\\0"}',
    ],
)
def test_a_wrong_variable_is_told_without_its_value(section: str, written: str) -> None:
    """People put keys here: the message has the line and the kind, never the text."""
    message = problem_of(f"{section}: {written}")
    assert f"job.yaml:2: {section}" in message
    assert "topsecret" not in message


def test_a_broken_file_is_told_without_its_text() -> None:
    """A YAML parser quotes the line it stumbles over; that line may be a secret."""
    assert "topsecret" not in problem_of('secrets: {A: "topsecret')
    assert "topsecret" not in problem_of("secrets:\n  A: topsecret\n B: x")


def test_a_variable_is_either_plain_or_secret() -> None:
    """A name in both sections would leak what the other hides."""
    assert "secrets.A" in problem_of("envs: {A: 1}\nsecrets: {A: 2}")


def test_mounts_go_from_a_pods_path_to_a_local_one() -> None:
    """Absolute or below the pod's home; a human's own ~/.ssh is the human's choice. In order of the pod's path."""
    mounts = job_of("file_mounts: {~/b: ~/.ssh/config, /a: ../data}").file_mounts
    assert mounts == (("/a", "../data"), ("~/b", "~/.ssh/config"))


@pytest.mark.parametrize(
    "written",
    [
        "{data: ./data}",
        "{'': ./data}",
        "{'~root/x': ./d}",
        "{/a: 1}",
        "{/a: ''}",
        "[/a]",
        '{/a: "./d\\n"}',
        '{"/a\\e[2J": ./d}',
    ],
)
def test_other_mounts_are_refused(written: str) -> None:
    """A relative pod path, no path, or a control character."""
    message = problem_of(f"file_mounts: {written}")
    assert "file_mounts" in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    "value", ["s3://b/x", "gs://b", "r2://b", "cos://b", "https://user:topsecret@host/x", "S3://b", "{source: s3://b}"]
)
def test_buckets_and_addresses_are_refused_unless_ignored(value: str) -> None:
    """They would change what runs; an address may hold a password, so only its scheme is told."""
    message = problem_of(f"file_mounts: {{/d.x: {value}, /c: ./c}}")
    assert "job.yaml:2: file_mounts./d.x" in message
    assert "--ignore /d.x" in message
    assert "topsecret" not in message
    ignored = read_job(f"run: x\nfile_mounts: {{/d.x: {value}, /c: ./c}}", "j", frozenset({"/d.x"}))
    assert ignored.job.file_mounts == (("/c", "./c"),)
    assert len(ignored.warnings) == 1


@pytest.mark.parametrize("glob", ["adapters/", "*.json", "a/**/b", "..a", "a..b/c", "."])
def test_outputs_are_globs_below_the_workdir(glob: str) -> None:
    """Two dots inside a name are a name."""
    assert job_of(f"outputs: ['{glob}']").outputs == (glob,)


@pytest.mark.parametrize("glob", ["/etc/passwd", "..", "../x", "a/../b", "a/..", "~/x", "", "a\\nb", "a\\0b", "a\\x7f"])
def test_outputs_elsewhere_are_refused(glob: str) -> None:
    """Absolute, upwards, somebody's home, empty, or with control characters."""
    assert "outputs[0]" in problem_of(f'outputs: ["{glob}"]')


def test_outputs_are_a_list() -> None:
    """One glob is a list of one; SkyPilot's older mapping of that name is something else."""
    assert "a list of globs" in problem_of("outputs: metrics.json")
    assert "a list of globs" in problem_of("outputs: {s3: 1}")


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 63])
def test_names_that_fit_a_folder(name: str) -> None:
    """Up to 63 plain characters."""
    assert job_of(f"name: '{name}'").name == name


@pytest.mark.parametrize("name", ["''", "-a", ".a", "a b", "a/b", "x" * 64, "é", "12", "yes"])
def test_other_names_are_refused(name: str) -> None:
    """Nothing a shell or a folder could trip over; a number is told to be quoted."""
    assert "job.yaml:2: name" in problem_of(f"name: {name}")


@pytest.mark.parametrize("field", ["run", "setup", "resume", "description"])
def test_commands_are_text_without_nul(field: str) -> None:
    """A NUL would end the command early, a list is no command."""
    for written in ('"a\\0b"', "[a]", "5", '"\\ud800"'):
        with pytest.raises(JobFileError, match=rf"job.yaml:1: {field}"):
            read_job(f"{field}: {written}" + ("" if field == "run" else "\nrun: x"), "job.yaml")


IDLE = ["cloud", "region", "zone", "infra", "use_spot", "disk_size", "disk_tier", "cpus", "memory", "ports", "labels"]


@pytest.mark.parametrize("field", IDLE)
def test_a_skypilot_field_without_meaning_gives_one_warning(field: str) -> None:
    """It is named, with its line, and the job runs."""
    found = read_job(f"run: x\nresources: {{{field}: 1}}", "job.yaml")
    assert found == JobFile(Job(run="x"), (f"job.yaml:2: resources.{field} means nothing here and is ignored",))


@pytest.mark.parametrize("text", ["num_nodes: 1", "config: {kubernetes: {}}"])
def test_a_top_field_without_meaning_gives_one_warning(text: str) -> None:
    """`num_nodes: 1` is what happens anyway."""
    found = read_job(f"run: x\n{text}", "job.yaml")
    assert found.job == Job(run="x")
    assert [warning.split(" ")[1] for warning in found.warnings] == [text.split(":", maxsplit=1)[0]]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("num_nodes: 4", "num_nodes"),
        ("num_nodes: [1]", "num_nodes"),
        ("service: {port: 80}", "service"),
        ("volumes: {/a: b}", "volumes"),
        ("workdir: {url: https://host/repo}", "workdir"),
        ("resources: {image_id: 'docker:a'}", "image_id"),
        ("resources: {any_of: [{cloud: aws}]}", "any_of"),
        ("resources: {ordered: [{cloud: aws}]}", "ordered"),
        ("resources: {instance_type: p3.8xlarge}", "instance_type"),
        ("resources: {max_hourly_cost: 2}", "max_hourly_cost"),
        ("resources: {accelerator_args: {tpu_vm: true}}", "accelerator_args"),
    ],
)
def test_what_would_change_the_run_is_refused_unless_ignored(text: str, field: str) -> None:
    """An error that names the field and the way around it; with --ignore, a warning."""
    message = problem_of(text)
    assert f"{field}: expected nothing that changes what runs" in message
    assert f"--ignore {field}" in message
    found = read_job(f"run: x\n{text}", "job.yaml", frozenset({field}))
    assert found.job == Job(run="x")
    assert len(found.warnings) == 1
    assert field in found.warnings[0]


def test_ignoring_takes_the_dotted_name_too_and_nothing_else() -> None:
    """`--ignore resources.image_id` is exact; ignoring another field helps nothing."""
    text = "run: x\nresources: {image_id: a}"
    assert len(read_job(text, "j", frozenset({"resources.image_id"})).warnings) == 1
    assert "image_id" in problem_of("resources: {image_id: a}", frozenset({"service"}))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("setpu: a", "Did you mean 'setup'?"),
        ("budget: a", "Did you mean 'budget_usd'?"),
        ("resources: {accelerator: A100}", "Did you mean 'accelerators'?"),
        ("resources: {vram: 24}", "Did you mean 'vram_gb'?"),
        ("zzz: 1", "Remove it, or use one of: budget_usd, description"),
    ],
)
def test_unknown_fields_are_refused_even_when_ignored(text: str, remedy: str) -> None:
    """A typing mistake must never drop a limit silently."""
    every = frozenset({"setpu", "budget", "accelerator", "vram", "zzz"})
    assert remedy in problem_of(text)
    assert remedy in problem_of(text, every)


def test_a_name_with_invisible_characters_is_shown_without_them() -> None:
    """A file from elsewhere can't paint the terminal."""
    message = problem_of('"a\\e[31m\\u202eb": 1')
    assert "\x1b" not in message
    assert "\u202e" not in message


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


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("file", ["hello/job.yaml", "finetune-7b.yaml", "skypilot-style.yaml"])
def test_the_examples_are_jobs(file: str) -> None:
    """What we show people works, and only the SkyPilot task warns."""
    found = read_job((EXAMPLES / file).read_text(encoding="utf-8"), file)
    assert found.job.run
    assert bool(found.warnings) == (file == "skypilot-style.yaml")
