"""What Richter, Schöning and Krumnack print, and what follows from their rules."""

from dataclasses import dataclass

EPOCHS, BATCH_SIZE, LEARNING_RATE, MOMENTUM = 60, 64, 0.1, 0.9
TRAIN_SIZE, TEST_SIZE = 50_000, 10_000
TRIALS = 10
"""Trainings of each network, full and truncated (section VIII)."""


@dataclass(frozen=True)
class Tail:
    """Where the paper sees the tail of low saturations begin.

    Attributes:
      layer: as it is printed.
      where: in the paper.
    """

    layer: str
    where: str


TAILS = {"vgg16": Tail("Conv8", "caption of Figure 2")}

_ATTENTION = ("spatial", "se", "cbam")
FIGURES = {
    **dict.fromkeys(
        ("vgg11", "vgg13", "vgg16", "vgg19"), "Figures 4 and 11 (Figure 5 on TinyImageNet)"
    ),
    "resnet18_no_skips": "Figure 6 a, and Figure 10, set B",
    "vgg19_dilated": "Figure 6 b",
    "mpnet18": "Figures 8 and 11",
    "mpnet36": "Figures 8 and 11",
    "resnet18": "Figures 9, 10 and 11",
    "resnet34": "Figures 9 and 11",
    **{f"resnet18_{name}": "Figure 10, set A" for name in _ATTENTION},
    **{f"resnet18_no_skips_{name}": "Figure 10, set B" for name in _ATTENTION},
    "resnet18_no_stem": "section VIII, stem removed",
    "resnet34_no_stem": "section VIII, stem removed",
}
"""Where the paper shows a network."""

STEM_REMOVED = {"resnet18": (0.8461, 0.9195), "resnet34": (0.8276, 0.9221)}
"""CIFAR-10 accuracy with the stem, and without (section VIII)."""

MACS_STATED = {
    "resnet18": 0.04e9,
    "resnet34": 0.76e9,
    "resnet18_no_stem": 0.56e9,
    "resnet34_no_stem": 1.16e9,
}
"""GFLOPS of an image of 32 x 32 pixels with 10 classes, as printed; but for one they are multiply-adds."""
MACS_REMARKS = {"resnet34": "as multiply-adds, like the others, ten times too large"}
