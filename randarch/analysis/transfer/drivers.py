"""What goes with the errors on a data set: cumulative block depth and width (Table 4, Figure 7), and every gene."""

from randarch.analysis.bootstrap import Bootstrap
from randarch.analysis.correlation import partial_spearman, spearman
from randarch.analysis.results import Estimate
from randarch.analysis.transfer.errors import Errors, Population
from randarch.analysis.transfer.results import Driver


def train_depth(
    train_errors: Errors | None, dataset: str, population: Population, bootstrap: Bootstrap
) -> Estimate | None:
    """Correlation of the errors on the training images with cumulative depth; None without such errors."""
    if train_errors is None or dataset not in train_errors.datasets:
        return None
    return spearman(train_errors.mean(dataset), population.depth, bootstrap)


def driver(
    errors: Errors,
    dataset: str,
    population: Population,
    bootstrap: Bootstrap,
    *,
    train_depth: Estimate | None = None,
) -> Driver:
    """One data set's.

    Args:
      errors: of one source.
      dataset: its name.
      population: the same architectures.
      bootstrap: how intervals are made.
      train_depth: see the function of that name.

    Returns:
      A gene that all architectures share has an undefined correlation.
    """
    error = errors.mean(dataset)
    depth, width = population.depth, population.width
    return Driver(
        dataset=dataset,
        depth=spearman(error, depth, bootstrap),
        width=spearman(error, width, bootstrap),
        depth_given_width=partial_spearman(error, depth, [width], bootstrap),
        width_given_depth=partial_spearman(error, width, [depth], bootstrap),
        params=spearman(error, population.params, bootstrap),
        train_depth=train_depth,
        genes={
            f"{name}_{stage + 1}": spearman(error, values[:, stage], bootstrap)
            for name, values in population.by_stage.items()
            for stage in range(values.shape[1])
        },
    )
