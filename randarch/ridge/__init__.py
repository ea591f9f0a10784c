"""The ridge readout: arrays in, arrays out. See `readout`."""

from randarch.ridge.batch import BatchScores, cross_kernel, solve_batch
from randarch.ridge.certificate import Certificate, certify, sampled
from randarch.ridge.model import RidgeModel, RidgePath, solve
from randarch.ridge.readout import FeaturesOf, readout
from randarch.ridge.scores import ReadoutScores, Scores
from randarch.ridge.settings import PAPER_READOUT, RELATIVE_LAMBDAS, RidgeSettings
from randarch.ridge.targets import Encoded, NotFiniteError, encode

__all__ = [
    "PAPER_READOUT",
    "RELATIVE_LAMBDAS",
    "BatchScores",
    "Certificate",
    "Encoded",
    "FeaturesOf",
    "NotFiniteError",
    "ReadoutScores",
    "RidgeModel",
    "RidgePath",
    "RidgeSettings",
    "Scores",
    "certify",
    "cross_kernel",
    "encode",
    "readout",
    "sampled",
    "solve",
    "solve_batch",
]
