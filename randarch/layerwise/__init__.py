"""What each layer of a network does, trained or not: saturation and probes."""

from randarch.layerwise.agreements import agreements
from randarch.layerwise.curves import curves, probed_bytes, untrained_variables
from randarch.layerwise.probes import ProbeScores, probe
from randarch.layerwise.saturation import Covariance, saturation

__all__ = [
    "Covariance",
    "ProbeScores",
    "agreements",
    "curves",
    "probe",
    "probed_bytes",
    "saturation",
    "untrained_variables",
]
