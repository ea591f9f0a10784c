"""Whether what the layers do changes where the receptive field says."""

from randarch.analysis import Agreement, Curves
from randarch.receptive_field import FieldAnalysis, sequences


def agreements(analysis: FieldAnalysis, curves: Curves) -> dict[str, Agreement]:
    """Of predicted borders with curves, for each sequence of convolutions (`receptive_field.sequences`) by its name.

    Numbers of layers are counted along the sequence.

    Args:
      analysis: of a network.
      curves: of all its convolutions.
    """
    found = {}
    for name, layers in sequences(analysis).items():
        behind = [number for number, layer in enumerate(layers, 1) if layer.unproductive_min]
        own = curves.of([layer.position for layer in layers])
        found[name] = Agreement.of(min(behind, default=None), own)
    return found
