"""How often, how many at once, and that no memory grows by it."""

from agent.chat.web import limits
from agent.chat.web.limits import Rate, Room, Streams
from agent.chat.web.sessions import MOST, Sessions
from tests.fakes.clock import FakeClock


def test_so_many_at_once_then_one_by_one() -> None:
    """What was spent comes back over the time; what was refused costs nothing."""
    clock = FakeClock()
    rate = Rate(3, 60, clock.monotonic)
    assert [rate.wait("a") for _ in range(5)] == [0, 0, 0, 20, 20]
    clock.advance(19)
    assert rate.wait("a") == 1
    clock.advance(1)
    assert [rate.wait("a") for _ in range(2)] == [0, 20]
    clock.advance(3600)
    assert [rate.wait("a") for _ in range(4)] == [0, 0, 0, 20]


def test_each_key_has_its_own() -> None:
    """One that is used up slows down no other."""
    rate = Rate(1, 60, FakeClock().monotonic)
    assert [rate.wait(key) for key in ("a", "a", "b")] == [0, 60, 0]


def test_keys_are_forgotten_where_there_are_too_many() -> None:
    """Those first that came the longest ago."""
    rate = Rate(1, 60, FakeClock().monotonic)
    for number in range(limits.MOST_KEYS + 10):
        rate.wait(str(number))
    assert len(rate._free_at) == limits.MOST_KEYS
    assert rate.wait("0") == 0
    assert rate.wait(str(limits.MOST_KEYS)) == 60


def test_streams_are_bounded_in_all_and_by_session() -> None:
    """And each place is given back, also where a stream fails."""
    streams = Streams(Room(of_one=2, in_all=3))
    with streams.one_more("a"), streams.one_more("a"):
        assert not streams.has_room("a")
        assert streams.has_room("b")
        with streams.one_more("b"):
            assert not streams.has_room("c")
    assert streams.has_room("a")
    assert streams._open == {}


def test_sessions_are_bounded() -> None:
    """One more ends the one that was silent for the longest, and what streams to it."""
    clock = FakeClock()
    tokens = iter(range(10_000))
    sessions = Sessions(clock.now, lambda: str(next(tokens)))
    cookies = [sessions.begin("web:ann") for _ in range(MOST)]
    clock.advance(1)
    for cookie in (*cookies[:5], *cookies[6:]):
        assert sessions.find(cookie, "here")
    silent = sessions.find(cookies[5], "here")
    assert silent is not None
    over = sessions.over(silent.key)
    clock.advance(1)
    for cookie in (*cookies[:5], *cookies[6:]):
        sessions.find(cookie, "here")
    sessions.begin("web:bob")
    assert over.is_set()
    assert sessions.find(cookies[5], "here") is None
    assert sessions.of("web:ann") == MOST - 1


def test_sessions_that_are_over_make_room() -> None:
    """Before anybody is sent away."""
    clock = FakeClock()
    tokens = iter(range(10_000))
    sessions = Sessions(clock.now, lambda: str(next(tokens)))
    for _ in range(MOST - 1):
        sessions.begin("web:old")
    clock.advance(3 * 3600)
    ann = sessions.begin("web:ann")
    clock.advance(10 * 3600)
    sessions.begin("web:bob")
    assert sessions.find(ann, "here")
    assert sessions.of("web:old") == 0
    assert len(sessions._kept) == 2


def test_a_session_shows_no_secret() -> None:
    """In a traceback or a log."""
    tokens = iter(["cookie", "csrf-token"])
    sessions = Sessions(FakeClock().now, lambda: next(tokens))
    session = sessions.find(sessions.begin("web:ann"), "127.0.0.1")
    assert session is not None
    assert session.by == "web:ann from 127.0.0.1"
    assert "csrf-token" not in repr(session)
    assert session.key not in repr(session)
    assert "cookie" not in str(sessions._kept)
