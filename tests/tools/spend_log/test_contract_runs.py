"""Runs, their leases, and where they are parked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.money import Cents
from tests.tools.spend_log.things import ME, NOW, OTHER, new_run
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Awaited, Holder, Parked, RunStatus

MINUTE = timedelta(minutes=1)
AFAR = replace(OTHER, host="there")


def alive(_: Holder) -> bool:
    return True


def dead(_: Holder) -> bool:
    return False


def test_a_run_is_kept_as_submitted(log: SpendLog) -> None:
    """Every field comes back as it was given; it is queued."""
    log.add_run(new_run())
    run = log.run("run-1")
    assert run is not None
    assert (run.name, run.job_sha256, run.ceiling, run.created_at) == ("finetune", "a" * 64, Cents(500), NOW)
    assert (run.job_json, run.job_path, run.outputs_dir) == (
        '{"run": "python train.py"}',
        "/home/me/job.yaml",
        "/home/me/outputs",
    )
    assert (run.status, run.step, run.reason, run.code, run.started_at) == (RunStatus.QUEUED, "", "", None, None)


def test_a_run_id_is_used_once(log: SpendLog) -> None:
    """Run id and thread id are one: a second run of the same name is a mistake."""
    log.add_run(new_run())
    with pytest.raises(ValueError, match="run-1"):
        log.add_run(new_run(name="other"))


def test_a_run_without_a_ceiling(log: SpendLog) -> None:
    """None is not zero."""
    log.add_run(new_run(ceiling=None))
    run = log.run("run-1")
    assert run is not None
    assert run.ceiling is None


def test_the_first_step_starts_a_run(log: SpendLog) -> None:
    """It becomes active and gets its start time; later steps only move it."""
    log.add_run(new_run())
    log.enter_step("run-1", "intake", NOW)
    log.set_status("run-1", RunStatus.WAITING_FOR_HUMAN, NOW, reason="approve", code=4)
    log.enter_step("run-1", "pay", NOW + MINUTE)
    run = log.run("run-1")
    assert run is not None
    assert (run.status, run.step, run.started_at) == (RunStatus.WAITING_FOR_HUMAN, "pay", NOW)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_an_ended_run_stays_ended(log: SpendLog, status: RunStatus) -> None:
    """Its end time is set, and no later status takes its place."""
    log.add_run(new_run())
    log.set_status("run-1", status, NOW, reason="done", code=5, job_exit_code=7)
    with pytest.raises(ValueError, match="ended"):
        log.set_status("run-1", RunStatus.ACTIVE, NOW, reason="", code=None)
    run = log.run("run-1")
    assert run is not None
    assert (run.status, run.reason, run.code, run.job_exit_code, run.ended_at) == (status, "done", 5, 7, NOW)


def test_entering_a_step_does_not_wake_an_ended_run(log: SpendLog) -> None:
    """A run refused before its first step can still be reported on."""
    log.add_run(new_run())
    log.set_status("run-1", RunStatus.REFUSED, NOW, reason="a cap", code=3)
    log.enter_step("run-1", "report", NOW)
    run = log.run("run-1")
    assert run is not None
    assert (run.status, run.step) == (RunStatus.REFUSED, "report")


def test_runs_newest_first(log: SpendLog) -> None:
    """All of them, the unfinished ones, or the first few."""
    for run_id in ("a", "b", "c"):
        log.add_run(new_run(run_id))
    log.set_status("b", RunStatus.FAILED, NOW, reason="", code=1)
    assert [run.run_id for run in log.runs()] == ["c", "b", "a"]
    assert [run.run_id for run in log.runs(unfinished=True)] == ["c", "a"]
    assert [run.run_id for run in log.runs(limit=1)] == ["c"]


def test_cancelling_is_a_request(log: SpendLog) -> None:
    """It is noted once, by whom; an ended run can't be cancelled any more."""
    log.add_run(new_run("a"))
    log.add_run(new_run("b"))
    log.set_status("b", RunStatus.SUCCEEDED, NOW, reason="", code=0)
    for run_id in ("a", "a", "b"):
        log.request_cancel(run_id, NOW, "me")
    assert [run.cancel_requested for run in log.runs()] == [False, True]
    assert [event.run_id for event in log.events() if event.kind == "cancel_requested"] == ["a"]


def test_what_is_not_there(log: SpendLog) -> None:
    """Reading gives None, writing raises."""
    assert (log.run("x"), log.lease("x"), log.order("x")) == (None, None, None)
    with pytest.raises(LookupError):
        log.enter_step("x", "pay", NOW)
    with pytest.raises(LookupError):
        log.take_lease("x", ME, NOW, 60, alive)


def test_one_process_drives_a_run(log: SpendLog) -> None:
    """A living holder on this host keeps its lease, expired or not: it may be suspended in the middle of a purchase."""
    log.add_run(new_run())
    lease = log.take_lease("run-1", ME, NOW, 60, alive)
    assert lease is not None
    assert lease == log.lease("run-1")
    assert (lease.holder, lease.heartbeat_at, lease.expires_at) == (ME, NOW, NOW + MINUTE)
    for later in (timedelta(0), MINUTE, 1000 * MINUTE):
        assert log.take_lease("run-1", OTHER, NOW + later, 60, alive) is None
    taken = log.take_lease("run-1", OTHER, NOW + MINUTE, 60, dead)
    assert taken is not None
    assert taken.holder == OTHER


