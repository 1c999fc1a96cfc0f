"""What an earlier run of the same job used of its GPU, and what that is worth to the next."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agent.mind.intake import reader_of, words_of
from agent.quote import quote
from agent.submit import load_job, submit
from agent.used_before import known_of, known_of_run
from policies.policy import Gpu
from policies.vram import Need, NeedSource
from tests.agent.conftest import MakeWorld
from tests.agent.lost_pods import OUT_OF_MEMORY, gpus, lose_first_pod_at
from tests.agent.world import ANY_GPU, AUTO, JOB, World
from tests.fakes.market import listing
from tests.fakes.pods import Script
from tools.errors import StoreBusy
from tools.ports import GpuPeak
from tools.spend_log.peak_rows import GpuUse, PeakEnd
from tools.ssh.snapshot import pack

A4000 = listing("RTX A4000", 16, "0.20", "piglet")
PEAK = GpuPeak(16_486, 24_564, 97)
"""16.1 GB of the 24 that an RTX 4090 or 3090 has."""
NEEDS = "peak of 16.1 GB in train-1 + 15 %"


def need(world: World, text: str = ANY_GPU) -> Need | None:
    """What a job would be thought to need that is submitted now."""
    return known_of_run(world.parts, world.submit(text)).need


async def measured(world: World, text: str = ANY_GPU, peak: GpuPeak | None = PEAK) -> str:
    """The id of a run that ended well, with that peak."""
    world.pods.peak = peak
    return (await world.run(text)).run_id


async def test_the_second_run_is_sized_by_the_first(world: World) -> None:
    """The cheapest GPU is too small by what was measured, and is not rented; the reason is shown with its figures."""
    first = await measured(world)
    world.market.stock[A4000.gpu_id] = A4000
    second = await world.run(ANY_GPU)
    (attempt,) = world.log.attempts(second.run_id)
    assert attempt.offer.vram_gb == 24
    assert f"24 GB ≥ 19 GB ({NEEDS})" in attempt.reason
    (rejected,) = [json.loads(event.body) for event in world.log.events(second.run_id) if event.kind == "rejected"]
    assert rejected == {A4000.gpu_id: f"the job needs 19 GB ({NEEDS}): 16 GB < 19 GB"}
    assert first == "train-1"


async def test_a_quote_knows_as_much(world: World) -> None:
    """Before anything is submitted."""
    await measured(world)
    read = load_job(world.root / "project" / "job.yaml", frozenset())
    quoted = await quote(world.parts, read.job, None, known_of(world.parts, read))
    assert NEEDS in quoted.quotes[0].reason


async def test_what_was_used_is_kept_with_the_pod_and_told(world: World) -> None:
    """By the pod's own watch, and by the order's status; the report says it."""
    run_id = await measured(world)
    (peak,) = world.log.peaks(run_id)
    assert (peak.use, peak.end, peak.had_gb) == (GpuUse(16_486, 97, 18), PeakEnd.FINISHED, 24)
    report = json.loads((world.parts.home.run(run_id).report).read_text())
    assert "RTX 4090: up to 16.1 of 24 GB of GPU memory used, GPU up to 97 % busy." in report["summary"]


@pytest.mark.parametrize(
    "other",
    [
        ANY_GPU.replace("train.py", "other.py"),
        ANY_GPU + 'envs: {BATCH: "64"}\n',
        ANY_GPU + "setup: pip install x\n",
        ANY_GPU.replace("workdir: .", "workdir: .."),
        ANY_GPU.replace("workdir: .", ""),
    ],
    ids=["command", "variable", "setup", "folder", "no folder"],
)
async def test_a_peak_of_another_job_says_nothing(world: World, other: str) -> None:
    """Whatever both are called."""
    await measured(world)
    assert need(world, other) is None
    assert need(world) == Need(19, NeedSource.MEASURED, NEEDS)


async def test_the_same_job_may_have_another_name_and_other_limits(world: World) -> None:
    """None of which changes what it does."""
    await measured(world)
    renamed = ANY_GPU.replace("name: train", "name: night").replace("hours: 2", "hours: 5") + "budget_usd: '9.00'\n"
    assert need(world, renamed) == Need(19, NeedSource.MEASURED, NEEDS)


async def test_a_peak_of_another_machine_says_nothing(world: World) -> None:
    """Where several share the store: the same path may be another project there."""
    await measured(world)
    world.change(home_id="home-b")
    assert need(world) is None


async def test_an_edited_file_keeps_what_is_known_until_the_job_was_run_again(world: World) -> None:
    """Then only what it used as it was last counts: the old peak may have been of a larger batch."""
    await measured(world)
    (world.root / "project" / "note.txt").write_text("smaller batch")
    assert need(world) == Need(19, NeedSource.MEASURED, NEEDS)
    again = await measured(world, peak=GpuPeak(10_240, 24_564, 97))
    assert need(world) == Need(12, NeedSource.MEASURED, f"peak of 10.0 GB in {again} + 15 %")


async def test_of_several_runs_the_highest_peak_counts(world: World) -> None:
    """Data differ."""
    await measured(world)
    await measured(world, peak=GpuPeak(10_240, 24_564, 97))
    assert need(world) == Need(19, NeedSource.MEASURED, NEEDS)


@pytest.mark.parametrize(
    "peak",
    [None, GpuPeak(16_486, 81_920, 97), GpuPeak(16_486, 16_500, 97), GpuPeak(9_000_000, 9_999_999, 97)],
    ids=["nothing seen", "a larger GPU", "a smaller GPU", "no GPU has that"],
)
async def test_what_can_not_be_of_the_gpu_that_was_rented_is_not_kept(world: World, peak: GpuPeak | None) -> None:
    """A pod may say what it likes; the money is what it was."""
    run_id = await measured(world, peak=peak)
    assert [kept.use.memory_mib for kept in world.log.peaks(run_id)] == [None]
    assert need(world) is None
    assert world.charge(run_id).amount == 98
    world.check()


async def test_a_job_that_failed_may_have_been_far_from_its_peak(world: World) -> None:
    """What was seen is shown, and sizes nothing."""
    world.pods.scripts.append(Script(log=b"FileNotFoundError: data\n", code=1))
    run_id = await measured(world)
    assert world.log.peaks(run_id)[0].use.memory_mib == 16_486
    assert need(world) is None


async def test_a_connection_that_fails_as_the_peak_is_read_keeps_nobody_from_the_results(world: World) -> None:
    """Nor does what was seen before that count: it may have risen since."""
    world.pods.failing["gpu_peak"] = 100
    run_id = await measured(world)
    assert world.log.orders(run_id)[0].collected
    assert [(peak.use.memory_mib, peak.end) for peak in world.log.peaks(run_id)] == [(None, PeakEnd.UNKNOWN)]
    assert need(world) is None


@pytest.mark.parametrize("writing", ["keep_peak", "end_peak"])
async def test_a_log_that_is_busy_as_the_peak_is_kept_keeps_nobody_from_the_results(
    world: World, monkeypatch: pytest.MonkeyPatch, writing: str
) -> None:
    """Another process has held it for too long; the pod is not left over that."""

    def busy(*_: object) -> None:
        raise StoreBusy("another process has held it")

    monkeypatch.setattr(type(world.log), writing, busy)
    run_id = await measured(world)
    assert world.parts.run(run_id).status == "succeeded"
    assert world.pods_left == []


async def test_a_pod_that_was_lost_proves_nothing(world: World) -> None:
    """Only the one that took its place."""
    lose_first_pod_at(world, 80)
    run_id = await measured(world)
    ends = [peak.end for peak in world.log.peaks(run_id)]
    assert ends == [PeakEnd.UNKNOWN, PeakEnd.FINISHED]


async def test_a_run_that_ran_out_of_memory_is_a_lower_bound(world: World) -> None:
    """It had 24 GB: the next run of the job begins with more, whether or not anybody saw its peak."""
    world.pods.scripts.append(OUT_OF_MEMORY)
    world.pods.peak = None
    first = await world.run(ANY_GPU)
    assert [peak.end for peak in world.log.peaks(first.run_id)] == [PeakEnd.RAN_OUT, PeakEnd.UNKNOWN]
    second = await world.run(ANY_GPU)
    assert gpus(world, second) == ["NVIDIA A100 80GB"]
    assert "80 GB ≥ 25 GB (train-1 ran out of memory with 24 GB)" in world.log.attempts(second.run_id)[0].reason


async def test_a_job_that_was_edited_is_not_refused_for_ever(world: World) -> None:
    """It ran out of memory on the largest GPU there is; with a smaller batch it may be tried again, unchanged not."""
    world.pods.scripts += [OUT_OF_MEMORY, OUT_OF_MEMORY]
    first = await world.run(ANY_GPU)
    assert gpus(world, first)[-1] == "NVIDIA A100 80GB"
    again = await world.run(ANY_GPU)
    assert again.status == "refused"
    assert f"{first.run_id} ran out of memory with 80 GB" in again.reason
    (world.root / "project" / "note.txt").write_text("smaller batch")
    edited = await world.run(ANY_GPU)
    assert edited.status == "succeeded", edited.reason


async def test_a_runs_own_pods_count_by_its_own_rules(world: World) -> None:
    """In use plus tried plus headroom, as its log says: not as an earlier run's."""
    world.pods.scripts.append(OUT_OF_MEMORY)
    run = await world.run(ANY_GPU)
    assert "80 GB ≥ 31 GB" in world.log.attempts(run.run_id)[1].reason
    assert known_of_run(world.parts, run.run_id, 31).need is None


