"""Which link a human may be shown."""

import pytest

from tools.gpuhog.checkout_url import MAX_URL, check_checkout_url, is_loopback

HOSTS = (
    "checkout.stripe.com",
    "pay.test:8443",
    "127.0.0.1:4242",
    "[::1]:4242",
    "localhost:4242",
    "10.0.0.7",
    "plain.test:80",
    "127.0.0.3",
    "10.0.0.8:80",
)


@pytest.mark.parametrize(
    "url",
    [
        "https://checkout.stripe.com/c/pay/cs_live_a1B2#fid%2FkdWxOYHwnPyd1",
        "https://checkout.stripe.com",
        "https://checkout.stripe.com:443/x",
        "https://checkout.stripe.com?x=1&y=(2)!*'~;,",
        "https://pay.test:8443/x",
        "https://checkout.stripe.com/" + "x" * (MAX_URL - 28),
    ],
)
def test_an_https_link_to_a_listed_host_is_good(url: str) -> None:
    """Port 443, or the one the list names."""
    check_checkout_url(url, HOSTS, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "checkout.stripe.com/x",
        "//checkout.stripe.com/x",
        "https:checkout.stripe.com",
        "https:///checkout.stripe.com",
        "javascript:alert(1)//https://checkout.stripe.com",
        "ftp://checkout.stripe.com/x",
        "HTTPS://checkout.stripe.com/x",
        "https://Checkout.stripe.com/x",
        "http://checkout.stripe.com/x",
        "http://plain.test:80/x",
        "https://checkout.stripe.com:8443/x",
        "https://checkout.stripe.com:0443/x",
        "https://checkout.stripe.com:/x",
        "https://checkout.stripe.com:443:443/x",
        "https://pay.test/x",
        "https://pay.test:443/x",
        "https://checkout.stripe.com./x",
        "https://checkout.stripe.com.evil.test/x",
        "https://evil.test/checkout.stripe.com",
        "https://evil.test#checkout.stripe.com",
        "https://evil.test?@checkout.stripe.com",
        "https://xcheckout.stripe.com/x",
        "https://stripe.com/x",
        "https://user@checkout.stripe.com/x",
        "https://user:pw@checkout.stripe.com/x",
        "https://checkout.stripe.com@evil.test/x",
        "https://checkout.stripe.com%2eevil.test/x",
        "https://checkout%2estripe.com/x",
        "https://checkоut.stripe.com/x",
        "https://checkout。stripe.com/x",
        "https://checkout.stripe.com/\u202ex",
        "https://checkout.stripe.com/é",
        "https://checkout.stripe.com/a b",
        "https://checkout.stripe.com/a\tb",
        "https://checkout.stripe.com/a\nb",
        "https://checkout.stripe.com/a\x00b",
        "https://checkout.stripe.com/\x1b[2J",
        "https://checkout.stripe.com\\@evil.test/",
        "https://checkout.stripe.com/a\\b",
        'https://checkout.stripe.com/"onclick=',
        "https://checkout.stripe.com/<b>",
        " https://checkout.stripe.com/x",
        "https://checkout.stripe.com/x ",
        "https://checkout.stripe.com/x\n",
        "https://checkout.stripe.com/" + "x" * (MAX_URL - 27),
        "https://10.0.0.7/x",
        "https://127.0.0.1:4242/x",
        "http://127.0.0.1:4242/x",
        "http://localhost:4242/x",
        "http://[::1]:4242/x",
    ],
)
def test_every_other_link_is_refused(url: str) -> None:
    """Other hosts, other ports, user info, strange characters, private addresses."""
    with pytest.raises(ValueError, match="checkout link"):
        check_checkout_url(url, HOSTS, allow_private=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4242/x", "http://localhost:4242/x", "http://[::1]:4242/x", "https://10.0.0.7/x"]
)
def test_private_hosts_on_the_list_can_be_allowed(url: str) -> None:
    """Loopback by plain http too, as the sandbox does."""
    check_checkout_url(url, HOSTS, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4243/x",
        "http://127.0.0.1/x",
        "http://10.0.0.7/x",
        "http://10.0.0.7:80/x",
        "http://127.0.0.2:4242/x",
        "http://127.0.0.3/x",
        "http://10.0.0.8:80/x",
    ],
)
def test_allowing_private_hosts_lifts_nothing_else(url: str) -> None:
    """The list and https beyond loopback still hold."""
    with pytest.raises(ValueError, match="checkout link"):
        check_checkout_url(url, HOSTS, allow_private=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True)]
    + [(host, False) for host in ("localhost.evil.test", "128.0.0.1", "2130706433", "", "::2", "10.0.0.1")],
)
def test_loopback_is_told_by_its_spelling(host: str, *, expected: bool) -> None:
    """Nothing is resolved."""
    assert is_loopback(host) is expected
