"""Structures as the paper describes them: "a convolution layer(s), then max pooling layer(s) and, finally, another
convolution layer(s)".

A network without its identity layers, every run of layers of a kind written as one letter: C for convolutions, M for
max-pooling, A for average-pooling. Convolution, convolution, identity, max-pooling, convolution is `CMC`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from randarch.analysis.json_ready import json_object
from randarch.analysis.results import Estimate
from randarch.analysis.structure.distribution import top_weights
from randarch.analysis.structure.resampling import estimate, resampled_shares
from randarch.analysis.structure.sampled import Sampled

LETTERS = {"conv": "C", "max": "M", "avg": "A", "identity": ""}
"""Kinds of layers, and how a structure writes them."""
NAMED: Mapping[str, Callable[[str], bool]] = {
    "convolution - max-pooling - convolution": lambda s: s == "CMC",
    "convolutions only": lambda s: s == "C",
    "pooling only": lambda s: bool(s) and "C" not in s,
    "no layers": lambda s: not s,
}
"""The structures that the paper talks about."""
_SHOWN = 10


@dataclass(frozen=True)
class Pattern:
    """Networks with one structure, or with one of several.

    Attributes:
      name: of the pattern, or the structure as letters (empty for no layers).
      n: networks (draws) of the sample that have it.
      mean: their mean score, nan for none.
      share_top: share of the best that have it; Wilson's interval (95 %), with as many observations as the best are
        worth: architectures that stand in several rows, and equals that share a place, count accordingly (Kish). Its
        n is the number of architectures that are among the best, be it in part.
      share_sample: share of all networks of the sample.
      lift: share_top / share_sample; bootstrap interval, architectures resampled and the best chosen anew. Undefined
        if no network has it, without an interval if fewer than six architectures do; blind where none of the best has
        it ([0, 0]).
    """

    name: str
    n: int
    mean: float
    share_top: Estimate
    share_sample: float
    lift: Estimate

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(
            vars(self) | {"share_top": self.share_top.to_summary(), "lift": self.lift.to_summary()}
        )


@dataclass(frozen=True)
class Patterns:
    """Structures of the best networks, and of all.

    Attributes:
      n: networks (draws) that did not fail.
      architectures: how many different ones.
      top: how many are best.
      named: the patterns of the paper, in the order of `NAMED`.
      structures: the ten most frequent structures among the best, the most frequent first.
    """

    n: int
    architectures: int
    top: int
    named: tuple[Pattern, ...]
    structures: tuple[Pattern, ...]

    def of(self, name: str) -> Pattern:
        """The named pattern.

        Raises:
          KeyError: there is none of that name.
        """
        for pattern in self.named:
            if pattern.name == name:
                return pattern
        raise KeyError(
            f"no pattern {name}; expected one of {', '.join(p.name for p in self.named)}"
        )

    def to_summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return json_object(
            {
                "n": self.n,
                "architectures": self.architectures,
                "top": self.top,
                "named": [pattern.to_summary() for pattern in self.named],
                "structures": [pattern.to_summary() for pattern in self.structures],
            }
        )


def structures_of(
    layers: Int[np.ndarray, "n positions"], types: tuple[str, ...], kinds: Mapping[str, str]
) -> tuple[str, ...]:
    """The structure of each network, in letters.

    Args:
      layers: type at each position.
      types: names of the types.
      kinds: kind of each type by its name: `conv`, `max`, `avg` or `identity`.

    Raises:
      ValueError: a type without a kind, or a kind that is none of these.
    """
    missing = [name for name in types if name not in kinds]
    unknown = [kind for kind in (kinds[t] for t in types if t in kinds) if kind not in LETTERS]
    if missing or unknown:
        what = f"no kind of {', '.join(missing)}" if missing else f"kind {unknown[0]}"
        raise ValueError(f"{what}; expected one of {', '.join(LETTERS)} for each layer type")
    numbers = {kind: number for number, kind in enumerate(LETTERS)}
    of_types = np.array([numbers[kinds[name]] for name in types])
    rows, of_network = np.unique(of_types[layers], axis=0, return_inverse=True)
    letters = tuple(LETTERS.values())
    texts = []
    for row in rows:
        text = ""
        for letter in (letters[kind] for kind in row):
            text += letter if not text.endswith(letter) else ""
        texts.append(text)
    return tuple(texts[i] for i in of_network.reshape(-1))


def wilson(share: float, worth: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of as many observations (no whole number needed)."""
    z = float(stats.norm.ppf(0.975))
    centre = (share + z**2 / (2 * worth)) / (1 + z**2 / worth)
    margin = z / (1 + z**2 / worth) * math.sqrt(share * (1 - share) / worth + z**2 / (4 * worth**2))
    return max(0.0, centre - margin), min(1.0, centre + margin)


def analyze_patterns(
    sampled: Sampled,
    scores: Float[np.ndarray, " n"],
    top: int,
    kinds: Mapping[str, str],
    *,
    rng: np.random.Generator,
    resamples: int = 1000,
) -> Patterns:
    """The structures of the best networks.

    Args:
      sampled: n networks; those that failed are left out.
      scores: one a network, such as its accuracy.
      top: how many are best.
      kinds: kind of each layer type by its name: `conv`, `max`, `avg` or `identity`.
      rng: source of the resamples.
      resamples: how many, at least 40.

    Raises:
      ValueError: a type without a kind, no network is left, or scores that are not one a network.
    """
    sound, y = sampled.sound_scores(scores)
    texts = structures_of(sound.layers, sound.types, kinds)
    weights, cluster = top_weights(y, top), sound.cluster
    different = sorted(set(texts))
    among = {text: 0.0 for text in different}
    for text, weight in zip(texts, weights, strict=True):
        among[text] += float(weight)
    frequent = sorted((t for t in different if among[t] > 0), key=lambda t: -among[t])[:_SHOWN]
    named = [np.array([test(text) for text in texts], float) for test in NAMED.values()]
    single = [np.array([text == of for text in texts], float) for of in frequent]
    has = np.stack([*named, *single], axis=1)
    shares = resampled_shares(has, y, cluster, top, resamples, rng)
    best = np.bincount(cluster, weights=weights)
    worth = float(best.sum() ** 2 / (best**2).sum())
    patterns = []
    for k, name in enumerate([*NAMED, *frequent]):
        n, inside = int(has[:, k].sum()), float(weights @ has[:, k] / weights.sum())
        in_sample = n / len(y)
        holders = len(np.unique(cluster[has[:, k] > 0]))
        some = shares.sample[:, k] > 0
        lifts = np.where(some, shares.top[:, k] / np.where(some, shares.sample[:, k], 1), np.nan)
        patterns.append(
            Pattern(
                name=name,
                n=n,
                mean=float(y @ has[:, k] / n) if n else math.nan,
                share_top=Estimate(inside, *wilson(inside, worth), math.nan, int((best > 0).sum())),
                share_sample=in_sample,
                lift=estimate(inside / in_sample if n else math.nan, lifts, holders, len(best)),
            )
        )
    return Patterns(
        n=len(y),
        architectures=len(best),
        top=top,
        named=tuple(patterns[: len(NAMED)]),
        structures=tuple(patterns[len(NAMED) :]),
    )
