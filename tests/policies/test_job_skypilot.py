import pytest

from policies.job import Job, JobFile, read_job
from tests.policies.job_texts import problem_of

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
        ("resource: {vram_gb: 24}", "Did you mean 'resources'?"),
        ("num_node: 4", "Did you mean 'num_nodes'?"),
        ("resources: {num_node: 4}", "Remove it, or use one of: accelerators, min_compute_capability, vram_gb."),
        ("zzz: 1", "Remove it, or use one of: budget_usd, description"),
    ],
)
def test_unknown_fields_are_refused_even_when_ignored(text: str, remedy: str) -> None:
    """A typing mistake must never drop a limit silently."""
    every = frozenset({"setpu", "resource", "num_node", "budget", "accelerator", "vram", "zzz"})
    assert remedy in problem_of(text)
    assert remedy in problem_of(text, every)


def test_a_name_with_invisible_characters_is_shown_without_them() -> None:
    """A file from elsewhere can't paint the terminal."""
    message = problem_of('"a\\e[31m\\u202eb": 1')
    assert "\x1b" not in message
    assert "\u202e" not in message
