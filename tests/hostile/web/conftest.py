"""A server for each module; each test has a minute of its own, so that no limit of one is felt by another."""

from collections.abc import Iterator

import pytest

from tests.hostile.web.served import Served, served


@pytest.fixture(scope="module")
def _on_loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("chat")) as chat:
        yield chat


@pytest.fixture(scope="module")
def _public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("chat"), public=True) as chat:
        yield chat


@pytest.fixture
def chat(_on_loopback: Served) -> Served:
    """On loopback."""
    return _fresh(_on_loopback)


@pytest.fixture
def public_chat(_public: Served) -> Served:
    """Behind a proxy with TLS."""
    return _fresh(_public)


def _fresh(chat: Served) -> Served:
    chat.clock.advance(60)
    chat.acts.clear()
    return chat
