"""Which networks of a grid are evaluated: all valid ones, or some drawn at random."""

import numpy as np

from randarch.geometry import Shape
from randarch.spaces import ConvGrid, Genome, ValidCount
from randarch.studies.random_conv_sweep.config import Config

LISTED = 1_000_000
"""Networks of a grid up to which the valid ones are listed; of more, some are drawn (`limit`)."""


def choose_genomes(
    config: Config, space: ConvGrid, input_shape: Shape, counts: ValidCount
) -> list[Genome]:
    """Genomes in lexicographic order.

    Raises:
      ValueError: no network is valid, the limit is above the number of them, or there are too many to
        evaluate without one.
    """
    if not counts.valid:
        raise ValueError(
            f"none of the {counts.total:,} networks suits images of {input_shape[0]} x {input_shape[1]}: "
            f"{counts.does_not_fit:,} have a kernel larger than its input, {counts.too_large:,} an output larger "
            f"than {config.max_ratio:g} times the input; take smaller kernels or dilations, or a larger max_ratio"
        )
    if config.limit is not None and config.limit > counts.valid:
        raise ValueError(
            f"limit is {config.limit}, but there are {counts.valid:,} valid networks; ask for at most those"
        )
    rng = np.random.default_rng([config.seed, space.layers])
    if counts.total > LISTED:
        if config.limit is None:
            raise ValueError(
                f"there are {counts.valid:,} valid networks, more than can be listed; ask for a random choice, such as "
                "--limit=1000"
            )
        return sorted(_draw(config, space, input_shape, rng, config.limit))
    valid = list(space.valid(input_shape, config.max_ratio))
    if config.limit is None:
        return valid
    return [valid[i] for i in sorted(rng.choice(len(valid), config.limit, replace=False))]


def _draw(
    config: Config, space: ConvGrid, input_shape: Shape, rng: np.random.Generator, count: int
) -> set[Genome]:
    """Valid networks, drawn uniformly without listing the others."""
    found: set[Genome] = set()
    while len(found) < count:
        for row in rng.integers(space.gene_sizes, size=(1000, space.num_genes)).tolist():
            genome = tuple(row)
            # Canonical genomes alone, so that every architecture is as likely.
            if space.canonical(genome) == genome and not space.invalid_reason(
                genome, input_shape, config.max_ratio
            ):
                found.add(genome)
            if len(found) == count:
                break
    return found