async def test_what_a_human_states_counts_before_all(world: World) -> None:
    """With a warning where it was too little."""
    world.pods.scripts.append(OUT_OF_MEMORY)
    await world.run(ANY_GPU)
    stated = ANY_GPU + "resources: {vram_gb: 24}\n"
    said = need(world, stated)
    assert said is not None
    assert (said.gb, said.source) == (24, NeedSource.STATED)
    run = await world.run(stated)
    assert gpus(world, run) == ["NVIDIA RTX 4090"]
    assert "warning: 24 GB of VRAM are stated, but train-1 ran out of memory with 24 GB" in "\n".join(world.face.lines)


async def test_the_one_gpu_that_a_human_named_is_the_one(world: World) -> None:
    """Of several named ones those that are too small are left out."""
    world.pods.scripts.append(OUT_OF_MEMORY)
    await world.run(ANY_GPU)
    assert need(world, JOB) is None
    either = need(world, JOB.replace("RTX4090", "[RTX4090, A100]"))
    assert either is not None
    assert either.gb == 25


async def test_the_policys_minimum_holds_whatever_was_measured(make_world: MakeWorld) -> None:
    """A peak never asks for less."""
    world = make_world(replace(AUTO, gpu=Gpu(min_vram_gb=48)))
    await measured(world, peak=GpuPeak(1_024, 81_920, 5))
    second = await world.run(ANY_GPU)
    assert gpus(world, second) == ["NVIDIA A100 80GB"]


