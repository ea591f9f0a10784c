"""What each layer of a network does, trained or not: saturation, probes, and where the tail begins."""

from randarch.layerwise.probes import ProbeScores, probe
from randarch.layerwise.saturation import Covariance, saturation
from randarch.layerwise.tails import tail_start

__all__ = ["Covariance", "ProbeScores", "probe", "saturation", "tail_start"]
