"""The tables over all depths: ours beside the paper's."""

from randarch.report.numbers import DASH, decimal, interval, signed
from randarch.report.rfm.report import StudyReport
from randarch.report.tables import Table, value_and_interval


def published_table(report: StudyReport) -> Table:
    """Table II: both coefficients, the paper's and ours."""
    rows = []
    for d in report.depths:
        all_, paper = d.analysis.rfm.all, d.published
        rows.append(
            (
                str(d.depth),
                decimal(paper.pearson),
                *value_and_interval(all_.pearson),
                decimal(paper.spearman),
                *value_and_interval(all_.spearman),
                str(all_.spearman.n),
            )
        )
    return Table(
        "Random-weight accuracy against trained accuracy: the paper's Table II and this run",
        (
            *("Layers", "Pearson, paper", "Pearson, ours", "95 % interval"),
            *("Spearman, paper", "Spearman, ours", "95 % interval", "n"),
        ),
        tuple(rows),
        "The interval is where the coefficient of endlessly many such architectures plausibly "
        "lies, given the n that were sampled.",
    )


def ensemble_table(report: StudyReport) -> Table:
    """The ensemble score, which the paper does not have, beside the paper's score."""
    rows = []
    for d in report.depths:
        rows.append(
            (
                str(d.depth),
                *value_and_interval(d.analysis.rfm.all.spearman),
                *value_and_interval(d.analysis.ensemble.all.spearman),
                signed(d.analysis.ensemble_gain.value),
                interval(d.analysis.ensemble_gain) or DASH,
                decimal(d.published.spearman),
            )
        )
    return Table(
        "Spearman with trained accuracy: the ensemble score beside the paper's score",
        (
            *("Layers", "Mean over seeds", "95 % interval", "Ensemble", "95 % interval"),
            *("Difference", "95 % interval", "Mean over seeds, paper"),
        ),
        tuple(rows),
        "The ensemble score is one readout on the features of all seeds together; the paper "
        "averages the accuracy of each seed's own readout.",
    )


def final_size_table(report: StudyReport) -> Table:
    """Table IV: Spearman of final size with each accuracy."""
    rows = []
    for d in report.depths:
        a, paper = d.analysis, d.published
        rows.append(
            (
                str(d.depth),
                decimal(paper.size_trained),
                *value_and_interval(a.trained_final_size_spearman),
                decimal(paper.size_rfm),
                *value_and_interval(a.rfm.final_size_spearman),
                *value_and_interval(a.ensemble.final_size_spearman),
            )
        )
    return Table(
        "Spearman of final size with each accuracy: the paper's Table IV and this run",
        (
            *("Layers", "Trained, paper", "Trained, ours", "95 % interval"),
            *("Random, paper", "Random, ours", "95 % interval"),
            *("Ensemble, ours", "95 % interval"),
        ),
        tuple(rows),
        "Final size is how many features the last convolutional map hands to the readout. Where "
        "it ranks the trained accuracy as well as the random weights do, they add little.",
    )


def deaths_table(report: StudyReport) -> Table:
    """With and without the networks whose training failed."""
    rows = []
    for d in report.depths:
        for label, of in (("mean over seeds", d.analysis.rfm), ("ensemble", d.analysis.ensemble)):
            rows.append(
                (
                    str(d.depth),
                    label,
                    str(d.analysis.dead),
                    str(d.analysis.diverged),
                    *value_and_interval(of.all.spearman),
                    str(of.all.spearman.n),
                    *value_and_interval(of.alive.spearman),
                    str(of.alive.spearman.n),
                )
            )
    return Table(
        "Spearman with and without networks whose training failed",
        (
            *("Layers", "Score", "Dead", "Diverged", "All", "95 % interval", "n"),
            *("Without them", "95 % interval", "n"),
        ),
        tuple(rows),
        "Dead: the trained network gives one answer to everything. Diverged: its loss left the "
        "finite numbers.",
        labels=2,
    )
