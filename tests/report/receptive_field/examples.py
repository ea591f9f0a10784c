"""Reports of receptive fields, made up where a training would have to give the numbers."""

from typing import Any

import numpy as np

from randarch.analysis import Curves, Trainings
from randarch.layerwise import agreements
from randarch.receptive_field import analyze_fields, suggest
from randarch.reference import make_network
from randarch.report.receptive_field import FieldReport, NetworkReport, StemRemoved

STEMS = (StemRemoved("resnet18", "resnet18_no_stem", (0.8461, 0.9195)),)


def make_network_report(
    name: str = "vgg16", *, trained: bool = True, trials: int = 2, **changes: Any
) -> NetworkReport:
    """A reference network; curves that fall behind the border, and accuracies, if it is `trained`."""
    analysis = analyze_fields(make_network(name, 10, width_divisor=8), 32)
    rng = np.random.default_rng(len(name))
    count, found = len(analysis.layers), suggest(analysis, 10)
    saturation = tuple(rng.uniform(0.3, 0.6, count))
    curves = Curves(saturation, tuple(np.sort(rng.uniform(0.3, 0.9, count))))
    known: dict[str, Any] = {}
    if trained:
        accuracies = tuple(0.7 + 0.01 * i for i in range(trials))
        untrained = Curves(saturation[::-1], curves.probe_accuracy)
        known = {
            "trained": curves,
            "untrained": untrained,
            "trainings": Trainings(accuracies, (False,) * trials),
            "truncated_trainings": Trainings(
                tuple(a + 0.02 for a in accuracies), (False,) * trials
            ),
            "agreements": {
                f"{weights} {path}".strip(): agreement
                for weights, of in (("trained", curves), ("random", untrained))
                for path, agreement in agreements(analysis, of).items()
            },
        }
        if found and found[0].kind == "truncate":
            kept = range(1, 1 + len(found[0].after.layers))
            known |= {
                "truncated_trained": curves.of(kept),
                "truncated_untrained": untrained.of(kept),
            }
    return NetworkReport(name, analysis, found, "digraph {}", **{**known, **changes})


def make_report(*networks: NetworkReport, **changes: Any) -> FieldReport:
    """A run of these networks, or of one."""
    usual: dict[str, Any] = {
        "title": "Fields",
        "networks": networks or (make_network_report(),),
        "command": "python -m me",
        "device": "cpu",
        "deviations": ("Made up.",),
        "stems": STEMS,
    }
    return FieldReport(**{**usual, **changes})
