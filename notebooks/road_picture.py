"""A picture of the road: every edge of the compiled graph, and none besides.

Nodes stand in one column, in the order of a run that goes well. An edge to the next node is straight, one that skips
nodes runs down on the right, one that goes back runs up on the left, and one to the node itself is a small ring in it.
Edges that end at the same node share a lane. Only the order, the glosses and the colours are written here by hand.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from agent.graph import Road

Point = tuple[float, float]
Pair = tuple[str, str]

GLOSSES = {
    "__start__": "",
    "intake": "is the job whole?",
    "discover": "what is on offer now?",
    "pick": "which GPU, and why not the others?",
    "rent": "read the price again and decide",
    "escalate": "wait for a human or a paid checkout",
    "pay": "reserve, then spend once",
    "poll": "is the pod up?",
    "run_job": "start the job once, stand by it",
    "collect": "bring the outputs home, checked",
    "terminate": "end the pod, and see it gone",
    "diagnose": "another pod, or the end?",
    "report": "the last word, written down",
    "__end__": "",
}
"""Every node from top to bottom, with what it does."""

BLUE, ORANGE, GREEN, PURPLE, GREY, INK = "#0072B2", "#D98200", "#00896A", "#A3487F", "#8A8F98", "#20262E"
GOOD, HUMAN, BACK = "a good run", "a human is asked", "back, for another offer"
BOUGHT, HOME, END = "bought already: never twice", "something went wrong", "straight to the end"
COLOURS = {GOOD: BLUE, HUMAN: ORANGE, BACK: GREEN, BOUGHT: INK, HOME: PURPLE, END: GREY}
WIDTHS = {GOOD: 3.0, HUMAN: 1.9, BACK: 1.6, BOUGHT: 1.2, HOME: 1.4, END: 1.2}
LAYERS = {GOOD: 5, HUMAN: 4, BACK: 3, BOUGHT: 2, HOME: 2, END: 1}
"""Colours from Okabe and Ito, darkened a little: told apart by readers who confuse red and green."""

ASIDE = {"escalate": (ORANGE, "#FFF5E0"), "diagnose": (PURPLE, "#FAEFF6")}
"""Nodes that a good run without questions passes by, with their colours."""

STEP_CODES = [int(Path.MOVETO), int(Path.LINETO)]
LANE_CODES = [int(code) for code in (Path.MOVETO, *(Path.LINETO, Path.CURVE3, Path.CURVE3) * 2, Path.LINETO)]

ROW, DOT = 1.0, 0.15
NAME, GLOSS = 0.25, 1.72
HALF_WIDTH, HALF_HEIGHT = 2.85, 0.31
FIRST_LANE, LANE, CORNER, PORT = 0.42, 0.36, 0.16, 0.115


def drawn_edges(figure: Figure) -> list[Pair]:
    """The edges that are really in a picture made by `draw_road`, read from what was drawn."""
    names = [artist.get_gid() or "" for axes in figure.axes for artist in axes.get_children()]
    pairs = [name.removeprefix("edge:").split(">") for name in names if name.startswith("edge:")]
    return sorted((source, target) for source, target in pairs)


def gid(pair: Pair) -> str:
    """What the line of an edge is called in the picture."""
    return f"edge:{pair[0]}>{pair[1]}"


def draw_road(road: Road) -> Figure:
    """Draw the compiled graph.

    Raises:
        ValueError: it has a node that has no place in the picture yet.
    """
    graph = road.get_graph()
    plan = Plan.of((edge.source, edge.target) for edge in graph.edges)
    figure = Figure(figsize=(9.0, 10.0), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for name in graph.nodes:
        _draw_node(axes, name)
    for pair in sorted(plan.edges):
        _draw_edge(axes, plan, pair)
    _draw_legend(axes)
    axes.set(xlim=(-4.6, 5.0), ylim=(-13.6, 0.3), aspect="equal")
    axes.axis("off")
    return figure


@dataclass(frozen=True, slots=True)
class Plan:
    """Where edges leave, run and arrive.

    Attributes:
        edges: (source, target).
        lanes: (is it on the right, target) → x.
        ports: (node, is it on the right, the other end; "" for what arrives) → y.
    """

    edges: frozenset[Pair]
    lanes: dict[tuple[bool, str], float]
    ports: dict[tuple[str, bool, str], float]

    @classmethod
    def of(cls, edges: Iterable[Pair]) -> "Plan":
        """Lanes nest, the nearest target innermost; ports are stacked so that lines of one node never cross."""
        pairs = frozenset(edges)
        lanes: dict[tuple[bool, str], float] = {}
        for right in (True, False):
            targets = {
                target for source, target in pairs if is_lane((source, target)) and goes_down(source, target) is right
            }
            for place, target in enumerate(sorted(targets, key=lambda name: row(name) if right else -row(name))):
                x = HALF_WIDTH + FIRST_LANE + LANE * place
                lanes[right, target] = x if right else -x
        return cls(pairs, lanes, _ports(pairs))


def row(name: str) -> int:
    """Which row a node stands in, from the top."""
    return list(GLOSSES).index(name)


def goes_down(source: str, target: str) -> bool:
    """Whether an edge leads on, not back."""
    return row(target) > row(source)


def is_lane(pair: Pair) -> bool:
    """Whether an edge runs beside the column."""
    return row(pair[1]) - row(pair[0]) not in {0, 1}


def kind(source: str, target: str) -> str:
    """What an edge means, as the legend has it."""
    good = [name for name in GLOSSES if name not in ASIDE]
    if (source, target) in pairwise(good):
        return GOOD
    if target == "escalate" or (source, target) == ("escalate", "pay"):
        return HUMAN
    if not goes_down(source, target):
        return BACK
    return {"report": END, "pay": BOUGHT}.get(target, HOME)


def _ports(pairs: Iterable[Pair]) -> dict[tuple[str, bool, str], float]:
    """Heights on each side of each node: what arrives nearest to where it comes from, then the outermost lane first."""
    stacks: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for source, target in filter(is_lane, pairs):
        right = goes_down(source, target)
        stacks[source, right].add(target)
        stacks[target, right].add("")
    ports = {}
    for (name, right), others in stacks.items():
        leaving = sorted(others - {""}, key=row, reverse=right)
        stack = ["", *leaving] if "" in others else leaving
        for place, other in enumerate(stack):
            offset = ((len(stack) - 1) / 2 - place) * PORT
            ports[name, right, other] = -ROW * row(name) + (offset if right else -offset)
    return ports


def _draw_node(axes: Axes, name: str) -> None:
    y = -ROW * row(name)
    if name.startswith("__"):
        axes.add_patch(Circle((0, y), DOT, color=BLUE, zorder=7))
        axes.text(0.28, y, name.strip("_"), va="center", fontsize=10.5, color=INK)
        return
    edge, face = ASIDE.get(name, (BLUE, "#EAF4FB"))
    corner = (-HALF_WIDTH, y - HALF_HEIGHT)
    style = "round,pad=0,rounding_size=0.31"
    axes.add_patch(
        FancyBboxPatch(
            corner, 2 * HALF_WIDTH, 2 * HALF_HEIGHT, style, facecolor=face, edgecolor=edge, linewidth=1.6, zorder=6
        )
    )
    axes.text(-HALF_WIDTH + NAME, y, name, va="center", fontsize=11, fontweight="bold", color=INK, zorder=7)
    axes.text(-HALF_WIDTH + GLOSS, y, GLOSSES[name], va="center", fontsize=9, color=INK, zorder=7)


def _draw_edge(axes: Axes, plan: Plan, pair: Pair) -> None:
    source, target = pair
    if source == target:
        _draw_ring(axes, source)
    elif is_lane(pair):
        _draw_arrow(axes, _lane(plan, pair), LANE_CODES, pair)
    else:
        _draw_arrow(axes, _step(source, target), STEP_CODES, pair)


def _step(source: str, target: str) -> list[Point]:
    leaves, arrives = (DOT if name.startswith("__") else HALF_HEIGHT for name in (source, target))
    return [(0.0, -ROW * row(source) - leaves), (0.0, -ROW * row(target) + arrives)]


def _lane(plan: Plan, pair: Pair) -> list[Point]:
    """Out of the side, along the lane, into the side: straight but for two round corners."""
    source, target = pair
    right = goes_down(source, target)
    x = plan.lanes[right, target]
    side, before = (HALF_WIDTH, x - CORNER) if right else (-HALF_WIDTH, x + CORNER)
    leaves, arrives = plan.ports[source, right, target], plan.ports[target, right, ""]
    turn = -CORNER if right else CORNER
    out = [(side * 0.96, leaves), (before, leaves), (x, leaves), (x, leaves + turn)]
    return [*out, (x, arrives - turn), (x, arrives), (before, arrives), (side, arrives)]


def _draw_arrow(axes: Axes, points: list[Point], codes: list[int], pair: Pair) -> None:
    means = kind(*pair)
    look: dict[str, Any] = {"color": COLOURS[means], "zorder": LAYERS[means]}
    path = Path(points, codes)
    axes.add_patch(PathPatch(path, fill=False, linewidth=WIDTHS[means], capstyle="butt", gid=gid(pair), **look))
    (x0, y0), (x1, y1) = points[-2:]
    share = 0.2 / max(abs(x1 - x0), abs(y1 - y0))
    tail = (x1 - (x1 - x0) * share, y1 - (y1 - y0) * share)
    size = 8 + 3 * WIDTHS[means]
    axes.add_patch(
        FancyArrowPatch(tail, points[-1], arrowstyle="-|>", mutation_scale=size, shrinkA=0, shrinkB=0, **look)
    )


def _draw_ring(axes: Axes, name: str) -> None:
    place = Affine2D().scale(0.13).translate(HALF_WIDTH - 0.36, -ROW * row(name))
    ring = place.transform_path(Path.arc(60, 370))
    look: dict[str, Any] = {"color": INK, "linewidth": 1.2, "zorder": 7}
    axes.add_patch(FancyArrowPatch(path=ring, arrowstyle="-|>", mutation_scale=7, gid=gid((name, name)), **look))


def _draw_legend(axes: Axes) -> None:
    handles = [Line2D([], [], color=COLOURS[name], linewidth=WIDTHS[name], label=name) for name in COLOURS]
    ring = Line2D(
        [], [], color=INK, linestyle="none", marker="$\u21bb$", markersize=10, label="to itself: it looks again"
    )
    axes.legend(
        handles=[*handles, ring], loc="upper center", bbox_to_anchor=(0.5, 0.03), ncols=3, frameon=False, fontsize=9.5
    )
