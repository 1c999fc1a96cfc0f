"""Several runs at once on one store."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.swineherd import Swineherd, ended, write_job

pytestmark = pytest.mark.timeout(120)

TWO_FIT = '[budget]\nper_day_usd = "0.50"\n[payment]\nrails = ["credits"]\n'


def test_caps_hold_over_runs_at_once_and_each_pays_once(herd: Swineherd, tmp_path: Path) -> None:
    """Three runs of $0.20 wait, each within $0.50 a day when it asked. All are approved at once: two run and pay
    once each; the third is refused as it would reserve, by the cap that the others filled.
    """
    capped = herd.policy(TWO_FIT)
    job = write_job(tmp_path, "echo oink")
    with ExitStack() as stack:
        started = [stack.enter_context(ended(capped.start("run", job, "--sandbox", "--json"))) for _ in range(3)]
        for one in started:
            one.until_said("waiting for `swineherd approve")
        codes = {one.run_id: capped.show(one.run_id)["approval"]["code"] for one in started}
        answers = [
            stack.enter_context(ended(capped.start("approve", run_id, "--code", code, "--amount", "0.20")))
            for run_id, code in codes.items()
        ]
        assert [answer.done().code for answer in answers] == [0, 0, 0]
        done = [one.done(90) for one in started]

    assert sorted(one.code for one in done) == [0, 0, 3], [one.text for one in done]
    (refused,) = [one.document for one in done if one.code == 3]
    assert "per_day_usd" in refused["reason"]
    assert refused["order_ids"] == []
    for result in (one.document for one in done if one.code == 0):
        assert [cents for _, _, cents in capped.debits(result)] == [20]
        assert capped.log(result["run_id"]) == b"oink\n"
        capped.assert_gone(result)
    assert herd.books()["total_spent"] == 40
