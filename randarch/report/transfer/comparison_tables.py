"""Tables of what is compared beyond one source: random weights with training, recommendations, longer training."""

from randarch.analysis.results import Estimate
from randarch.analysis.transfer.results import Recommendation
from randarch.report.numbers import DASH, count, decimal, p_text, p_value, percent, points, signed
from randarch.report.numbers import interval as ends
from randarch.report.tables import Table
from randarch.report.transfer.findings import WAYS, regret
from randarch.report.transfer.report import TransferReport
from randarch.report.transfer.tables import NINETY_FIVE
from randarch.report.words import told

TOP = 10


def agreement_table(report: TransferReport) -> Table | None:
    """Random weights against training on each data set; None without both."""
    a = report.analysis.agreement
    if a is None:
        return None
    rows = tuple(
        (report.name(name), told(e), p_value(e), f"{e.n:,}") for name, e in a.per_dataset.items()
    )
    return Table(
        "Errors with random weights and trained errors on the same data set",
        ("Data set", f"Spearman [{NINETY_FIVE}]", "p", "n"),
        rows,
        "n counts architectures.",
    )


def carried_table(report: TransferReport) -> Table | None:
    """What says more of trained errors on a target; None without both sources."""
    a = report.analysis.agreement
    if a is None:
        return None
    base = report.name(report.family.base)
    rows = (
        ("Random weights on the data set itself", told(a.carried), f"{a.carried.n:,}"),
        (f"Training on {base}", told(a.carried_by_base), f"{a.carried_by_base.n:,}"),
    )
    return Table(
        f"What says more of trained errors on data sets other than {base}",
        ("Errors of", f"Mean Spearman [{NINETY_FIVE}]", "n"),
        rows,
    )


def mantel_table(report: TransferReport) -> Table | None:
    """The two matrices; None without both sources."""
    a = report.analysis.agreement
    if a is None:
        return None
    compared = [("All", a.matrices)]
    if a.versions_count:
        base = report.name(report.family.base)
        compared.append((f"Without versions of {base}", a.unrelated))
    note = "Mantel test: p is the share of orders of the data sets that agree at least as well, one-sided."
    if len(compared) > 1:
        note += " Versions of the base have its images, so they go together by any score."
    return Table(
        "The two matrices: entries below the diagonal",
        ("", "n", "Spearman (p)", "Pearson (p)", "Mean absolute difference", "Orders"),
        tuple(
            (
                name,
                f"{m.spearman.n:,}",
                _tested(m.spearman),
                _tested(m.pearson),
                decimal(m.mean_absolute_difference, 2),
                f"{'all' if m.exact else 'drawn'} {m.permutations:,}" if m.permutations else DASH,
            )
            for name, m in compared
        ),
        f"{note} n counts data sets.",
    )


def _tested(e: Estimate) -> str:
    return f"{decimal(e.value, 2)} ({p_text(e.p)})" if e.defined else DASH


def ways(found: Recommendation) -> tuple[str, ...]:
    """The ways of choosing in the order in which they are shown."""
    return tuple(name for name in WAYS if name in found.mean_regret)


def regret_table(report: TransferReport) -> Table | None:
    """Mean regrets by way of choosing; None without recommendations."""
    found = report.analysis.recommendation
    if found is None:
        return None
    rows = []
    for way in ways(found):
        e = found.mean_regret[way]
        rows.append(
            (
                f"By {WAYS[way]}",
                regret(e),
                DASH if way == "chance" else p_text(e.p),
                DASH if way not in found.weights else decimal(found.weights[way], 2),
                f"{e.n:,}",
            )
        )
    return Table(
        "What a recommendation costs: error above that of the best architecture",
        ("Chosen", f"Mean regret [{NINETY_FIVE}]", "One-sided p", "Weight in the mixture", "n"),
        tuple(rows),
        "Every data set in turn is treated as if nothing had been trained on it; the mixture's weights are chosen on "
        "the others. p: how often architectures drawn by chance cost as little. n counts data sets. Weights: those "
        "chosen on all of them.",
    )


