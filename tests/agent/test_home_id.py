"""The name of a home among those that share a store."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.assemble_parts import new_id
from agent.folders import Home
from agent.home_id import home_id
from tools.errors import StoreUnusable


def test_it_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    """0600; whoever asks later is told the same."""
    home = Home(tmp_path)
    first = home_id(home, new_id)
    assert home_id(home, new_id) == first
    assert stat.S_IMODE(home.id_file.stat().st_mode) == 0o600


def test_many_at_once_agree(tmp_path: Path) -> None:
    """One makes it, and none has another one in its hands."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: home_id(Home(tmp_path), new_id), range(40)))
    assert len(found) == 1


@pytest.mark.parametrize("text", ["", "\n", "home-", "home/../else", "home-12 34", "home-é"])
def test_what_is_no_id_is_refused(tmp_path: Path, text: str) -> None:
    """It names a queue: half a file, or somebody's notes, must not."""
    Home(tmp_path).id_file.write_text(text)
    with pytest.raises(StoreUnusable, match="holds no id of a home"):
        home_id(Home(tmp_path), new_id)
