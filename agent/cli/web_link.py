"""serve --link: a fresh login link to the web chat that runs. It imports nothing of what serves."""

from agent.chat.web.links import links_of
from agent.chat.web.notice import read_notice
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.clock import SystemClock
from agent.store import stores_of
from tools.spend_log.holder import is_alive


def link(*, sandbox: bool, port: int, name: str | None) -> None:
    """Print one, for whom `--as` names."""
    with output.clear_errors():
        real, play = stores_of(settings_or_fail())
        home = (play if sandbox else real).home
        notice = read_notice(home.web_links, port, is_alive)
        token = links_of(home.web_links, SystemClock().now).make(notice.person(name))
        output.line(f"{notice.origin}/login/{token}")
