"""Charts: bounded, whatever the figures."""

import pytest

from agent.chat.web.svg import HEIGHT, WIDTH, Bar, bar_of, line_of


def test_a_line_goes_from_left_to_right() -> None:
    """The latest at the right, full at the top; the same in words."""
    line = line_of([0, 50, 100])
    assert line.points == f"0.0,{HEIGHT:.1f} {WIDTH / 2:.1f},{HEIGHT / 2:.1f} {WIDTH:.1f},0.0"
    assert line.words == "100 % now, between 0 % and 100 % in the last 3 looks"


@pytest.mark.parametrize("figures", [[], [40], [-5, 900]])
def test_few_and_strange_figures(figures: list[int]) -> None:
    """None, one, and what no percentage is."""
    for point in line_of(figures).points.split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


@pytest.mark.parametrize(
    ("figures", "bar"),
    [
        ((0, 0, 100), Bar(0, 0)),
        ((50, 25, 100), Bar(50, 25)),
        ((90, 25, 100), Bar(90, 10)),
        ((300, 300, 100), Bar(100, 0)),
        ((0, 0, 0), Bar(100, 0)),
    ],
)
def test_a_bar_is_never_longer_than_its_cap(figures: tuple[int, int, int], bar: Bar) -> None:
    """Of cents."""
    assert bar_of(*figures) == bar
