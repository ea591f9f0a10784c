"""What the paper on structurally randomized networks prints: its settings, its results, its three tables.

Layer types are words of `randarch.spaces.LayerLibrary`, classes are named as in CIFAR-100's files,
accuracies are shares of the test images. What does not agree with itself is kept as printed: see `REMARKS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

NETWORKS = 10_000
"""Drawn with replacement from 100,000 genomes of five layers (section III)."""

CLASSES, IMAGE_SIZE = 100, 32
TRAIN_SIZE, TEST_SIZE = 50_000, 10_000

EPOCHS, BATCH_SIZE = 20, 128
LEARNING_RATE, LATER_LEARNING_RATE, DROP_AFTER = 0.01, 0.001, 10
MOMENTUM, WEIGHT_DECAY = 0.9, 0.0
PADDED_SIZE = 40
"""SGD, the learning rate falling after so many epochs; images of zero mean and unit variance a pixel,
zero-padded to `PADDED_SIZE`, cropped at random and flipped half of the time (section III)."""

BEST_ACCURACY, MEAN_ACCURACY = 0.3684, 0.2405
"""Of the 10,000 networks (section IV A)."""

TOP_NETWORKS, CUTOFF = 100, 0.3383
"""The average best performers of Table I, and the accuracy of the last of them (section IV A)."""

TOP_NETWORKS_OF_CLASS = 50
"""The best performers of a class, of Tables II and III (section IV B)."""

BEST_NETWORK = ("conv3", "conv7", "max3", "max3", "conv5d2")
"""Of `BEST_ACCURACY`, the "average best performer" (section IV A)."""

MOST_PARAMS, MEAN_PARAMS, BEST_NETWORK_PARAMS = 192_000, 56_000, 90_000
"""As printed, in thousands (section IV A). The layers and the classifier of the text have 209,028 at most,
45,814.5 in the mean over the space and 80,132 in the best network; with 10,100 more, as a dense layer
of 100 to 100 has them, all three agree (192,248 is then among the likely maxima of 10,000 draws)."""

SECONDS_A_NETWORK, DEVICE = 100, "GeForce GTX 1080 Ti"
"""About, to train one in PyTorch (section IV A)."""

RANKS_OF_BEST_NETWORK: Mapping[str, int] = {
    "can": 1,
    "clock": 22,
    "pickup_truck": 6,
    "plate": 1,
    "caterpillar": 5172,
    "plain": 6439,
    "possum": 4520,
}
"""The rank of the best network among the 10,000 by its accuracy on a class (section IV B)."""


@dataclass(frozen=True)
class Specialist:
    """A network that is the best at a class and poor at the others.

    Attributes:
      class_name: the class.
      accuracy: on the class.
      overall: accuracy over all classes.
      generalist: accuracy on the class of the best average performer.
    """

    class_name: str
    accuracy: float
    overall: float
    generalist: float


CHAIR_SPECIALIST = Specialist("chair", accuracy=0.84, overall=0.0448, generalist=0.71)
"""It consists of pooling layers alone (section IV B)."""

DOMINANT_COLOR = ("apple", "orange", "cloud", "sea", "sunflower")
POOLING_ONLY = ("chair", "telephone")
SMALL_KERNELS = ("bed", "mountain", "snake")
LARGE_KERNELS = ("keyboard", "palm_tree", "pickup_truck", "tractor")
"""Classes that the text names for what suits them: networks of few parameters, of poolings alone, 3 x 3 and
5 x 5 convolutions, and the largest filters (section IV B)."""

Counts = Mapping[str, tuple[int, ...]]
"""For each layer type, in the library's order: of 100 networks, those that have it as layer 1, 2, ..., 5."""


@dataclass(frozen=True)
class ClassStatistics:
    """A row of Table II.

    Attributes:
      top: accuracy on the class of the network that is best at it.
      mean: accuracy on the class, mean of all networks.
      distance: between the layers of the 50 networks best at the class, counted twice, and those of
        Table I: the sum of absolute differences, from 0 to 1,000.
    """

    top: float
    mean: float
    distance: int