def test_a_holder_on_another_host_loses_an_expired_lease(log: SpendLog) -> None:
    """Whether it lives can't be seen from here, so its silence decides, and the history says so."""
    log.add_run(new_run())
    log.take_lease("run-1", AFAR, NOW, 60, alive)
    assert log.take_lease("run-1", ME, NOW + MINUTE - timedelta(microseconds=1), 60, alive) is None
    taken = log.take_lease("run-1", ME, NOW + MINUTE, 60, alive)
    assert taken is not None
    assert taken.holder == ME
    (event,) = [event for event in log.events() if event.kind == "lease_taken_over"]
    assert '"why": "expired"' in event.body or '"why":"expired"' in event.body


def test_the_dead_hold_nothing(log: SpendLog) -> None:
    """A holder that is proven gone loses its lease before it expires, and the history says so."""
    log.add_run(new_run())
    log.take_lease("run-1", ME, NOW, 3600, alive)
    assert log.take_lease("run-1", OTHER, NOW, 60, dead) is not None
    (event,) = [event for event in log.events() if event.kind == "lease_taken_over"]
    assert '"from_pid": 100' in event.body


def test_whether_a_holder_lives_is_only_asked_when_it_matters(log: SpendLog) -> None:
    """Always about another on this host; not about oneself, nor about an expired lease of another host."""
    asked: list[Holder] = []

    def ask(holder: Holder) -> bool:
        asked.append(holder)
        return True

    log.add_run(new_run())
    log.take_lease("run-1", AFAR, NOW, 60, ask)
    log.take_lease("run-1", ME, NOW + MINUTE, 60, ask)
    log.take_lease("run-1", ME, NOW + MINUTE, 60, ask)
    assert asked == []
    log.take_lease("run-1", OTHER, NOW + MINUTE, 60, ask)
    log.take_lease("run-1", OTHER, NOW + 5 * MINUTE, 60, ask)
    assert asked == [ME, ME]


@pytest.mark.parametrize(
    "twin",
    [replace(ME, boot_id="else"), replace(ME, pid=101), replace(ME, started="else"), replace(ME, host="else")],
    ids=["boot_id", "pid", "started", "host"],
)
def test_a_holder_is_all_its_fields(log: SpendLog, twin: Holder) -> None:
    """A reused pid, or the same pid elsewhere, is another process."""
    log.add_run(new_run())
    log.take_lease("run-1", ME, NOW, 60, alive)
    assert log.take_lease("run-1", twin, NOW, 60, alive) is None
    assert log.renew_lease("run-1", twin, NOW, 60) is False
    log.release_lease("run-1", twin)
    lease = log.lease("run-1")
    assert lease is not None
    assert lease.holder == ME


def test_a_heartbeat_keeps_the_lease(log: SpendLog) -> None:
    """Renewing moves its end; a lease that another took is lost for good."""
    log.add_run(new_run())
    assert log.renew_lease("run-1", ME, NOW, 60) is False
    log.take_lease("run-1", ME, NOW, 60, alive)
    assert log.renew_lease("run-1", ME, NOW + MINUTE, 60) is True
    assert log.take_lease("run-1", AFAR, NOW + MINUTE, 60, alive) is None
    log.take_lease("run-1", AFAR, NOW + 2 * MINUTE, 60, dead)
    assert log.renew_lease("run-1", ME, NOW + 2 * MINUTE, 60) is False


def test_a_released_lease_is_free(log: SpendLog) -> None:
    """The next process need not wait."""
    log.add_run(new_run())
    log.take_lease("run-1", ME, NOW, 60, alive)
    log.release_lease("run-1", ME)
    assert log.lease("run-1") is None
    assert log.take_lease("run-1", OTHER, NOW, 60, alive) is not None


def parked(run_id: str, next_look: timedelta, awaited: Awaited = Awaited.DEPLOY) -> Parked:
    return Parked(run_id, awaited, "HOG-1", "deploying", "int-1", NOW, NOW + 15 * MINUTE, NOW + next_look, 0)


def test_parked_runs_in_the_order_they_are_looked_at(log: SpendLog) -> None:
    """The watcher takes the first; a look counts and sets the next one."""
    for run_id, minutes in (("a", 2), ("b", 1)):
        log.add_run(new_run(run_id))
        log.park(parked(run_id, minutes * MINUTE))
    assert log.parked() == [parked("b", MINUTE), parked("a", 2 * MINUTE)]
    log.looked("b", "starting", NOW + 3 * MINUTE)
    assert log.parked() == [
        parked("a", 2 * MINUTE),
        replace(parked("b", 3 * MINUTE), seen="starting", looks=1),
    ]
    assert log.parked("a") == [parked("a", 2 * MINUTE)]


def test_a_run_waits_for_one_thing(log: SpendLog) -> None:
    """Parking again replaces; unparking ends it; a look at a run that was woken is nothing."""
    log.add_run(new_run("a"))
    log.park(parked("a", MINUTE))
    log.park(parked("a", MINUTE, Awaited.HUMAN))
    assert [row.awaited for row in log.parked()] == [Awaited.HUMAN]
    log.unpark("a")
    log.looked("a", "x", NOW)
    assert log.parked() == []
