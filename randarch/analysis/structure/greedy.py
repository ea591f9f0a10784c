"""Greedy forward selection of an ensemble with replacement (Caruana et al., "Ensemble selection from libraries of
models", 2004), for hard decisions.

Each step adds the network with which the vote is right most often; it may be one that is in already, whose vote then
counts more. It begins with some of the best (their "sorted ensemble initialization"). Whether an image comes out
right depends on the votes so far and on the class that the newcomer says, so a step is a table of images x classes,
looked up for every network: no vote is counted twice.
"""

import numpy as np
from jaxtyping import Bool, Float, Int, Integer

from randarch.analysis.structure.voting import vote_weights


def greedy_selection(
    predictions: Integer[np.ndarray, "n images"],
    labels: Integer[np.ndarray, " images"],
    classes: int,
    size: int,
    start: int = 1,
) -> tuple[Int[np.ndarray, " size"], Float[np.ndarray, " size"]]:
    """Members in the order in which they join, and how often the vote is right with each.

    Args:
      predictions: decisions of n networks; of equally good newcomers the first row joins, so put better ones first.
      labels: the true classes.
      classes: how many there are.
      size: how many there are in the end, at least 1.
      start: how many of the first rows are in from the beginning, at most n.

    Returns:
      Rows of `predictions`, and shares of the images, on which the members were chosen: they flatter.
    """
    images = len(labels)
    # An image after another in memory: a row is looked up in a row of the table.
    by_image = np.ascontiguousarray(predictions.T)
    votes, every = np.zeros((images, classes), dtype=np.int64), np.arange(images)
    chosen, right = np.empty(size, dtype=np.int64), np.empty(size)
    for step, weight in enumerate(vote_weights(size)):
        if step < start:
            chosen[step] = step
        else:
            chosen[step] = np.argmax(_right_with_each(votes, labels, int(weight), by_image))
        votes[every, by_image[:, chosen[step]]] += weight
        right[step] = (votes.argmax(axis=1) == labels).mean()
    return chosen, right


def sorted_start(right: Float[np.ndarray, " size"]) -> int:
    """How many of the best networks to begin with: as many as vote best, from 3 to half of the size.

    With hard decisions one network alone is a trap: a second can only make ties, and then the first decides. Three
    are the fewest that can outvote a member.

    Args:
      right: how often the vote of the first 1, 2, ... of the best is right.
    """
    last = max(len(right) // 2, min(3, len(right)))
    first = min(3, last)
    return first + int(np.argmax(right[first - 1 : last]))


def _right_with_each(
    votes: Int[np.ndarray, "images classes"],
    labels: Integer[np.ndarray, " images"],
    weight: int,
    by_image: Integer[np.ndarray, "images n"],
) -> Int[np.ndarray, " n"]:
    """On how many images the vote is right if a network joins, for each network."""
    table = right_if_joined(votes, labels, weight)
    # Most images are decided whatever the newcomer says.
    decided = table.all(axis=1)
    total = np.full(by_image.shape[1], int(decided.sum()))
    for image in np.flatnonzero(table.any(axis=1) & ~decided):
        total += table[image].take(by_image[image])
    return total


def right_if_joined(
    votes: Int[np.ndarray, "images classes"],
    labels: Integer[np.ndarray, " images"],
    weight: int,
) -> Bool[np.ndarray, "images classes"]:
    """Whether the vote is right about an image if the newcomer says a class; between equals the lower class wins.

    Args:
      votes: so far.
      labels: the true classes.
      weight: of the newcomer's vote.
    """
    images, classes = votes.shape
    every = np.arange(images)
    # No two classes are equal any more: the lower number is a little ahead.
    ranked = votes * classes + np.arange(classes)[::-1]
    own = ranked[every, labels]
    others = ranked.copy()
    others[every, labels] = -1
    strongest = others.max(axis=1)
    rival = np.maximum(strongest[:, None], ranked + weight * classes)
    right = own[:, None] > rival
    right[every, labels] = own + weight * classes > strongest
    return right
