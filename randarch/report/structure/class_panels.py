"""Panels of the classes beside the published ones, and of ensembles."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from randarch.analysis import ClassResult, Ensemble
from randarch.report import style
from randarch.report.numbers import decimal, interval
from randarch.report.structure.report import StructureReport

METHODS = {
    "best": "best single network",
    "vote": "vote of the best",
    "specialists": "vote of specialists",
    "greedy": "greedy choice, vote",
    "bayes": "Bayes, the best",
    "bayes_specialists": "Bayes, specialists",
}
"""Short names of the ways to combine networks."""
_LINES = {
    "vote": (style.RFM, "-"),
    "specialists": (style.ENSEMBLE, "-"),
    "greedy": (style.TRAINED, "-"),
    "bayes": (style.RFM, "--"),
    "bayes_specialists": (style.ENSEMBLE, "--"),
}


def draw_specialists(axes: Axes, report: StructureReport) -> None:
    """Accuracy on the report part against how many networks are combined; the chosen size is marked."""
    if report.specialists is None:
        raise ValueError("the report has no ensembles; expected Specialists")
    for i, ensemble in enumerate(report.specialists.ensembles):
        if ensemble.method == "best":
            best = 100 * ensemble.accuracy.value
            axes.axhline(best, color="#1a1a1a", linewidth=1.2, label=METHODS["best"])
        else:
            _line(axes, ensemble, i)
    largest = max(e.sizes[-1] for e in report.specialists.ensembles)
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if t <= largest]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("networks that are combined, logarithmic")
    axes.set_ylabel("accuracy on the report part (%)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.46, -0.16), ncols=2, columnspacing=1.2)


def _line(axes: Axes, ensemble: Ensemble, number: int) -> None:
    colour, line = _LINES.get(ensemble.method, (style.SERIES[number % len(style.SERIES)], ":"))
    x = np.array(ensemble.sizes, dtype=float)
    name = METHODS.get(ensemble.method, ensemble.method)
    few = "o" if len(x) < 8 else None
    axes.plot(
        x, 100 * ensemble.report, color=colour, linestyle=line, marker=few, markersize=4, label=name
    )
    # Sizes may be the same: intervals stand a little apart.
    where = ensemble.size * 1.025 ** (number - 3)
    middle = ensemble.accuracy.value
    axes.errorbar(
        [where],
        [100 * middle],
        yerr=[[100 * (middle - ensemble.accuracy.low)], [100 * (ensemble.accuracy.high - middle)]],
        marker="D",
        color=colour,
        markerfacecolor=colour if line == "-" else "white",
        markersize=6,
        elinewidth=1.2,
        capsize=2.5,
        linestyle="none",
    )


def draw_published_class(axes: Axes, report: StructureReport, name: str) -> None:
    """One number of each class, published across and ours upwards; the line is where both are equal.

    Args:
      axes: to draw into.
      report: with published classes and their comparison.
      name: `mean`, `top` or `distance`.
    """
    published, compared = report.published, report.against_classes
    if published is None or compared is None:
        raise ValueError("the report has no published classes to compare; expected both")
    title, scale = {
        "mean": ("mean accuracy (%)", 100),
        "top": ("highest accuracy (%)", 100),
        "distance": ("distance", 1),
    }[name]
    results = published_too(report)
    theirs = scale * np.array([getattr(published.classes[c.name], name) for c in results], float)
    ours = scale * np.array([getattr(c, name) for c in results], float)
    ends = [float(f(theirs.tolist() + ours.tolist())) for f in (min, max)]
    axes.plot(ends, ends, color=style.GREY, linewidth=1, linestyle="--")
    axes.scatter(theirs, ours, s=18, color=style.RFM, linewidth=0)
    rho = getattr(compared, name).spearman
    axes.set_title(f"Spearman {decimal(rho.value, 2)} {interval(rho)}")
    axes.set_xlabel(f"{title}, published")
    axes.set_ylabel(f"{title}, here")


def published_too(report: StructureReport) -> tuple[ClassResult, ...]:
    """The classes that have published numbers."""
    if report.published is None:
        return ()
    known = report.published.classes
    return tuple(c for c in report.analysis.classes.classes if c.name in known)
