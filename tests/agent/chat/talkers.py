"""Talks in a world, as a worker has them."""

from agent.chat.talks import Talks
from tests.agent.world import World
from tools.ssh.snapshot import pack


def talks_of(world: World) -> Talks:
    """With everybody, about the world's own project; of the present process."""
    folder = world.root / "project"
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text("print('hello')\n", encoding="utf-8")
    return Talks(world.parts, pack, folder, world.saver)
