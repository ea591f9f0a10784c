"""Data sets as a reader meets them: a few images and what they are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from randarch.report.images import side_by_side
from randarch.report.transfer.names import Name
from randarch.report.transfer.report import DatasetCard, TransferReport
from randarch.report.words import plural

MOST_IMAGES, LARGEST = 6, 48
# The pixels of all cards together, so that a page does not grow with its images.
_BUDGET = 100_000


@dataclass(frozen=True)
class ShownCard:
    """A card.

    Attributes:
      name: of the data set.
      role: what it is here.
      image: its examples side by side, a data URI; empty without examples.
      count: how many.
      caption: sizes, classes, how errors are judged.
    """

    name: Name
    role: str
    image: str
    count: int
    caption: str


def cards(report: TransferReport) -> tuple[ShownCard, ...]:
    """All of them in the report's order."""
    share = _BUDGET // max(len(report.datasets), 1)
    return tuple(_card(report, card, share) for card in report.datasets)


def _card(report: TransferReport, card: DatasetCard, pixels: int) -> ShownCard:
    shown = shrunk(card.examples)
    most = int(np.clip(pixels // max(shown.shape[1] * shown.shape[2], 1), 1, MOST_IMAGES))
    shown = shown[:most]
    epochs = f", {plural(card.epochs, 'epoch')} of training" if card.epochs else ""
    return ShownCard(
        name=report.name(card.name),
        role=_role(report, card.name),
        image=side_by_side(shown) if shown.size else "",
        count=len(shown),
        caption=(
            f"{plural(card.classes, 'class', 'classes')}; {card.train_images:,} training and "
            f"{card.test_images:,} test images; judged by {card.judged_by}{epochs}."
        ),
    )


def _role(report: TransferReport, name: str) -> str:
    family = report.family
    if name == family.base:
        return "the base: others are compared with it"
    if name == family.control:
        return "the control: all classes of the base, few images"
    if name in family.members:
        return "the base with fewer classes"
    return "another data set" if name in family.targets else ""


def shrunk(images: UInt8[np.ndarray, "k h w 3"]) -> UInt8[np.ndarray, "k small_h small_w 3"]:
    """Means over squares of pixels, where an image is larger than a card shows."""
    k, height, width, _ = images.shape
    step = -(-max(height, width) // LARGEST)
    if step <= 1:
        return images
    h, w = max(height // step, 1), max(width // step, 1)
    cut = images[:, : h * step, : w * step].astype(float)
    return cut.reshape(k, h, step, w, step, 3).mean(axis=(2, 4)).round().astype(np.uint8)
