"""Pages from templates: every value is escaped, and one that is missing is an error."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from agent.chat.web.sessions import Session
from agent.chat.web.static import url_of
from agent.chat.web.words import FILTERS

FOLDER = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The one that all pages share."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = url_of
    made.filters.update(FILTERS)
    return made


def render(name: str, session: Session | None = None, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page, or a part of one; the templates see `session`, which is None for whoever is not logged in."""
    return HTMLResponse(text(name, session, **values), status)


def text(name: str, session: Session | None = None, **values: object) -> str:
    """The same as text: what a stream sends."""
    return environment().get_template(name).render(session=session, **values)
