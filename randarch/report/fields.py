"""Scores of networks by what their receptive fields say, for the pages of studies that score many networks."""

from collections.abc import Mapping, Sequence

from randarch.analysis import FieldGroup
from randarch.report.numbers import percent, points
from randarch.report.tables import Table


def fields_table(groups: Sequence[FieldGroup], labels: Mapping[str, str]) -> Table | None:
    """A row for each number of unproductive convolutions; None where no network has any.

    Args:
      groups: of the networks.
      labels: of their scores, which are fractions.
    """
    if not any(group.unproductive for group in groups):
        return None
    rows = tuple(
        (
            str(group.unproductive),
            f"{group.n:,}",
            *(_score(group, name) for name in labels),
        )
        for group in groups
    )
    return Table(
        "By receptive field: mean accuracy (standard deviation; how many have one, if not all)",
        ("Unproductive convolutions", "Networks", *labels.values()),
        rows,
        "A convolution is unproductive if each position that it reads has already seen a window larger than the "
        "image: it can add nothing of the surroundings (Richter et al., Should You Go Deeper?). That is known from "
        "the architecture alone; the networks of a row differ in much else too.",
    )


def _score(group: FieldGroup, name: str) -> str:
    known = f"; n = {group.known[name]:,}" if group.known[name] < group.n else ""
    return f"{percent(group.means[name])} ({points(group.sds[name])}{known})"
