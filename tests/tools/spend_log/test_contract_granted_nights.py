"""What a grant that stands for a schedule gives to its nights, and what it does not (law 4)."""

from dataclasses import replace
from typing import Any

import pytest

from policies.budget import CapHit
from policies.grant import NightTerms, Terms, Used
from policies.money import Cents
from tests.tools.spend_log.nights import (
    DAY,
    TERMS,
    WORK,
    begin,
    end,
    grant_nights,
    new_night,
    scheduled,
)
from tests.tools.spend_log.test_contract_grants import buy
from tests.tools.spend_log.test_contract_schedules import nothing
from tests.tools.spend_log.things import HOUR, NOW, new_run
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Decision
from tools.spend_log.schedule_rows import Came


def each(**changes: Any) -> NightTerms:
    """Terms that are other than usual for each night."""
    return replace(TERMS, each=replace(TERMS.each, **changes))


def test_a_night_has_a_grant_of_its_own(log: SpendLog) -> None:
    """For the amount and the pods of one night; it says whose yes it was, and pays where a human would be asked."""
    scheduled(log)
    grant_nights(log)
    begin(log, 1, "a", "b")
    (grant,) = log.grants("bat-1")
    assert grant.terms == Terms(Cents(300), 2, "key-1", "https://gpuhog.com/api", NOW + DAY)
    assert (grant.decision, grant.decided_by) == (Decision.APPROVED, "me (sta-1)")
    assert log.grants_of_nights("sta-1") == ["gra-1"]
    assert isinstance(buy(log, "a", 200), Charge)
    assert isinstance(buy(log, "b", 101), CapHit)
    assert log.grant_used("gra-1") == Used(Cents(200), 1)


def test_each_night_is_bounded_by_itself(log: SpendLog) -> None:
    """What one night leaves is not the next one's, in dollars or in pods; and yesterday's grant pays nothing today."""
    scheduled(log)
    grant_nights(log, each(pods=1))
    begin(log, 1, "a")
    end(log, "a")
    begin(log, 2, "b", "c", "d")
    assert log.grants_of_nights("sta-1") == ["gra-1", "gra-2"]
    assert isinstance(buy(log, "b", 301), CapHit)
    assert isinstance(buy(log, "c", 1), Charge)
    assert isinstance(buy(log, "d", 1), CapHit)
    assert log.grant_used("gra-1") == Used(Cents(0), 0)


def test_so_many_nights_and_no_more(log: SpendLog) -> None:
    """The next one begins all the same, and its orders ask a human."""
    scheduled(log)
    grant_nights(log)
    for number, run_id in enumerate("abc", 1):
        assert begin(log, number, run_id).came is Came.BEGUN
        end(log, run_id)
    assert log.grants_of_nights("sta-1") == ["gra-1", "gra-2"]
    assert log.grants("bat-3") == []


def test_a_night_that_begins_nothing_uses_nothing_up(log: SpendLog) -> None:
    """Neither one that was missed or skipped, nor one at which the schedule rested, nor one that is begun again."""
    scheduled(log)
    grant_nights(log)
    log.record_night(nothing(1))
    begin(log, 2, "a")
    begin(log, 3, "b")
    begin(log, 2, "c")
    end(log, "a")
    log.pause_schedule("sch-1", NOW)
    begin(log, 4, "d")
    log.go_on_with_schedule("sch-1", NOW)
    begin(log, 5, "e")
    assert log.grants_of_nights("sta-1") == ["gra-2", "gra-5"]


def test_only_the_work_that_was_said_yes_to(log: SpendLog) -> None:
    """A job that joined later asks, beside one that need not; of files, those count that the night began with."""
    scheduled(log)
    grant_nights(log)
    tonight, strange = new_run("a", job_sha256="1" * 64), new_run("b", job_sha256="2" * 64)
    begin(log, 1, tonight, strange, work={"a": WORK, "b": "f" * 64})
    assert isinstance(buy(log, "b", job_sha256="2" * 64), CapHit)
    assert isinstance(buy(log, "a", job_sha256="3" * 64), CapHit)
    assert isinstance(buy(log, "a", attempt=2, job_sha256="1" * 64), Charge)


def test_a_night_of_other_work_uses_nothing_up(log: SpendLog) -> None:
    """Nothing of it was said yes to."""
    scheduled(log)
    grant_nights(log)
    begin(log, 1, "a", work={"a": "f" * 64})
    assert (log.grants_of_nights("sta-1"), log.grants("bat-1")) == ([], [])


@pytest.mark.parametrize("changes", [{"account": "key-2"}, {"account": ""}, {"base_url": "https://example.com/api"}])
def test_a_grant_is_for_one_payer_and_one_provider(log: SpendLog, changes: dict[str, str]) -> None:
    """A worker with another key gets nothing from it, and uses nothing up."""
    scheduled(log)
    grant_nights(log)
    assert begin(log, 1, "a", **changes).came is Came.BEGUN
    assert (log.grants_of_nights("sta-1"), log.grants("bat-1")) == ([], [])


def test_no_night_once_it_ended(log: SpendLog) -> None:
    """At its end it gives nothing; before that what it gives ends with it, however late the night."""
    scheduled(log)
    grant_nights(log, each(until=NOW + HOUR))
    log.begin_night(new_night(1, "a"), NOW + HOUR)
    assert log.grants("bat-1") == []
    end(log, "a")
    begin(log, 2, "b")
    (grant,) = log.grants("bat-2")
    assert (grant.until, grant.expires_at) == (NOW + HOUR, NOW + HOUR)


def test_a_grant_is_its_schedules(log: SpendLog) -> None:
    """Another one with the same work gets nothing from it."""
    scheduled(log)
    scheduled(log, "sch-2")
    grant_nights(log)
    begin(log, 1, "a", schedule_id="sch-2")
    assert log.grants() == []
