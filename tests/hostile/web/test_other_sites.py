"""Pages of other sites in the user's own browser: by another name for this machine, by forms, by scripts."""

import pytest

from tests.hostile.web.served import PUBLIC, Served
from tests.hostile.web.visitor import FORM


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:{port}.evil.example"),
        *("127.0.0.1", "127.0.0.1:1", "127.0.0.1:0{port}", "localhost", "127.0.0.1:{port}:{port}"),
        *("127.0.0.1.:{port}", "localhost.:{port}", "LOCALHOST:{port}", "www.localhost:{port}"),
        *("[::1]:{port}", "[::ffff:127.0.0.1]:{port}", "0.0.0.0:{port}", "127.1:{port}", "2130706433:{port}"),
        *("evil.example@127.0.0.1:{port}", "127.0.0.1:{port}@evil.example", "127.0.0.1:{port}, evil.example", ""),
    ],
)
def test_no_other_name_is_answered(chat: Served, host: str) -> None:
    """DNS rebinding: a page whose own name leads here is told so, whatever cookies it brings."""
    ann = chat.logged_in()
    named = {"Host": host.replace("{port}", str(chat.port))}
    assert ann.get("/", named).status in {400, 421}
    origin = f"http://{named['Host']}"
    assert ann.ask("POST", "/act", {**FORM, **named, "Origin": origin}, b"csrf=" + ann.csrf.encode()).status in {
        400,
        421,
    }
    assert chat.acts == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_names_are_answered(chat: Served, name: str) -> None:
    """Both that a user may type."""
    ann = chat.logged_in()
    own = {"Host": f"{name}:{chat.port}", "Origin": f"http://{name}:{chat.port}"}
    assert ann.get("/", own).status == 200
    assert ann.post("/act", headers=own).status == 200


def test_loopback_is_no_name_of_a_public_chat(public_chat: Served) -> None:
    """Only the name that the proxy passes on, without a port that https does not need."""
    ann = public_chat.logged_in()
    assert ann.get("/").status == 200
    for host in (f"127.0.0.1:{public_chat.port}", f"localhost:{public_chat.port}", "herd.example:443", "herd.example."):
        assert ann.get("/", {"Host": host}).status == 421


@pytest.mark.parametrize(
    "head",
    [
        "GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}",
        "GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1:{port}",
        "GET / HTTP/1.1\r\nX: y",
        "GET / HTTP/1.0\r\nX: y",
        "GET / HTTP/1.1\r\n Host: 127.0.0.1:{port}",
    ],
    ids=["absolute form", "absolute form, other host", "two hosts", "forwarded", "no host", "HTTP/1.0", "folded"],
)
def test_no_other_way_to_name_a_host(chat: Served, head: str) -> None:
    """Nor several at once, nor none."""
    request = f"{head}\r\nCookie: {chat.logged_in().cookies}\r\nConnection: close\r\n\r\n"
    assert chat.visitor().raw(request.replace("{port}", str(chat.port)).encode()) in {400, 421}


@pytest.mark.parametrize(
    "origin",
    [
        *("", "null", "http://evil.example", "http://evil.example:{port}", "http://127.0.0.1:{other}"),
        *("https://127.0.0.1:{port}", "http://127.0.0.1", "http://localhost:{port}", "http://127.0.0.1:{port}/"),
        *("HTTP://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:{port} evil.example"),
        *("http://evil.example http://127.0.0.1:{port}", "127.0.0.1:{port}", "file://", "http://x@127.0.0.1:{port}"),
    ],
)
def test_no_form_of_another_origin(chat: Served, origin: str) -> None:
    """Not even with cookie and token: another port of this host is another site."""
    ann = chat.logged_in()
    ann.origin = origin.replace("{port}", str(chat.port)).replace("{other}", str(chat.port + 1))
    assert ann.post("/act").status == 403
    assert chat.acts == []


