"""Is this checkout link one that a human may be shown?"""

import ipaddress
import re
from collections.abc import Collection

MAX_URL = 4096
"""Characters; Stripe's own links are some 700 long."""

_URL = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?#][!#-;=?-\[\]_a-z~]*)?", re.ASCII)
# The path and query take every printable ASCII character but blank, quote, backslash, ^, `, {, |, }, < and >.


def check_checkout_url(url: str, hosts: Collection[str], *, allow_private: bool) -> None:
    """Accept only a link to an exact host of the list, by https, at port 443 unless the list names another.

    Args:
        hosts: exact lower-case ASCII hosts, or `host:port`.
        allow_private: loopback and private addresses that are on the list are allowed, and plain http to loopback
            where the list names the port too.

    Raises:
        ValueError: anything else: another host, user info, characters that no link needs, overlong.
    """
    match = _URL.fullmatch(url) if len(url) <= MAX_URL else None
    if match is None:
        raise ValueError("a checkout link with user info, strange characters, or no http(s) address")
    scheme, host, port = match[1], match[2], match[3] or ""
    if not _listed(scheme, host, port, hosts):
        raise ValueError(f"a checkout link to {host}{port}, which is not in checkout_hosts")
    if _is_private(host) and not allow_private:
        raise ValueError(f"a checkout link to the private address {host}")
    if scheme == "http" and not (allow_private and is_loopback(host)):
        raise ValueError("a checkout link without https")


def is_loopback(host: str) -> bool:
    """Whether `host` (brackets around IPv6 allowed) is this machine by its spelling alone; nothing is resolved."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _listed(scheme: str, host: str, port: str, hosts: Collection[str]) -> bool:
    if scheme == "https" and port in ("", ":443"):
        return host in hosts or f"{host}:443" in hosts
    return bool(port) and f"{host}{port}" in hosts


def _is_private(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and not address.is_global)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
