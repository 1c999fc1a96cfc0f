from decimal import Decimal

import pytest

from policies.job import Job, JobFile, JobFileError, read_job
from policies.money import Cents
from tests.policies.job_texts import CONTRACT, job_of, problem_of


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
