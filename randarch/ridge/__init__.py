"""The ridge readout: arrays in, arrays out. See `readout`."""

from randarch.ridge.certificate import Certificate, certify, sampled
from randarch.ridge.model import RidgeModel, RidgePath, solve
from randarch.ridge.readout import FeaturesOf, readout
from randarch.ridge.scores import ReadoutScores, Scores
from randarch.ridge.settings import PAPER_READOUT, RELATIVE_LAMBDAS, RidgeSettings
from randarch.ridge.targets import NotFiniteError

__all__ = [
    "PAPER_READOUT",
    "RELATIVE_LAMBDAS",
    "Certificate",
    "FeaturesOf",
    "NotFiniteError",
    "ReadoutScores",
    "RidgeModel",
    "RidgePath",
    "RidgeSettings",
    "Scores",
    "certify",
    "readout",
    "sampled",
    "solve",
]
