"""What earlier runs left, named before a new one begins."""

from agent.face import Face
from agent.herd import Herd
from policies.order import short_id


async def name_leftovers(herd: Herd, face: Face) -> None:
    """Every run begins with a look at what earlier ones left; cleaning up is `resume`'s and `sweep`'s."""
    await herd.settle_money()
    for order in herd.left_running():
        remedy = f"`swineherd resume {order.run_id}`"
        face.tell(order.run_id, f"WARNING: {short_id(order.order_id)} is not proven gone: {remedy}")
