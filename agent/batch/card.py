"""The one question about all orders of a batch, as a human sees it."""

from agent.batch.consent import Expected
from policies.money import usd
from policies.text import counted
from tools.spend_log.batch_rows import Batch, Grant


def grant_card(batch: Batch, grant: Grant, expected: Expected | None) -> list[str]:
    """What a yes would cover."""
    pods = counted(grant.pods, "pod")
    lines = [f"Approve the batch {batch.name}: up to ${usd(grant.amount)} and {pods} from credits, once"]
    if expected is not None:
        lines.append(
            f"  jobs    {len(expected.fitting)} to run, expected to cost ${usd(expected.total)} as the market is"
        )
    lines += [
        "  pods    max_pods_per_run for each job, since one that loses its pod gets another; the amount holds for all",
        f"  until   {grant.until:%Y-%m-%d %H:%M} UTC, each order still within every cap",
        f"  covers  the commands, files and variables of these jobs as they were submitted; batch {batch.batch_id}",
    ]
    return lines