def held_out_table(report: TransferReport) -> Table | None:
    """Regrets and weights of each held-out data set; None without recommendations."""
    found = report.analysis.recommendation
    if found is None:
        return None
    shown = ways(found)
    rows = tuple(
        (
            report.name(one.dataset),
            *(points(one.regret.get(way)) for way in shown),
            decimal(one.spearman.get("mixture"), 2),
            ", ".join(f"{name} {decimal(w, 2)}" for name, w in one.weights.items()) or DASH,
        )
        for one in found.held_out
    )
    return Table(
        "Held-out data sets, one by one: regret by way of choosing",
        (
            "Data set",
            *(WAYS[way].capitalize() for way in shown),
            "Spearman of the mixture",
            "Weights",
        ),
        rows,
        "Regret in percentage points of test error. Spearman: of the mixture's ranking with the trained errors.",
    )


def ranking_table(report: TransferReport) -> Table | None:
    """The recommended architectures; None without a target."""
    found = report.analysis.recommendation
    if found is None or found.target is None or not found.ranking:
        return None
    population = report.population
    own = [
        (source, errors.mean(found.target))
        for source, errors in report.errors.items()
        if found.target in errors.datasets
    ]
    rows = tuple(
        (
            str(place + 1),
            population.texts[i],
            decimal(found.scores[place]),
            *(percent(errors[i]) for _, errors in own),
            count(population.params[i]),
            count(population.macs[i]),
        )
        for place, i in enumerate(found.ranking[:TOP])
    )
    heads = {"trained": "Trained error there", "random": "Random-weight error there"}
    return Table(
        f"Recommended for {report.name(found.target)}: the first {len(rows)} of {len(found.ranking):,}",
        (
            *("Place", "Architecture", "Score"),
            *(heads[source] for source, _ in own),
            *("Parameters", "MACs"),
        ),
        rows,
        "Score: mean rank share of the mixture, 0 the best, 1 the worst. Depths, widths, bottleneck ratios and group "
        "widths of the stages. MACs: multiply-adds an image.",
        labels=2,
    )


def longer_table(report: TransferReport) -> Table | None:
    """Longer training (Figure 9); None where not made."""
    rows = tuple(
        (
            report.name(one.dataset),
            f"{one.factor:,} times",
            told(one.spearman),
            percent(one.mean_error),
            percent(one.longer_error),
            f"{one.spearman.n:,}",
        )
        for one in report.analysis.longer
    )
    return (
        Table(
            "Longer training: do ranks stay?",
            (
                *("Data set", "Epochs", f"Spearman of both errors [{NINETY_FIVE}]"),
                *("Mean error", "After longer training", "n"),
            ),
            rows,
        )
        if rows
        else None
    )


def top_five_table(report: TransferReport) -> Table | None:
    """Top-1 against top-5 (Figure 11); None where not made."""
    rows = tuple(
        (report.name(one.dataset), told(one.kendall), percent(one.discordant), f"{one.kendall.n:,}")
        for one in report.analysis.top_five
    )
    return (
        Table(
            "Top-1 against top-5 error: do both rank alike?",
            ("Data set", f"Kendall's tau-b [{NINETY_FIVE}]", "Pairs ordered differently", "n"),
            rows,
        )
        if rows
        else None
    )


def pretraining_table(report: TransferReport) -> Table | None:
    """Weights that were trained on the base first (Figure 12); None where not made."""
    base = report.name(report.family.base)
    rows = tuple(
        (
            report.name(one.dataset),
            told(one.from_scratch),
            told(one.pretrained),
            f"{signed(one.change.value, 2)} {ends(one.change)}".strip(),
            percent(one.mean_error),
            percent(one.pretrained_error),
            f"{one.change.n:,}",
        )
        for one in report.analysis.pretraining
    )
    return (
        Table(
            f"Pretraining on {base}: correlation of errors with those on {base}",
            (
                *("Data set", f"From scratch [{NINETY_FIVE}]", f"Pretrained [{NINETY_FIVE}]"),
                *(f"Change [{NINETY_FIVE}]", "Mean error", "Pretrained", "n"),
            ),
            rows,
        )
        if rows
        else None
    )
