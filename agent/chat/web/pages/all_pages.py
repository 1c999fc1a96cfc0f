"""Every page there is."""

from collections.abc import Sequence
from pathlib import Path

from agent.chat.talks import Talks
from agent.chat.web.behind import Page
from agent.chat.web.live import Live
from agent.chat.web.pages.answers import AnswerPages
from agent.chat.web.pages.batches import BatchPages
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.grants import GrantPages
from agent.chat.web.pages.home import HomePages
from agent.chat.web.pages.run import RunPages
from agent.chat.web.pages.schedules import SchedulePages
from agent.chat.web.pages.talk import TalkPages
from agent.chat.web.stream import Stream
from agent.parts import Parts
from tools.ports import Packer


def all_pages(parts: Parts, packer: Packer, jobs: Path, talks: Talks) -> Sequence[Page | Stream]:
    """Behind the login.

    Args:
        jobs: the folder below which job files may be run by name.
        talks: whoever is logged in may take part; to be closed with the server.
    """
    desk = Desk(parts, packer, Live(parts.log.chain_head, parts.clock.now), jobs, talks)
    talk = TalkPages(desk)
    return [
        *HomePages(desk, talk).all(),
        *talk.all(),
        *RunPages(desk).all(),
        *AnswerPages(desk).all(),
        *BatchPages(desk).all(),
        *SchedulePages(desk).all(),
        *GrantPages(desk).all(),
    ]
