"""Made-up populations whose errors on several data sets are correlated as wanted."""

import numpy as np

from randarch.analysis import Bootstrap
from randarch.analysis.transfer import Errors, Family, Population

FAMILY = Family(
    base="base",
    members={"base": 100, "base:10": 10, "base:2": 2},
    control="few",
    targets={"t2": 2, "t8": 8, "t90": 90},
)
DATASETS = ("base", "base:10", "base:2", "few", "t2", "t8", "t90")


def bootstrap(resamples: int = 60, seed: int = 0) -> Bootstrap:
    return Bootstrap(resamples, np.random.default_rng(seed))


def errors_of(
    values: dict[str, np.ndarray], source: str = "trained", test_images: int = 1000
) -> Errors:
    """Errors by hand: one number, or a row of repeats, for each architecture."""
    columns = {name: np.array(v, dtype=float).reshape(len(v), -1) for name, v in values.items()}
    repeats = max(v.shape[1] for v in columns.values())
    table = np.full((len(columns), len(next(iter(columns.values()))), repeats), np.nan)
    for row, column in zip(table, columns.values(), strict=True):
        row[:, : column.shape[1]] = column
    return Errors(source, tuple(columns), table, (test_images,) * len(columns))


def noisy_errors(
    architectures: int,
    seed: int = 0,
    *,
    datasets: tuple[str, ...] = DATASETS,
    source: str = "trained",
    repeats: int = 2,
    noise: float = 0.5,
    own: float = 0.7,
) -> Errors:
    """Errors around 50 %: what all data sets share + `own` times a data set's own + `noise` times a repeat's."""
    rng = np.random.default_rng(seed)
    shape = (len(datasets), architectures, repeats)
    quality = rng.normal(size=architectures) + own * rng.normal(size=shape[:2])
    values = 0.5 + 0.05 * (quality[:, :, None] + noise * rng.normal(size=shape))
    return Errors(source, datasets, np.clip(values, 0, 1), (1000,) * len(datasets))


def population_of(architectures: int, seed: int = 0, *, stages: int = 4) -> Population:
    rng = np.random.default_rng(seed)

    def genes(most: int, unit: int = 1) -> np.ndarray:
        return unit * rng.integers(1, most + 1, size=(architectures, stages)).astype(float)

    return Population(
        texts=tuple(f"genome {a}" for a in range(architectures)),
        depths=genes(16),
        widths=genes(128, 8),
        bottlenecks=genes(4),
        group_widths=genes(32),
        params=rng.random(architectures) * 1e6,
        macs=rng.random(architectures) * 1e8,
    )
