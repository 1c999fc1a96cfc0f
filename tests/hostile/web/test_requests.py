"""Requests that no browser of the user's sends: too long, too slow, by odd methods, to odd addresses."""

import socket
from contextlib import suppress

import pytest

from tests.hostile.web.served import BOUNDS, Served
from tests.hostile.web.visitor import FORM

LARGE = BOUNDS.most_bytes


def test_a_form_may_be_so_long_and_no_longer(chat: Served) -> None:
    """By the length that it declares: the rest is not waited for."""
    ann = chat.logged_in()
    start = f"csrf={ann.csrf}&say=".encode()
    assert ann.ask("POST", "/act", FORM, start.ljust(LARGE, b"x")).status == 200
    chat.acts.clear()
    declared = {**FORM, "Content-Length": str(LARGE + 1)}
    assert ann.ask("POST", "/act", declared, start).status == 413
    assert chat.acts == []


def test_a_stream_of_a_form_is_cut(chat: Served) -> None:
    """One without a declared length, that does not end either."""
    ann = chat.logged_in()
    head = f"POST /act HTTP/1.1\r\nHost: {ann.host}\r\nOrigin: {ann.origin}\r\nCookie: {ann.cookies}\r\n"
    chunk = f"csrf={ann.csrf}&say=".encode().ljust(LARGE // 4 + 1, b"x")
    chunks = (f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n") * 4
    assert ann.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks) == 413
    assert chat.acts == []


def test_a_slow_form_is_not_waited_for(chat: Served) -> None:
    """It began and does not go on."""
    ann = chat.logged_in()
    head = f"POST /act HTTP/1.1\r\nHost: {ann.host}\r\nOrigin: {ann.origin}\r\nContent-Length: 100\r\n\r\ncsrf="
    assert ann.raw(head.encode()) == 408
    assert ann.get("/").status == 200


def test_one_who_hangs_up_in_the_middle_harms_nobody(chat: Served) -> None:
    """The others are answered as before."""
    ann = chat.logged_in()
    with socket.create_connection(("127.0.0.1", chat.port), timeout=10) as line:
        line.sendall(
            f"POST /act HTTP/1.1\r\nHost: {ann.host}\r\nOrigin: {ann.origin}\r\nContent-Length: 9\r\n\r\n".encode()
        )
    assert ann.get("/").status == 200
    assert chat.acts == []


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 30, "٣", ""])
def test_no_nonsense_of_a_length(chat: Served, length: str) -> None:
    """Nothing is read for it."""
    ann = chat.logged_in()
    head = f"POST /act HTTP/1.1\r\nHost: {ann.host}\r\nOrigin: {ann.origin}\r\nCookie: {ann.cookies}\r\n"
    assert ann.raw(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode()) in {400, 413}


def test_no_second_request_in_the_body_of_the_first(chat: Served) -> None:
    """Both a length and chunks: what a proxy before us takes as one request must not be two here."""
    ann = chat.logged_in()
    head = f"POST /act HTTP/1.1\r\nHost: {ann.host}\r\nOrigin: {ann.origin}\r\nCookie: {ann.cookies}\r\n"
    for lengths in ("Content-Length: 4\r\nContent-Length: 5", "Transfer-Encoding: chunked, identity"):
        assert ann.raw(f"{head}{lengths}\r\nConnection: close\r\n\r\n0\r\n\r\n".encode()) in {400, 501}
    assert chat.acts == []


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", "text/xml"])
def test_only_forms_are_taken(chat: Served, kind: str) -> None:
    """Not what a page elsewhere could send without being asked about it."""
    ann = chat.logged_in()
    sent = {"Content-Type": kind, "X-CSRF-Token": ann.csrf}
    assert ann.ask("POST", "/act", sent, f"csrf={ann.csrf}".encode()).status == 415
    assert chat.acts == []


