"""Readouts of a sweep: features in, scores out, many networks at a time where that is possible."""

import time
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from randarch import ridge
from randarch.engine.evaluate import EvaluationSettings, Images
from randarch.engine.plan import Step
from randarch.engine.programs import ProgramCache
from randarch.geometry import Geometry

LARGEST_DUAL = 2000
"""Training images up to which kernels are solved in batches."""

SOLVED_TOGETHER = 16


@dataclass(frozen=True)
class Swept:
    """Scores of one architecture in a sweep.

    Attributes:
      position: of the architecture among those given.
      digest: of the architecture.
      geometry: of the architecture on these images.
      train_accuracy, loo_accuracy, test_accuracy: of each seed [seeds].
      loo_error, test_error: mean squared errors of each seed [seeds].
      ensemble_loo_accuracy, ensemble_test_accuracy: of the readout on all seeds together.
      certificate: largest relative residual of the normal equations.
      resolved: how far the scores are from those of kernels in float64, where the architecture is among
        the sampled share; else None.
      feature_size: columns of one seed's features.
      fit_seconds: of its readouts, kernels included (and, for the first of a size, compilation); NaN on
        accelerators, where nothing waits for a single network.
    """

    position: int
    digest: str
    geometry: Geometry
    train_accuracy: Float[np.ndarray, " s"]
    loo_accuracy: Float[np.ndarray, " s"]
    test_accuracy: Float[np.ndarray, " s"]
    loo_error: Float[np.ndarray, " s"]
    test_error: Float[np.ndarray, " s"]
    ensemble_loo_accuracy: float
    ensemble_test_accuracy: float
    certificate: float
    resolved: ridge.Certificate | None
    feature_size: int
    fit_seconds: float


def in_batches(images: Images, settings: EvaluationSettings) -> bool:
    """Whether kernels are solved in batches: for a single lambda above 0, and few images."""
    lambdas = settings.readout.lambdas
    given = lambdas is not None and len(lambdas) == 1 and lambdas[0] > 0
    return given and len(images.x_train) <= LARGEST_DUAL


def readout_bytes(images: Images, settings: EvaluationSettings) -> int:
    """What readouts take beside the features."""
    n, rows = len(images.x_train), len(images.x_train) + len(images.x_test)
    solving = 8 * (3 * n * n + rows * n)  # in float64
    if not in_batches(images, settings):
        return solving
    problems = SOLVED_TOGETHER * (len(settings.seeds) + 1)
    # Kernels that wait, and as one array; on a CPU they are solved one by one, elsewhere side by side.
    waiting = 2 * problems * 4 * rows * n
    return waiting + (solving if jax.default_backend() == "cpu" else problems * solving)


@dataclass(frozen=True)
class _Waiting:
    """A network whose kernels have not been solved yet; `exact`: the scores of its kernels in float64."""

    step: Step
    kernels: Float[Array, "problems rows n"]
    size: int
    seconds: float
    exact: dict[str, np.ndarray] | None