TABLE_I: Counts = {
    "identity": (1, 0, 0, 0, 0),
    "conv1": (3, 0, 1, 0, 0),
    "conv3": (34, 12, 1, 7, 1),
    "conv5": (29, 25, 16, 10, 9),
    "conv7": (16, 23, 19, 28, 42),
    "conv3d2": (17, 3, 3, 2, 4),
    "conv5d2": (0, 3, 4, 21, 41),
    "max2": (0, 12, 22, 7, 0),
    "max3": (0, 22, 34, 21, 3),
    "avg3": (0, 0, 0, 4, 0),
}
"""The 100 average best performers."""

TABLE_II: Mapping[str, ClassStatistics] = {
    "apple": ClassStatistics(0.76, 0.4949, 254),
    "aquarium_fish": ClassStatistics(0.57, 0.3340, 372),
    "baby": ClassStatistics(0.39, 0.1648, 382),
    "bear": ClassStatistics(0.25, 0.0691, 326),
    "beaver": ClassStatistics(0.25, 0.0645, 400),
    "bed": ClassStatistics(0.46, 0.2099, 412),
    "bee": ClassStatistics(0.55, 0.1737, 194),
    "beetle": ClassStatistics(0.44, 0.0801, 314),
    "bicycle": ClassStatistics(0.52, 0.2391, 388),
    "bottle": ClassStatistics(0.57, 0.2674, 270),
    "bowl": ClassStatistics(0.21, 0.0105, 206),
    "boy": ClassStatistics(0.29, 0.0673, 238),
    "bridge": ClassStatistics(0.47, 0.2029, 344),
    "bus": ClassStatistics(0.46, 0.1886, 460),
    "butterfly": ClassStatistics(0.41, 0.1757, 396),
    "camel": ClassStatistics(0.40, 0.1631, 286),
    "can": ClassStatistics(0.44, 0.1159, 208),
    "castle": ClassStatistics(0.79, 0.5284, 278),
    "caterpillar": ClassStatistics(0.46, 0.2978, 540),
    "cattle": ClassStatistics(0.36, 0.1109, 258),
    "chair": ClassStatistics(0.84, 0.4908, 730),
    "chimpanzee": ClassStatistics(0.74, 0.4513, 354),
    "clock": ClassStatistics(0.28, 0.0374, 146),
    "cloud": ClassStatistics(0.79, 0.5298, 494),
    "cockroach": ClassStatistics(0.75, 0.5183, 424),
    "couch": ClassStatistics(0.28, 0.0846, 326),
    "crab": ClassStatistics(0.37, 0.1235, 294),
    "crocodile": ClassStatistics(0.51, 0.2531, 514),
    "cup": ClassStatistics(0.50, 0.0973, 244),
    "dinosaur": ClassStatistics(0.35, 0.1322, 300),
    "dolphin": ClassStatistics(0.57, 0.2655, 372),
    "elephant": ClassStatistics(0.44, 0.1778, 280),
    "flatfish": ClassStatistics(0.26, 0.0996, 350),
    "forest": ClassStatistics(0.47, 0.2601, 350),
    "fox": ClassStatistics(0.43, 0.0804, 210),
    "girl": ClassStatistics(0.31, 0.0993, 328),
    "hamster": ClassStatistics(0.53, 0.3071, 428),
    "house": ClassStatistics(0.41, 0.1510, 198),
    "kangaroo": ClassStatistics(0.29, 0.0695, 520),
    "keyboard": ClassStatistics(0.45, 0.1540, 234),
    "lamp": ClassStatistics(0.33, 0.0412, 228),
    "lawn_mower": ClassStatistics(0.66, 0.4267, 222),
    "leopard": ClassStatistics(0.53, 0.2063, 370),
    "lion": ClassStatistics(0.61, 0.3634, 286),
    "lizard": ClassStatistics(0.22, 0.0725, 418),
    "lobster": ClassStatistics(0.25, 0.0965, 352),
    "man": ClassStatistics(0.29, 0.1203, 296),
    "maple_tree": ClassStatistics(0.48, 0.2953, 300),
    "motorcycle": ClassStatistics(0.83, 0.4150, 176),
    "mountain": ClassStatistics(0.72, 0.4532, 286),
    "mouse": ClassStatistics(0.13, 0.0181, 194),
    "mushroom": ClassStatistics(0.34, 0.1040, 300),
    "oak_tree": ClassStatistics(0.90, 0.7132, 610),
    "orange": ClassStatistics(0.85, 0.6509, 246),
    "orchid": ClassStatistics(0.73, 0.4383, 248),
    "otter": ClassStatistics(0.14, 0.0123, 272),
    "palm_tree": ClassStatistics(0.63, 0.2444, 180),
    "pear": ClassStatistics(0.56, 0.2884, 242),
    "pickup_truck": ClassStatistics(0.63, 0.2046, 178),
    "pine_tree": ClassStatistics(0.37, 0.1378, 332),
    "plain": ClassStatistics(0.87, 0.7300, 632),
    "plate": ClassStatistics(0.55, 0.2814, 252),
    "poppy": ClassStatistics(0.60, 0.4334, 362),
    "porcupine": ClassStatistics(0.43, 0.1718, 306),
    "possum": ClassStatistics(0.26, 0.0949, 532),
    "rabbit": ClassStatistics(0.21, 0.0466, 336),
    "raccoon": ClassStatistics(0.34, 0.0883, 250),
    "ray": ClassStatistics(0.43, 0.2788, 478),
    "road": ClassStatistics(0.80, 0.5168, 256),
    "rocket": ClassStatistics(0.71, 0.3196, 316),
    "rose": ClassStatistics(0.54, 0.3225, 352),
    "sea": ClassStatistics(0.74, 0.5093, 432),
    "seal": ClassStatistics(0.21, 0.0520, 278),
    "shark": ClassStatistics(0.55, 0.3363, 628),
    "shrew": ClassStatistics(0.30, 0.0844, 312),
    "skunk": ClassStatistics(0.76, 0.4085, 326),
    "skyscraper": ClassStatistics(0.74, 0.5096, 322),
    "snail": ClassStatistics(0.31, 0.0837, 274),
    "snake": ClassStatistics(0.31, 0.1157, 692),
    "spider": ClassStatistics(0.36, 0.0942, 236),
    "squirrel": ClassStatistics(0.26, 0.0699, 562),
    "streetcar": ClassStatistics(0.48, 0.1472, 356),
    "sunflower": ClassStatistics(0.84, 0.6628, 324),
    "sweet_pepper": ClassStatistics(0.39, 0.1445, 358),
    "table": ClassStatistics(0.32, 0.0985, 294),
    "tank": ClassStatistics(0.64, 0.3138, 268),
    "telephone": ClassStatistics(0.73, 0.2640, 552),
    "television": ClassStatistics(0.61, 0.2776, 412),
    "tiger": ClassStatistics(0.58, 0.2184, 372),
    "tractor": ClassStatistics(0.63, 0.3003, 208),
    "train": ClassStatistics(0.42, 0.1517, 254),
    "trout": ClassStatistics(0.52, 0.2638, 282),
    "tulip": ClassStatistics(0.32, 0.1220, 362),
    "turtle": ClassStatistics(0.21, 0.0922, 366),
    "wardrobe": ClassStatistics(0.86, 0.6673, 472),
    "whale": ClassStatistics(0.58, 0.3554, 330),
    "willow_tree": ClassStatistics(0.48, 0.2439, 452),
    "wolf": ClassStatistics(0.42, 0.1978, 386),
    "woman": ClassStatistics(0.28, 0.1139, 332),
    "worm": ClassStatistics(0.38, 0.1274, 348),
}
"""Per-class statistics; "lawn mover" there is `lawn_mower`."""