def test_no_form_of_two_origins(chat: Served) -> None:
    """One that is ours among them."""
    ann = chat.logged_in()
    own = chat.door.place.origin
    headers = [*FORM.items(), ("Origin", own), ("Origin", own)]
    assert ann.ask("POST", "/act", headers, b"csrf=" + ann.csrf.encode()).status == 403
    assert chat.acts == []


@pytest.mark.parametrize("origin", [None, "http://herd.example", "https://herd.example:8443", "https://x.herd.example"])
def test_no_form_of_another_origin_behind_a_proxy(public_chat: Served, origin: str | None) -> None:
    """The origin is that of the public address."""
    ann = public_chat.logged_in()
    assert ann.post("/act", headers={"Origin": PUBLIC}).status == 200
    public_chat.acts.clear()
    ann.origin = origin
    assert ann.post("/act").status == 403
    assert public_chat.acts == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
@pytest.mark.parametrize(
    ("method", "target", "mode"),
    [
        ("POST", "/act", "navigate"),
        ("POST", "/act", "cors"),
        ("GET", "/", "no-cors"),
        ("GET", "/events", "cors"),
        ("GET", "/static/chat.css", "no-cors"),
    ],
)
def test_nothing_for_what_the_browser_says_is_elsewhere(
    chat: Served, site: str, method: str, target: str, mode: str
) -> None:
    """Forms, scripts, pictures and streams of other pages, those on another port of this host among them."""
    ann = chat.logged_in()
    told = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    answer = ann.post(target, headers=told) if method == "POST" else ann.get(target, told)
    assert answer.status == 403
    assert chat.acts == []


def test_a_link_on_another_site_may_lead_here(chat: Served) -> None:
    """Without the cookie, which is strict: the page opens itself once more, and then the browser brings it."""
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = chat.visitor().get("/devices?next=//evil.example", followed)
    assert answer.status == 401
    assert 'content="0; url=/devices"' in answer.text
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "token",
    ["", "x", "{other}", "{own}x", "{own} {own}", "é", "{own}\0"],
    ids=["empty", "short", "of another session", "longer", "twice", "other letters", "with a NUL"],
)
def test_no_form_without_the_sessions_own_token(chat: Served, token: str) -> None:
    """Absent, guessed, or that of somebody else who is logged in."""
    ann, bob = chat.logged_in(), chat.logged_in("web:bob")
    wrong = token.replace("{own}", ann.csrf).replace("{other}", bob.csrf)
    assert ann.post("/act", {"csrf": wrong}).status == 403
    assert ann.ask("POST", "/act", {"X-CSRF-Token": wrong.encode().decode("latin-1")}, b"").status in {400, 403}
    assert chat.acts == []


def test_no_token_from_where_a_link_could_bring_it(chat: Served) -> None:
    """In the query or a cookie it does not count, nor twice, nor as a field beside another one in the header."""
    ann = chat.logged_in()
    assert ann.ask("POST", f"/act?csrf={ann.csrf}", FORM, b"").status == 403
    assert ann.ask("POST", "/act", {**FORM, "Cookie": f"{ann.cookies}; csrf={ann.csrf}"}, b"").status == 403
    assert ann.ask("POST", "/act", FORM, f"csrf={ann.csrf}&csrf={ann.csrf}".encode()).status == 400
    assert ann.post("/act", headers={"X-CSRF-Token": "wrong"}).status == 403
    assert chat.acts == []


def test_the_token_of_an_earlier_login_is_over(chat: Served) -> None:
    """Of the same person, in the same browser."""
    before, now = chat.logged_in(), chat.logged_in()
    now.csrf = before.csrf
    assert now.post("/act").status == 403
    assert chat.acts == []


def test_the_right_form_is_taken(chat: Served) -> None:
    """By field or by header; who said so is known, and from where, whatever a header says about that."""
    ann = chat.logged_in()
    assert ann.post("/act", {"say": "one"}, {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6"}).status == 200
    assert ann.ask("POST", "/act", {"X-CSRF-Token": ann.csrf, "Sec-Fetch-Site": "same-origin"}, b"").status == 200
    assert chat.acts == ["web:ann from 127.0.0.1: one", "web:ann from 127.0.0.1: "]