@pytest.mark.parametrize(
    "body",
    [b"csrf={csrf}&say=\xff\xfe", b"csrf={csrf}&say=%ff", b"csrf={csrf}" + b"&a=1" * 200, b"csrf={csrf}&say=1&say=2"],
    ids=["no UTF-8", "no UTF-8 once decoded", "too many fields", "a field twice"],
)
def test_no_form_that_can_be_read_in_two_ways(chat: Served, body: bytes) -> None:
    """Refused as a whole."""
    ann = chat.logged_in()
    assert ann.ask("POST", "/act", FORM, body.replace(b"{csrf}", ann.csrf.encode())).status == 400
    assert chat.acts == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "post", "GET/"])
@pytest.mark.parametrize("target", ["/", "/act", "/login", "/static/chat.css"])
def test_no_other_method(chat: Served, method: str, target: str) -> None:
    """Logged in or not, with everything else right."""
    ann = chat.logged_in()
    for visitor in (ann, chat.visitor()):
        answer = visitor.ask(method, target, {"X-CSRF-Token": ann.csrf, "X-HTTP-Method-Override": "POST"})
        assert answer.status in {400, 405}
        assert answer.headers["Access-Control-Allow-Origin"] is None
    assert chat.acts == []


@pytest.mark.parametrize(("method", "target"), [("GET", "/act"), ("POST", "/"), ("POST", "/static/chat.css")])
def test_no_page_by_anothers_method(chat: Served, method: str, target: str) -> None:
    """A link can't do what takes a form, whatever the query says."""
    ann = chat.logged_in()
    assert ann.ask(method, f"{target}?_method=POST&csrf={ann.csrf}", {"X-HTTP-Method-Override": "POST"}).status == 405
    assert chat.acts == []


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2fapp.py"),
        *("/static/..%252fapp.py", "/static/..%c0%afapp.py", "/static/..%5capp.py", "/static/..\\app.py"),
        *("/static//etc/passwd", "/static/%2fetc%2fpasswd", "//etc/passwd", "/static/chat.css%00.js", "/static/"),
        *("/static/./chat.css", "/static/chat.css/", "/static/chat.css/..", "/static/....//app.py", "/static/%ff"),
        *(
            "/static/.",
            "/static/..",
            "/static/LICENSES.txt",
            "/static/templates",
            "/static/base.html",
            "/static/CHAT.CSS",
        ),
        *("/../../etc/passwd", "/;/", "/%3f", "/static/chat.css;v=1", "/.git/config", "/static/~root"),
    ],
)
def test_nothing_but_what_is_listed(chat: Served, path: str) -> None:
    """In no spelling: nothing above the folder, nothing in it that no page needs."""
    for visitor in (chat.logged_in(), chat.visitor()):
        answer = visitor.ask("GET", path)
        assert answer.status in {400, 404}
        assert "import" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.parametrize(
    "target",
    ["/devices%0d%0aSet-Cookie:%20a=b", "/login/x%0d%0aX: y", "/x\rSet-Cookie: a=b", "/?a=%0d%0aSet-Cookie:%20a=b"],
)
def test_no_header_by_way_of_the_address(chat: Served, target: str) -> None:
    """A line break that is hidden in it makes no header of the answer."""
    line = f"GET {target} HTTP/1.1\r\nHost: {chat.visitor().host}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", chat.port), timeout=10) as connection:
        connection.sendall(line.encode())
        came = connection.makefile("rb").read()
    assert int(came.split()[1]) in {303, 400}
    assert b"set-cookie" not in came.lower()


def test_headers_are_bounded(chat: Served) -> None:
    """Those that go on and on are not waited for."""
    visitor = chat.visitor()
    with suppress(ConnectionResetError):  # what was sent and not read may cut off the answer
        endless = b"X-Long: " + b"x" * 8192 + b"\r\n"
        assert visitor.raw(f"GET / HTTP/1.1\r\nHost: {visitor.host}\r\n".encode() + endless * 20) == 400
    assert visitor.get("/login").status == 200
