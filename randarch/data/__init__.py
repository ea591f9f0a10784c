"""Named image data sets as arrays, their variants, and augmentation as pure functions."""

from .augmentation import normalize, pad_crop_flip, random_crop, random_flip
from .colours import COLOURS, make_colours
from .dataset import DataError, Dataset
from .fabrics import FABRICS, make_fabrics
from .generated import GeneratedSet
from .npz import load_npz
from .registry import BUILT_IN, Choice, load
from .resize import RESIZES, Resize, common_channels, conform
from .shapes import SHAPES, load_shapes, make_shapes
from .subset import class_quota, stratified_indices
from .textures import TEXTURES, make_textures
from .variants import Variant, apply_variants, split_variants

__all__ = [
    "BUILT_IN",
    "COLOURS",
    "FABRICS",
    "RESIZES",
    "SHAPES",
    "TEXTURES",
    "Choice",
    "DataError",
    "Dataset",
    "GeneratedSet",
    "Resize",
    "Variant",
    "apply_variants",
    "class_quota",
    "common_channels",
    "conform",
    "load",
    "load_npz",
    "load_shapes",
    "make_colours",
    "make_fabrics",
    "make_shapes",
    "make_textures",
    "normalize",
    "pad_crop_flip",
    "random_crop",
    "random_flip",
    "split_variants",
    "stratified_indices",
]
