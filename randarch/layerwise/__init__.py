"""What each layer of a network does, trained or not: saturation and probes."""

from randarch.layerwise.agreements import agreements
from randarch.layerwise.curves import curves, untrained_variables
from randarch.layerwise.groups import group_bytes
from randarch.layerwise.probes import ProbeScores, probe
from randarch.layerwise.saturation import Covariance, saturation

__all__ = [
    "Covariance",
    "ProbeScores",
    "agreements",
    "curves",
    "group_bytes",
    "probe",
    "saturation",
    "untrained_variables",
]
