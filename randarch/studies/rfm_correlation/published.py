"""The numbers that Evans, Plested and Gedeon print, by depth (Tables II to V)."""

from collections.abc import Mapping

from randarch.report.rfm import Published, PublishedBin

PUBLISHED: Mapping[int, Published] = {
    3: Published(pearson=0.664021, spearman=0.675301, size_trained=0.912154, size_rfm=0.726757),
    5: Published(
        pearson=0.70894,
        spearman=0.715277,
        size_trained=0.916082,
        size_rfm=0.744238,
        bins=(
            PublishedBin(806.4, 857.6, 0.20966, 0.275019),
            PublishedBin(499.2, 550.4, 0.279318, 0.201833),
            PublishedBin(190.976, 243.2, 0.0694111, 0.0636323),
        ),
    ),
    7: Published(
        pearson=0.709527,
        spearman=0.699675,
        size_trained=0.900444,
        size_rfm=0.697415,
        bins=(
            PublishedBin(1142.4, 1248.0, 0.354627, 0.27737),
            PublishedBin(614.4, 720.0, 0.317162, 0.331108),
            PublishedBin(403.2, 508.8, 0.207533, 0.220077),
        ),
    ),
    9: Published(
        pearson=0.746594,
        spearman=0.73908,
        size_trained=0.872316,
        size_rfm=0.715059,
        converged_trained=(0.8523, 0.004),
        converged_rfm=(0.8475, 0.0087),
        bins=(
            PublishedBin(1660.8, 1824.0, 0.393931, 0.467433),
            PublishedBin(681.6, 844.7, 0.408181, 0.410049),
            PublishedBin(188.7, 355.2, 0.288102, 0.288102),
        ),
    ),
    11: Published(
        pearson=0.527108,
        spearman=0.585333,
        size_trained=0.26569,
        size_rfm=0.593903,
        converged_trained=(0.8455, 0.0046),
        converged_rfm=(0.8362, 0.0123),
        bins=(
            PublishedBin(3033.6, 3507.2, 0.358299, 0.297166),
            PublishedBin(1612.8, 2086.4, 0.321455, 0.339726),
            PublishedBin(182.528, 665.6, 0.526462, 0.517113),
        ),
    ),
}

WHERE_IT_HOLDS = (
    "Where the correlation is clear: on CIFAR-10, from 3 channels, trained for 10 epochs on 10,000 images, at depth 9 "
    "(n = 40, Spearman .80, interval .64 to .89), depth 5 (n = 60, .75, .57 to .86) and depth 3 (n = 112, .73, .63 to "
    ".81). The README has the commands."
)
"""Told to whoever gets an interval with 0 in it; measured, see the README's table."""

TRAIN_SIZE, TEST_SIZE, EPOCHS = 50_000, 10_000, 10
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2023, 0.1994, 0.2010)
"""As the paper prints it; the channels' own are (0.2470, 0.2435, 0.2616)."""
