"""Several runs at once on one store."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.swineherd import Swineherd, ended, write_job

pytestmark = pytest.mark.timeout(120)

TWO_FIT = """
[budget]
per_day_usd = "0.50"
[payment]
rails = ["credits"]
auto_pay_usd = "5.00"
auto_pay_per_day_usd = "5.00"
"""


def test_caps_hold_over_runs_at_once_and_each_pays_once(herd: Swineherd, tmp_path: Path) -> None:
    """Of three runs of $0.20 at once under $0.50 a day two run and pay once each; one is refused by that cap."""
    capped = herd.policy(TWO_FIT)
    job = write_job(tmp_path, "echo oink")
    with ExitStack() as stack:
        started = [stack.enter_context(ended(capped.start("run", job, "--sandbox", "--json"))) for _ in range(3)]
        done = [one.done(90) for one in started]

    assert sorted(one.code for one in done) == [0, 0, 3], [one.text for one in done]
    (refused,) = [one.document for one in done if one.code == 3]
    assert "per_day_usd" in refused["reason"]
    assert refused["order_ids"] == []
    finished = [one.document for one in done if one.code == 0]
    for result in finished:
        assert [cents for _, _, cents in capped.debits(result)] == [20]
        assert capped.log(result["run_id"]) == b"oink\n"
        capped.assert_gone(result)
    assert herd.books()["total_spent"] == 40