TABLE_III: Mapping[str, Counts] = {
    "chair": {
        "identity": (10, 14, 14, 10, 12),
        "conv1": (0, 0, 0, 0, 8),
        "conv3": (0, 0, 0, 0, 4),
        "conv5": (0, 0, 0, 0, 0),
        "conv7": (0, 0, 0, 0, 0),
        "conv3d2": (0, 0, 0, 0, 2),
        "conv5d2": (0, 0, 0, 0, 6),
        "max2": (24, 40, 30, 36, 12),
        "max3": (42, 24, 36, 34, 42),
        "avg3": (24, 22, 20, 20, 14),
    },
    "snake": {
        "identity": (0, 0, 0, 0, 0),
        "conv1": (2, 6, 2, 2, 2),
        "conv3": (44, 18, 6, 2, 2),
        "conv5": (24, 14, 6, 8, 6),
        "conv7": (10, 6, 14, 16, 30),
        "conv3d2": (14, 2, 0, 4, 14),
        "conv5d2": (6, 2, 14, 14, 46),
        "max2": (0, 14, 12, 24, 0),
        "max3": (0, 38, 42, 24, 0),
        "avg3": (0, 0, 4, 6, 0),
    },
    "plain": {
        "identity": (6, 8, 12, 12, 20),
        "conv1": (36, 24, 14, 6, 18),
        "conv3": (0, 0, 10, 14, 4),
        "conv5": (6, 14, 6, 18, 10),
        "conv7": (6, 10, 14, 6, 2),
        "conv3d2": (2, 10, 8, 6, 12),
        "conv5d2": (10, 12, 10, 8, 12),
        "max2": (8, 10, 8, 12, 6),
        "max3": (10, 2, 6, 6, 4),
        "avg3": (16, 10, 12, 12, 12),
    },
    "shark": {
        "identity": (24, 24, 26, 20, 12),
        "conv1": (10, 14, 24, 18, 22),
        "conv3": (26, 16, 14, 10, 16),
        "conv5": (20, 14, 6, 2, 10),
        "conv7": (10, 4, 10, 8, 6),
        "conv3d2": (4, 10, 6, 16, 10),
        "conv5d2": (4, 8, 2, 2, 4),
        "max2": (2, 2, 4, 2, 4),
        "max3": (0, 2, 2, 2, 0),
        "avg3": (0, 6, 6, 20, 16),
    },
    "oak_tree": {
        "identity": (12, 10, 12, 10, 4),
        "conv1": (0, 0, 10, 8, 14),
        "conv3": (2, 2, 6, 16, 18),
        "conv5": (4, 4, 10, 12, 10),
        "conv7": (2, 2, 10, 2, 12),
        "conv3d2": (4, 2, 8, 8, 16),
        "conv5d2": (2, 6, 4, 2, 16),
        "max2": (8, 28, 16, 14, 6),
        "max3": (26, 24, 8, 6, 0),
        "avg3": (40, 22, 16, 22, 4),
    },
}
"""The 50 best performers, counted twice, of the classes with the largest distances."""

REMARKS = (
    "Table II: the mean accuracies of the 100 equally frequent classes average 23.95 %, not the 24.05 % of the"
    " text; rounding explains 0.01.",
    "Table III: the layers printed for snake are at a distance of 236 from Table I, which Table II gives for"
    " spider; for snake it gives 692.",
    "Parameters: those that the text describes are 209,028 at most, 45,814.5 in the mean and 80,132 in the best"
    " network, not 192 K, 56 K and 90 K; 10,100 more, as of a dense layer of 100 to 100, fit all three.",
)
"""What in the paper does not agree with itself, in sentences."""