class Readouts:
    """Scores networks one after the other; `finish` gives the scores.

    With a single lambda above 0 and at most 2,000 training images they are solved in batches, else one by one,
    by `ridge.readout`.

    Args:
      images: the data.
      settings: the seeds and the readout.
      cache: of compiled programs.
    """

    def __init__(self, images: Images, settings: EvaluationSettings, cache: ProgramCache) -> None:
        self.images = images
        self.settings = settings
        self.cache = cache
        self.together = in_batches(images, settings)
        self.encoded = ridge.encode(
            np.asarray(images.y_train),
            images.num_classes,
            settings.readout.targets,
            settings.readout.intercept,
        )
        self.waiting: list[_Waiting] = []
        self.found: list[Swept] = []

    def add(self, step: Step, features: Float[Array, "s rows d"]) -> None:
        """Features of the training images, then of the test images, that a step's ends have."""
        on_cpu = jax.default_backend() == "cpu"
        if on_cpu:  # features are computed while we go on: their time is not the readout's
            features = jax.block_until_ready(features)
        start = time.perf_counter()
        if not self.together:
            self._one(step, features)
            return
        kernels = self._kernels(features, exact=False)
        kernels = jax.block_until_ready(kernels) if on_cpu else kernels
        taken = time.perf_counter() - start if on_cpu else float("nan")
        exact = None
        if self._sampled(step) and jax.default_backend() != "tpu":
            exact = self._scores(self._kernels(features, exact=True))
        self.waiting.append(_Waiting(step, kernels, features.shape[2], taken, exact))
        if len(self.waiting) == SOLVED_TOGETHER:
            self._solve()

    def finish(self) -> list[Swept]:
        """Of all networks that were added, in no order."""
        if self.waiting:
            self._solve()
        return self.found

    def _sampled(self, step: Step) -> bool:
        share = self.settings.certified_share
        return any(ridge.sampled(end.digest, share) for end in step.ends)

    def _kernels(
        self, features: Float[Array, "s rows d"], *, exact: bool
    ) -> Float[Array, "problems rows n"]:
        """Each seed's and, with several, that of all of them together."""
        kernels = ridge.cross_kernel(
            features,
            num_train=len(self.images.x_train),
            center=self.settings.readout.intercept,
            exact=exact,
            compile=self.cache.get,
        )
        if len(self.settings.seeds) == 1:
            return kernels
        with jax.enable_x64(exact):
            return jnp.concatenate([kernels, kernels.sum(axis=0, keepdims=True)])

    def _scores(self, kernels: Float[Array, "problems rows n"]) -> dict[str, np.ndarray]:
        readout = self.settings.readout
        assert readout.lambdas is not None
        scores = ridge.solve_batch(
            kernels,
            self.encoded,
            np.asarray(self.images.y_test),
            penalty=readout.lambdas[0],
            center=readout.intercept,
            targets=readout.targets,
            compile=self.cache.get,
        )
        found = jax.device_get(scores)._asdict()
        return {name: np.asarray(values, np.float64) for name, values in found.items()}

    def _solve(self) -> None:
        start = time.perf_counter()
        problems = self.waiting[0].kernels.shape[0]
        # Powers of two, so that few programs serve all numbers of networks.
        room = 1 << (len(self.waiting) - 1).bit_length()
        kernels = [one.kernels for one in self.waiting]
        kernels += kernels[:1] * (room - len(kernels))
        scores = self._scores(jnp.concatenate(kernels))
        columns = {name: values.reshape(room, problems) for name, values in scores.items()}
        seconds = (time.perf_counter() - start) / len(self.waiting)
        for row, one in enumerate(self.waiting):
            mine = {name: values[row] for name, values in columns.items()}
            resolved = None if one.exact is None else _differences(mine, one.exact)
            self._found(one.step, mine, one.size, one.seconds + seconds, resolved)
        self.waiting = []

    def _one(self, step: Step, features: Float[Array, "s rows d"]) -> None:
        """By the general readout: a path of lambdas, or many images. It does not score the training images."""
        images, start = self.images, time.perf_counter()
        n = len(images.x_train)
        train, test = features[:, :n], features[:, n:]
        labels = np.asarray(images.y_train), np.asarray(images.y_test)
        options: dict[str, Any] = {
            "num_classes": images.num_classes,
            "settings": self.settings.readout,
        }
        resolved = None
        try:
            scores = ridge.readout(train, labels[0], test, labels[1], **options)
        except ridge.NotFiniteError:
            mine = {
                name: np.full(features.shape[0] + 1, np.nan) for name in ridge.BatchScores._fields
            }
        else:
            parts = (scores.seeds, scores.ensemble)
            mine = {
                name: np.concatenate([np.atleast_1d(getattr(part, name)) for part in parts])
                for name in ridge.BatchScores._fields
                if name != "train_accuracy"
            }
            mine["train_accuracy"] = np.full(features.shape[0] + 1, np.nan)
        seconds = time.perf_counter() - start
        if self._sampled(step) and np.isfinite(mine["certificate"]).all():
            resolved = ridge.certify(scores, train, labels[0], test, labels[1], **options)
        self._found(step, mine, features.shape[2], seconds, resolved)

    def _found(
        self,
        step: Step,
        scores: dict[str, np.ndarray],
        size: int,
        seconds: float,
        resolved: ridge.Certificate | None,
    ) -> None:
        """Takes one network's scores apart: the seeds' first, the ensemble's last (with one seed, the same)."""
        seeds = len(self.settings.seeds)
        # Where features are not finite, neither is the certificate, and no score means anything.
        bad = ~np.isfinite(scores["certificate"])
        clean = {name: np.where(bad, np.nan, values) for name, values in scores.items()}
        names = ("train_accuracy", "loo_accuracy", "test_accuracy", "loo_error", "test_error")
        for end in step.ends:
            self.found.append(
                Swept(
                    position=end.position,
                    digest=end.digest,
                    geometry=end.geometry,
                    **{name: clean[name][:seeds] for name in names},
                    ensemble_loo_accuracy=float(clean["loo_accuracy"][-1]),
                    ensemble_test_accuracy=float(clean["test_accuracy"][-1]),
                    certificate=float(scores["certificate"].max()),
                    resolved=resolved,
                    feature_size=size,
                    fit_seconds=seconds,
                )
            )


def _differences(
    scores: dict[str, np.ndarray], exact: dict[str, np.ndarray]
) -> ridge.Certificate | None:
    """None where features are not finite, of which there are no scores."""
    if not np.isfinite(exact["certificate"]).all():
        return None
    return ridge.Certificate(
        loo_error=float(np.max(np.abs(scores["loo_error"] / exact["loo_error"] - 1))),
        loo_accuracy=float(np.max(np.abs(scores["loo_accuracy"] - exact["loo_accuracy"]))),
        test_accuracy=float(np.max(np.abs(scores["test_accuracy"] - exact["test_accuracy"]))),
        same_lambda=True,
    )
