"""One decision out of many networks' decisions: by majority, and by what each is known to confuse.

Decisions are class numbers. Nothing of size networks x images x classes is made: networks join one after another.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, Integer


def vote_weights(members: int) -> Int[np.ndarray, " m"]:
    """How much the vote of each member counts: a little less than that of the one before it.

    All differences together are less than one vote, so they decide between equal numbers of votes and nothing else.
    """
    return members**2 + members - np.arange(members, dtype=np.int64)


def vote(
    predictions: Integer[np.ndarray, "m images"], classes: int, sizes: Sequence[int]
) -> Int[np.ndarray, "sizes images"]:
    """What the first k members decide by majority.

    Between equal numbers of votes the earlier members decide; if they too are equal, the lower class number.

    Args:
      predictions: a row a member, the most trusted first.
      classes: how many there are.
      sizes: the k, rising, at most m.
    """
    members, images = predictions.shape
    votes, every = np.zeros((images, classes), dtype=np.int64), np.arange(images)
    decisions = np.empty((len(sizes), images), dtype=np.int64)
    wanted = {size: row for row, size in enumerate(sizes)}
    for k, (row, weight) in enumerate(zip(predictions, vote_weights(members), strict=True), 1):
        votes[every, row] += weight
        if k in wanted:
            decisions[wanted[k]] = votes.argmax(axis=1)
    return decisions


def log_evidence(
    predicted: Integer[np.ndarray, " images"],
    labels: Integer[np.ndarray, " images"],
    classes: int,
    smoothing: float,
) -> Float[np.ndarray, "classes decisions"]:
    """log P(true class | decision) - log P(true class) of one network, from its confusions.

    Args:
      predicted: its decisions on images to learn from.
      labels: the true classes.
      classes: how many there are.
      smoothing: images that each decision is given on top, per class, spread as the classes are.
    """
    confusion = np.bincount(labels.astype(np.int64) * classes + predicted, minlength=classes**2)
    share = class_shares(labels, classes)[:, None]
    prior = smoothing * classes
    counts = confusion.reshape(classes, classes)
    posterior = (counts + prior * share) / (counts.sum(axis=0) + prior)
    return np.log(posterior) - np.log(share)


def class_shares(
    labels: Integer[np.ndarray, " images"], classes: int
) -> Float[np.ndarray, " classes"]:
    """Share of the images of each class, with one image of each on top, so that none is 0."""
    counts = np.bincount(labels, minlength=classes) + 1.0
    return counts / counts.sum()


def bayes(
    predictions: Integer[np.ndarray, "m images"],
    labels: Integer[np.ndarray, " images"],
    known: Bool[np.ndarray, " images"],
    classes: int,
    sizes: Sequence[int],
    smoothing: float,
) -> Int[np.ndarray, "sizes images"]:
    """What the first k members decide if each vote counts as evidence: naive Bayes.

    The class with the highest log P(y) + sum over members of [log P(y | decision) - log P(y)], as if members erred
    independently of each other. A network that says one class for everything says nothing.

    Args:
      predictions: a row a member.
      labels: the true classes.
      known: which images the confusions are counted on.
      classes: how many there are.
      sizes: the k, rising, at most m.
      smoothing: of the confusions, see `log_evidence`; above 0.
    """
    score = np.tile(np.log(class_shares(labels[known], classes)), (predictions.shape[1], 1))
    decisions = np.empty((len(sizes), predictions.shape[1]), dtype=np.int64)
    wanted = {size: row for row, size in enumerate(sizes)}
    for k, row in enumerate(predictions, 1):
        evidence = log_evidence(row[known], labels[known], classes, smoothing)
        score += np.ascontiguousarray(evidence.T)[row]
        if k in wanted:
            decisions[wanted[k]] = score.argmax(axis=1)
    return decisions
