"""A network as boxes from left to right: productive convolutions in one colour, the tail in another."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from randarch.receptive_field import FieldAnalysis, without_gates
from randarch.report import style
from randarch.report.receptive_field.panels import PRODUCTIVE, TAIL
from randarch.spec import Add, ArchSpec, Concat, Conv, GlobalPool, Linear, Pool

DRAWN = (Conv, Pool, Add, Concat, GlobalPool, Linear)
JOINS = {Add: "+", Concat: "||"}


def place(spec: ArchSpec) -> tuple[dict[int, tuple[float, float]], list[tuple[int, int]]]:
    """Where nodes stand, and which are joined.

    Columns are the longest way from the input; nodes of one column stand beside each other around the
    middle. Normalisations and activations are left out: what they pass on is drawn as theirs.

    Returns:
      (column, row) of each node that is drawn, by index, and pairs of indices.
    """
    stands_for: dict[int, int] = {}
    column: dict[int, int] = {}
    edges: list[tuple[int, int]] = []
    for index, node in enumerate(spec.nodes):
        sources = [stands_for[i] for i in node.inputs]
        if sources and not isinstance(node.op, DRAWN):
            stands_for[index] = sources[0]
            continue
        stands_for[index] = index
        column[index] = 1 + max((column[s] for s in sources), default=-1)
        edges += [(source, index) for source in dict.fromkeys(sources)]
    members: dict[int, list[int]] = {}
    for index, at in column.items():
        members.setdefault(at, []).append(index)
    places = {
        index: (float(at), row - (len(nodes) - 1) / 2)
        for at, nodes in members.items()
        for row, index in enumerate(nodes)
    }
    return places, edges


def draw_network(axes: Axes, analysis: FieldAnalysis) -> None:
    """Boxes are convolutions with their numbers, circles what joins paths, grey the rest; without attention."""
    spec, was = without_gates(analysis.spec)
    places, edges = place(spec)
    now = {old: new for new, old in was.items()}
    numbers = {now[layer.node]: layer.position for layer in analysis.layers}
    colours = {
        now[layer.node]: TAIL if layer.unproductive_min else PRODUCTIVE for layer in analysis.layers
    }
    for source, target in edges:
        (x0, y0), (x1, y1) = places[source], places[target]
        bend = 0.0 if x1 - x0 <= 1 or y0 != y1 else -0.25
        axes.annotate(
            "",
            (x1, y1),
            (x0, y0),
            arrowprops={
                "arrowstyle": "-",
                "color": style.GREY,
                "linewidth": 0.8,
                "connectionstyle": f"arc3,rad={bend}",
            },
            zorder=1,
        )
    for index, (x, y) in places.items():
        _draw_node(axes, spec, index, x, y, numbers, colours)
    columns = [x for x, _ in places.values()]
    rows = [y for _, y in places.values()]
    axes.set_xlim(-1, max(columns) + 1)
    axes.set_ylim(min(rows) - 1.6, max(rows) + 1.2)
    axes.set_axis_off()


def _draw_node(
    axes: Axes,
    spec: ArchSpec,
    index: int,
    x: float,
    y: float,
    numbers: Mapping[int, int],
    colours: Mapping[int, str],
) -> None:
    op = spec.nodes[index].op
    if isinstance(op, tuple(JOINS)):
        axes.plot(x, y, "o", color="white", markeredgecolor=style.GREY, markersize=7, zorder=2)
        axes.annotate(
            JOINS[type(op)],
            (x, y),
            ha="center",
            va="center",
            fontsize=6,
            color=style.PAPER,
            zorder=3,
        )
        return
    colour = colours.get(index, "#dddddd")
    strided = isinstance(op, Conv | Pool) and op.stride > 1
    box = FancyBboxPatch(
        (x - 0.34, y - 0.34),
        0.68,
        0.68,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor=colour,
        edgecolor="black" if strided else "none",
        linewidth=1,
        zorder=2,
    )
    axes.add_patch(box)
    text = str(numbers[index]) if index in numbers else {Pool: "p", Linear: "fc"}.get(type(op), "")  # type: ignore[call-overload]
    dark = index in numbers
    axes.annotate(
        text,
        (x, y),
        ha="center",
        va="center",
        fontsize=6,
        color="white" if dark else style.PAPER,
        zorder=3,
    )
