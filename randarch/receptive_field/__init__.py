"""What a network wastes at a resolution, or does not see, known before it is trained."""

from randarch.receptive_field.columns import (
    BORDER,
    UNPRODUCTIVE,
    AtMostUnproductive,
    check_most,
    field_columns,
)
from randarch.receptive_field.fields import (
    FieldAnalysis,
    LayerField,
    analyze_fields,
    convolution_fields,
)
from randarch.receptive_field.gates import without_gates
from randarch.receptive_field.paths import extreme_path, sequences, two_paths
from randarch.receptive_field.suggestions import Suggestion, replace_operations, suggest
from randarch.receptive_field.truncation import NothingToTruncateError, truncate, waists

__all__ = [
    "BORDER",
    "UNPRODUCTIVE",
    "AtMostUnproductive",
    "FieldAnalysis",
    "LayerField",
    "NothingToTruncateError",
    "Suggestion",
    "analyze_fields",
    "check_most",
    "convolution_fields",
    "extreme_path",
    "field_columns",
    "replace_operations",
    "sequences",
    "suggest",
    "truncate",
    "two_paths",
    "waists",
    "without_gates",
]
