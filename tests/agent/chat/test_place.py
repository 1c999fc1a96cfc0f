"""Where the web chat may be served, and by which names it is reached."""

import pytest

from agent.chat.web.place import Address, Place
from agent.errors import BadSettings


def test_on_loopback_it_has_two_names() -> None:
    """With the port, over plain HTTP."""
    place = Address("127.0.0.1", 0, None).place(8402)
    assert place == Place(("http://127.0.0.1:8402", "http://localhost:8402"), secure=False)
    assert place.hosts == ("127.0.0.1:8402", "localhost:8402")
    assert place.cookie == "swineherd-8402"
    assert Address("::1", 0, None).place(8402).origin == "http://[::1]:8402"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://herd.example", "https://herd.example"),
        ("https://herd.example/", "https://herd.example"),
        ("https://Herd.Example:443", "https://herd.example"),
        ("https://herd.example:8443", "https://herd.example:8443"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_behind_a_proxy_it_has_one(url: str, origin: str) -> None:
    """That of the public address, as browsers write it, wherever it listens; and cookies travel by TLS alone."""
    for host in ("0.0.0.0", "127.0.0.1", "::"):
        address = Address(host, 0, url)
        address.check()
        assert address.exposed
        assert address.place(8402) == Place((origin,), secure=True)
        assert address.place(8402).cookie == "__Host-swineherd"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_this_machine_alone_needs_nothing_else(host: str) -> None:
    """It is not exposed."""
    Address(host, 8402, None).check()
    assert not Address(host, 8402, None).exposed


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "fe80::1", "169.254.1.1"])
def test_elsewhere_it_needs_a_public_address(host: str) -> None:
    """The message says what to do instead, too."""
    with pytest.raises(BadSettings, match=r"--public-url https://NAME.*ssh -L"):
        Address(host, 8402, None).check()


@pytest.mark.parametrize("host", ["", "localhost", "herd.example", "127.0.0.1:8402", "127.1"])
def test_a_host_is_an_address(host: str) -> None:
    """A name may mean another one tomorrow."""
    with pytest.raises(BadSettings, match="IP address"):
        Address(host, 8402, None).check()


def test_no_login_without_tls() -> None:
    """Said with the way out."""
    with pytest.raises(BadSettings, match=r"without TLS.*ssh -L"):
        Address("0.0.0.0", 8402, "http://herd.example").check()


@pytest.mark.parametrize(
    "url",
    [
        *("herd.example", "https://", "https://herd.example/chat", "https://herd.example?x", "https://herd.example#x"),
        *("https://ann@herd.example", "https://herd.example:x", "https://herd.example:99999", "ftp://herd.example"),
        *("https://hérd.example", "https://[::1", "https://herd.example x", "https://a,https://b", ""),
    ],
)
def test_a_public_address_is_an_origin(url: str) -> None:
    """Nothing that a browser would write otherwise."""
    with pytest.raises(BadSettings, match="--public-url"):
        Address("127.0.0.1", 8402, url).check()
