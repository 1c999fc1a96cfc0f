"""Whether a request may be looked at, by what it says of itself: a pure decision, before any page is asked.

It keeps out pages of other sites in the user's own browser: those that let a name of theirs resolve to this machine
(`Host`), and those that send forms or requests here (`Origin`, and what the browser tells in `Sec-Fetch-Site`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from agent.chat.web.place import Place

SAFE_METHODS = frozenset({"GET", "HEAD"})
METHODS = SAFE_METHODS | {"POST"}
FORM = "application/x-www-form-urlencoded"
_PATH = re.compile(r"/|(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered; `advice` is for a person who did nothing wrong."""

    status: HTTPStatus
    reason: str
    advice: str = ""
    retry_after: int = 0
    """Seconds, where trying again helps."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself.

    Attributes:
        raw_path: as it was sent, not decoded.
        hosts, origins: every such header, for there may be none or several.
        fetch_site, fetch_mode, content_type: "" where not sent.
    """

    method: str
    raw_path: str
    hosts: Sequence[str]
    origins: Sequence[str]
    fetch_site: str = ""
    fetch_mode: str = ""
    content_type: str = ""


def refusal(asked: Asked, place: Place) -> Refusal | None:
    """Why a request must not be looked at; None where nothing speaks against it."""
    if len(asked.hosts) != 1 or asked.hosts[0] not in place.hosts:
        return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "nothing is served by this name", f"Open {place.origin}/")
    if asked.method not in METHODS:
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "no page takes this method")
    if not _PATH.fullmatch(asked.raw_path):
        return Refusal(HTTPStatus.BAD_REQUEST, "no page has such an address", f"Open {place.origin}/")
    if _from_elsewhere(asked):
        return Refusal(HTTPStatus.FORBIDDEN, "another site asks for this", f"Open {place.origin}/ yourself.")
    if asked.method not in SAFE_METHODS:
        return _refused_change(asked, place)
    return None


def _from_elsewhere(asked: Asked) -> bool:
    """A link on another site may lead here; nothing else there may ask for anything."""
    if asked.fetch_site in {"", "same-origin", "none"}:
        return False
    return asked.method not in SAFE_METHODS or asked.fetch_mode != "navigate"


def _refused_change(asked: Asked, place: Place) -> Refusal | None:
    own = [origin for origin in place.origins if origin.partition("://")[2] == asked.hosts[0]]
    if list(asked.origins) != own:
        return Refusal(HTTPStatus.FORBIDDEN, "this form is not one of ours", f"Open {place.origin}/ and send it there.")
    if asked.content_type.partition(";")[0].strip().lower() not in {"", FORM}:
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"only {FORM} is taken")
    return None