async def test_a_peak_beats_an_estimate(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a job in words: 18 GB are thought of at first; then it is known what the job takes. Another model is another
    job, whatever its command.
    """
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("")
    monkeypatch.chdir(folder)

    async def in_words(model: str) -> Need | None:
        words = words_of(f"Fine-tune {model} with QLoRA, `python train.py` does it, two hours, at most nine dollars")
        assert words is not None
        read, _ = await reader_of(world.parts, None).words(words)
        expected = known_of(world.parts, read).need
        run_id = submit(world.parts, pack, read)
        assert known_of_run(world.parts, run_id).need == expected
        world.pods.peak = GpuPeak(10_240, 24_564, 97)
        await world.drive(run_id)
        return expected

    thought, known, other = [await in_words(model) for model in ("Llama-3 8B", "Llama-3 8B", "Qwen2.5 3B")]
    assert thought is not None
    assert known is not None
    assert other is not None
    assert (thought.source, thought.gb) == (NeedSource.ESTIMATED, 18)
    assert (known.source, known.gb) == (NeedSource.MEASURED, 12)
    assert other.source is NeedSource.ESTIMATED


@pytest.mark.parametrize("estimated", [Decimal("15.4"), None])
def test_what_is_known_of_a_job_that_never_ran(world: World, estimated: Decimal | None) -> None:
    """Its estimate, or nothing."""
    (world.root / "job.yaml").write_text(ANY_GPU)
    read = replace(load_job(world.root / "job.yaml", frozenset()), estimated_gb=estimated)
    found = known_of(world.parts, read).need
    assert (found and found.gb) == (18 if estimated else None)
