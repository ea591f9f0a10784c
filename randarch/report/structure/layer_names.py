"""What readers are told of layer types, structures and classes, which the analysis knows by short names."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"(conv|max|avg)([0-9]+)(?:d([0-9]+))?")
_POOLINGS = {"max": "max-pooling", "avg": "average-pooling"}
_LETTERS = {"C": "convolution", "M": "max-pooling", "A": "average-pooling"}


def meaning(word: str) -> str:
    """`conv5d2` is a `5x5 convolution, dilation 2`; a word of another library is empty."""
    if word == "identity":
        return "no layer: the output is the input"
    found = _WORD.fullmatch(word)
    if found is None:
        return ""
    window = f"{found[2]}x{found[2]}"
    if found[1] in _POOLINGS:
        return f"{window} {_POOLINGS[found[1]]}"
    dilation = f", dilation {found[3]} ({extent(word)}x{extent(word)} across)" if found[3] else ""
    return f"{window} convolution{dilation}"


def extent(word: str) -> int | None:
    """How far the kernel of a convolution reaches, holes included; None for what is no convolution."""
    found = _WORD.fullmatch(word)
    if found is None or found[1] != "conv":
        return None
    return int(found[3] or 1) * (int(found[2]) - 1) + 1


def sequence(layers: Iterable[str]) -> str:
    """A network as its layer types, as the commands write it."""
    return " - ".join(layers)


def structure(letters: str) -> str:
    """`CMC` is `convolution - max-pooling - convolution`; anything else is left as it is."""
    if not letters:
        return "no layers"
    if not set(letters) <= set(_LETTERS):
        return letters
    return " - ".join(_LETTERS[letter] for letter in letters)


def class_name(name: str) -> str:
    """`oak_tree` is `oak tree`."""
    return name.replace("_", " ")


def introduced(types: Iterable[str]) -> str:
    """An example of each kind of layer with its meaning, in a sentence; empty if all words are foreign."""
    told: dict[str, str] = {}
    for word in types:
        found = _WORD.fullmatch(word)
        dilated = found is not None and found[3] is not None
        kind = f"{found[1]}{dilated}" if found else word
        # The last of a kind: a large kernel tells more than one of 1x1.
        if meaning(word):
            told[kind] = f"{word} ({meaning(word)})"
    return f"Layer types are written as words: {', '.join(told.values())}." if told else ""
