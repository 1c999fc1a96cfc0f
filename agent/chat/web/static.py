"""What never changes while the server runs: scripts and styles. Only what is listed is ever opened."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
KINDS = frozenset({".css", ".js"})


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    version: str


@cache
def _files() -> dict[str, _File]:
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in KINDS}


def _read(path: Path) -> _File:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(content, kind, hashlib.sha256(content).hexdigest()[:16])


def url_of(name: str) -> str:
    """Where a browser gets a file, with its version, so that it may keep it. KeyError for one that is not there."""
    return f"/static/{name}?v={_files()[name].version}"


async def serve_static(request: Request) -> Response:
    """A file by its name; the name is looked up, never joined to a path."""
    file = _files().get(request.path_params["name"])
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    caching = {"Cache-Control": FOREVER} if request.query_params.get("v") == file.version else {}
    return Response(file.content, media_type=file.kind, headers=caching)
