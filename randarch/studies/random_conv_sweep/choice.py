"""Which networks of a grid are evaluated, which of them get trials, and which are the best."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from randarch.analysis import pareto_mask
from randarch.geometry import Shape
from randarch.receptive_field import AtMostUnproductive
from randarch.spaces import ConvGrid, Genome, ValidCount
from randarch.studies.random_conv_sweep.config import Config

LISTED = 1_000_000
"""Networks of a grid up to which the valid ones are listed; of more, some are drawn (`limit`)."""

LOOKED_AT = 20_000
"""Valid networks that a filter refuses in a row before the search is given up."""


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
    accept = AtMostUnproductive(config.max_unproductive, input_shape)
    if counts.total > LISTED:
        if config.limit is None:
            raise ValueError(
                f"there are {counts.valid:,} valid networks, more than can be listed; ask for a random choice, such as "
                "--limit=1000"
            )
        return sorted(_draw(config, space, input_shape, accept, rng, config.limit))
    valid = list(space.valid(input_shape, config.max_ratio))
    if accept.most is not None:
        valid = [g for g in valid if accept(space.decode(g))]
    if not valid:
        raise ValueError(
            f"each of the {counts.valid:,} valid networks has more unproductive convolutions than "
            f"max_unproductive, {accept.most}; raise it"
        )
    if config.limit is None:
        return valid
    if config.limit > len(valid):
        raise ValueError(
            f"limit is {config.limit}, but of the {counts.valid:,} valid networks {len(valid):,} have at most "
            f"{accept.most} unproductive convolutions; ask for at most those"
        )
    return [valid[i] for i in sorted(rng.choice(len(valid), config.limit, replace=False))]


def _draw(
    config: Config,
    space: ConvGrid,
    input_shape: Shape,
    accept: AtMostUnproductive,
    rng: np.random.Generator,
    count: int,
) -> set[Genome]:
    """Valid networks, drawn uniformly without listing the others."""
    found: set[Genome] = set()
    refused = 0
    while len(found) < count:
        for row in rng.integers(space.gene_sizes, size=(1000, space.num_genes)).tolist():
            genome = tuple(row)
            # Canonical genomes alone, so that every architecture is as likely.
            if space.canonical(genome) != genome or space.invalid_reason(
                genome, input_shape, config.max_ratio
            ):
                continue
            if genome in found:
                continue
            if accept(space.decode(genome)):
                found.add(genome)
                refused = 0
            else:
                refused += 1
            if len(found) == count:
                break
        if refused > LOOKED_AT:
            raise ValueError(
                f"{len(found):,} valid networks with at most {accept.most} unproductive convolutions were found, and "
                f"none among the next {refused:,} drawn, but the limit is {count}; raise max_unproductive or lower the "
                "limit"
            )
    return found


def survivors(
    config: Config, first: pd.DataFrame, predicted: Mapping[Genome, float]
) -> set[Genome]:
    """What the first pass keeps: accurate enough, and fast enough where that is asked.

    Args:
      config: the thresholds.
      first: rows of the first pass.
      predicted: images a second of every network, where there is a threshold. Predictions alone decide: what is
        measured later must not change the choice when a run is resumed.
    """
    accurate = first[first["test_accuracy"] >= config.min_accuracy]["genome"]
    if not config.min_throughput:
        return set(accurate)
    return {g for g in accurate if predicted[g] >= config.min_throughput}


def pareto_set(table: pd.DataFrame, macs: Mapping[Genome, int]) -> list[Genome]:
    """Of the kept networks (of all, where none is), those that no other beats in accuracy and speed, best first.

    Args:
      table: of all networks, as `rows.with_times` makes it.
      macs: multiply-adds of each network, which stand for its speed where none was predicted.
    """
    among = table[table["kept"]] if table["kept"].any() else table
    speed = among["predicted_throughput"]
    if speed.isna().any():
        speed = pd.Series([1 / macs[g] for g in among["genome"]], index=among.index)
    mask = pareto_mask(among["test_accuracy"].to_numpy(), speed.to_numpy())
    front = among[mask].sort_values(["test_accuracy", "genome"], ascending=[False, True])
    return list(front["genome"])
