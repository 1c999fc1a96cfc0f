"""Where the web chat is reached: by which addresses, and over which kind of connection."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.errors import BadSettings

PORT = 8402
"""Unless another is named."""

TUNNEL = "`ssh -L 8402:127.0.0.1:8402 HOST` reaches a `serve` on loopback without either"

_NAME = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """What a browser may call it.

    Attributes:
        origins: as a browser sends them in `Origin`; the first is the one that is shown.
        secure: reached over https, so that cookies travel no other way.
    """

    origins: tuple[str, ...]
    secure: bool

    @property
    def hosts(self) -> tuple[str, ...]:
        """As `Host` names them, port included."""
        return tuple(origin.partition("://")[2] for origin in self.origins)

    @property
    def origin(self) -> str:
        """The one that links begin with."""
        return self.origins[0]

    @property
    def cookie(self) -> str:
        """The session cookie's name. Browsers keep cookies by host alone: two ports must not share one name."""
        return "__Host-swineherd" if self.secure else f"swineherd-{self.origin.rpartition(':')[2]}"


@dataclass(frozen=True, slots=True)
class Address:
    """What `serve` was told: where to listen, and under which name it is reached from elsewhere."""

    host: str
    port: int
    public_url: str | None

    @property
    def exposed(self) -> bool:
        """Whether others than this machine's people may reach it."""
        return self.public_url is not None or not ipaddress.ip_address(self.host).is_loopback

    def check(self) -> None:
        """Raises `BadSettings` unless it can be served safely."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError as error:
            raise BadSettings(f"--host {self.host}: an IP address is expected, such as 127.0.0.1 or 0.0.0.0") from error
        if self.exposed and self.public_url is None:
            remedy = "--public-url https://NAME says under which name a proxy with TLS passes it on"
            raise BadSettings(f"--host {self.host} is not this machine alone: {remedy}; {TUNNEL}")
        if self.public_url is not None:
            _origin_of(self.public_url)

    def place(self, port: int) -> Place:
        """Where it is reached once it listens on `port`."""
        if self.public_url is not None:
            return Place((_origin_of(self.public_url),), secure=True)
        host = f"[{self.host}]" if ":" in self.host else self.host
        names = dict.fromkeys([host, "localhost"])
        return Place(tuple(f"http://{name}:{port}" for name in names), secure=False)


def _origin_of(public_url: str) -> str:
    """The origin, as browsers write it: in small letters, without the port where it is https's own."""
    problem = f"--public-url {public_url}: https://NAME or https://NAME:PORT is expected, and nothing after it"
    try:
        parts = urlsplit(public_url)
        port = parts.port
    except ValueError as error:
        raise BadSettings(problem) from error
    if parts.scheme == "http":
        raise BadSettings(f"--public-url {public_url}: without TLS a login is there for everybody to read; {TUNNEL}")
    name = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    if parts.scheme != "https" or not _NAME.fullmatch(name) or parts.path not in {"", "/"}:
        raise BadSettings(problem)
    if parts.query or parts.fragment:
        raise BadSettings(problem)
    name = name.lower()
    return f"https://{name}" if port in {None, 443} else f"https://{name}:{port}"
