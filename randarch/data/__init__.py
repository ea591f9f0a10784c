"""Named image data sets as arrays, and augmentation as pure functions."""

from .augmentation import normalize, pad_crop_flip, random_crop, random_flip
from .dataset import DataError, Dataset
from .npz import load_npz
from .registry import BUILT_IN, Choice, load
from .shapes import SHAPES, load_shapes, make_shapes
from .subset import class_quota, stratified_indices

__all__ = [
    "BUILT_IN",
    "SHAPES",
    "Choice",
    "DataError",
    "Dataset",
    "class_quota",
    "load",
    "load_npz",
    "load_shapes",
    "make_shapes",
    "normalize",
    "pad_crop_flip",
    "random_crop",
    "random_flip",
    "stratified_indices",
]
