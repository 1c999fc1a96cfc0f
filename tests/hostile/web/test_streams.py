"""Streams: without a login, after a logout, of somebody else, too many at once."""

from contextlib import ExitStack
from http.client import HTTPResponse

import pytest

from agent.chat.web import stream
from agent.chat.web.limits import Room
from tests.hostile.web.served import Served


def first(came: HTTPResponse) -> str:
    """The first event's data."""
    return came.readline().decode().strip()


def rest(came: HTTPResponse) -> bytes:
    """All that comes until the server ends it."""
    return came.read()


def test_no_stream_without_a_login(chat: Served) -> None:
    """Nothing but the way to the login."""
    with chat.visitor().stream("/events") as (status, came):
        assert status == 303
        assert rest(came) == b""


def test_a_stream_is_kept_by_nobody_and_read_by_no_other_site(chat: Served) -> None:
    """It has the headers of every answer."""
    with chat.logged_in().stream("/events") as (status, came):
        assert (status, first(came)) == (200, "data: web:ann")
        assert came.headers["Cache-Control"] == "no-store"
        assert came.headers["Content-Security-Policy"]
        assert came.headers["Access-Control-Allow-Origin"] is None


def test_a_stream_ends_with_the_logout(chat: Served) -> None:
    """At once; that of somebody else, and one's own from another device, go on."""
    ann, phone, bob = chat.logged_in(), chat.logged_in(), chat.logged_in("web:bob")
    with ann.stream("/events") as (_, anns), phone.stream("/events") as (_, phones), bob.stream("/events") as (_, bobs):
        assert [first(came) for came in (anns, phones, bobs)] == ["data: web:ann", "data: web:ann", "data: web:bob"]
        ann.post("/logout")
        assert rest(anns).strip() == b""
        phone.post("/logout-everywhere")
        assert rest(phones).strip() == b""
        bobs.readline()
        assert bob.get("/").status == 200
        assert chat.door.streams._open


def test_a_stream_ends_when_the_session_is_too_old(chat: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nothing comes: it is looked at now and then."""
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.05)
    with chat.logged_in().stream("/events") as (_, came):
        first(came)
        chat.clock.advance(13 * 3600)
        assert rest(came).strip() == b""


def test_so_many_streams_and_no_more(chat: Served) -> None:
    """By session; another one has its own, and one that is closed makes room."""
    ann, bob = chat.logged_in(), chat.logged_in("web:bob")
    with ExitStack() as many:
        for _ in range(Room().of_one):
            status, came = many.enter_context(ann.stream("/events"))
            assert (status, first(came)) == (200, "data: web:ann")
        with ann.stream("/events") as (status, _):
            assert status == 429
        with bob.stream("/events") as (status, _):
            assert status == 200
    until_room(chat)
    with ann.stream("/events") as (status, _):
        assert status == 200


def until_room(chat: Served) -> None:
    """The server sees that connections were closed."""
    for _ in range(1000):
        if not chat.door.streams._open:
            return
        chat.visitor().get("/login")
    raise AssertionError("the places of closed streams are never given back")
