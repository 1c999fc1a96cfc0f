"""Where a sandbox answers: a small file its server writes once it really does."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tools.errors import Malformed


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A sandbox that answers.

    Attributes:
        base_url: the API, `/api` included.
        api_key: the one key made for this sandbox.
        ssh_key: private key that logs in on its pods.
        checkout_host: `host:port` of its checkout links, for the policy's list.
        hour_seconds: how long a paid hour lasted there when it was last asked; not in its file.
    """

    base_url: str
    api_key: str
    ssh_key: Path
    checkout_host: str
    hour_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Posted:
    """An endpoint with the process that serves it: its id and start time (Unix seconds)."""

    endpoint: Endpoint
    pid: int
    started: float


def market_folder(home: Path) -> Path:
    """Where a sandbox keeps its books, endpoint file, locks and log."""
    return home / "market"


def endpoint_path(home: Path) -> Path:
    """The endpoint file of a sandbox's home."""
    return market_folder(home) / "endpoint.json"


def log_path(home: Path) -> Path:
    """What the server prints and logs."""
    return market_folder(home) / "log.txt"


def post(home: Path, posted: Posted) -> None:
    """Write the endpoint file atomically, readable by its owner only."""
    endpoint = posted.endpoint
    value = {
        "base_url": endpoint.base_url,
        "api_key": endpoint.api_key,
        "ssh_key": str(endpoint.ssh_key),
        "checkout_host": endpoint.checkout_host,
        "pid": posted.pid,
        "started": posted.started,
    }
    partial = endpoint_path(home).with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file)
    partial.replace(endpoint_path(home))


def is_posted(home: Path, pid: int) -> bool:
    """Whether the endpoint file is there and names this process."""
    try:
        posted = read_posted(home)
    except Malformed:
        return False
    return posted is not None and posted.pid == pid


def read_posted(home: Path) -> Posted | None:
    """What the endpoint file says, or None where there is none. Raises `Malformed`."""
    path = endpoint_path(home)
    try:
        value = json.loads(path.read_text())
        endpoint = Endpoint(value["base_url"], value["api_key"], Path(value["ssh_key"]), value["checkout_host"])
        return Posted(endpoint, int(value["pid"]), float(value["started"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as exc:
        raise Malformed(f"{path} is not a sandbox's endpoint file") from exc
