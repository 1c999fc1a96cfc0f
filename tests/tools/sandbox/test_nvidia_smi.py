"""What a pod of the sandbox shows of its GPU."""

import httpx

from tests.tools.sandbox.conftest import configure, dial, running_pod, wait_status
from tools.sandbox.endpoint import Endpoint


async def test_a_pod_shows_the_gpu_that_was_rented(sandbox: Endpoint, http: httpx.Client) -> None:
    """Under the name that the market gives it, as busy as the order's status says; what it does not know it says so."""
    configure(http, gpu_util=97, mem_util=75)
    order_id, port = running_pod(http)
    shown = wait_status(http, order_id, "running")["gpu_stats"]
    fields = "name,memory.total,memory.used,memory.free,utilization.gpu,utilization.memory,power.draw"
    async with await dial(sandbox, port) as pod:
        done = await pod.run(f"nvidia-smi --query-gpu={fields} --format=csv,noheader,nounits")
        plain = await pod.run("nvidia-smi")
    assert done.stdout == "NVIDIA GeForce RTX 4090, 24576, 18432, 6144, 97, 75, [N/A]\n"
    assert "sandbox" in str(plain.stdout)
    assert shown == [{"gpu_util": "97%", "mem_util": "75%"}]
