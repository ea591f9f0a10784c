"""How long the analysis of receptive fields takes: the command from a cold start, and genomes once started.

  python -m benchmarks.receptive_field --out=benchmarks/results/receptive_field.json

Cold: a fresh process that analyses, draws and writes the page of the preset's networks. Started: 1,000 random genomes
of each space, from the genome to the analysis (decoding, shapes, receptive fields, borders), the median of five draws.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from absl import app, flags

from benchmarks import measure
from randarch.receptive_field import analyze_fields
from randarch.spaces import ConvChain, ConvGrid, SearchSpace

FLAGS = flags.FLAGS
GENOMES, DRAWS = 1000, 5
SPACES: dict[str, tuple[SearchSpace, int]] = {
    "conv_chain, depth 9": (ConvChain(9), 32),
    "conv_chain, depth 11": (ConvChain(11), 32),
    "conv_grid, no padding": (ConvGrid(), 96),
    "conv_grid, padded": (ConvGrid(padding="same"), 96),
}


def cold(*arguments: str) -> float:
    """Seconds of the command in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "experiments.receptive_field", "--analyze_only", *arguments]

        def run() -> None:
            subprocess.run(
                [*line, f"--workdir={folder}/run"], check=True, stdout=subprocess.DEVNULL
            )

        return measure.seconds(run)


def started(space: SearchSpace, side: int) -> list[float]:
    """Seconds for each draw of `GENOMES` genomes that fit."""
    found = []
    for draw in range(DRAWS):
        genomes = fitting(space, side, np.random.default_rng(draw))

        def analyse(genomes: list = genomes) -> None:
            for genome in genomes:
                analyze_fields(space.decode(genome), side)

        found.append(measure.seconds(analyse))
    return found


def fitting(space: SearchSpace, side: int, rng: np.random.Generator) -> list:
    """Random genomes; of a grid without padding, those that suit the images."""
    if isinstance(space, ConvGrid):
        drawn = space.sample(10 * GENOMES, rng)
        drawn = [g for g in drawn if not space.invalid_reason(g, (side, side, 3))]
    else:
        drawn = space.sample(GENOMES, rng)
    return drawn[:GENOMES]


def main(argv: list[str]) -> None:
    del argv
    result = {
        "machine": measure.machine(),
        "command": measure.command("benchmarks.receptive_field"),
        "cold_seconds": {"quick": cold(), "paper": cold("--preset=paper")},
    }
    analysed = {}
    for name, (space, side) in SPACES.items():
        times = started(space, side)
        analysed[name] = {
            "genomes": GENOMES,
            "resolution": side,
            "seconds": times,
            "median_seconds": float(np.median(times)),
        }
    measure.write({**result, "started": analysed}, Path(FLAGS.out))


if __name__ == "__main__":
    flags.DEFINE_string("out", "benchmarks/results/receptive_field.json", "Where to write.")
    app.run(main)
