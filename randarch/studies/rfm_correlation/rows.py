"""What the store keeps of each evaluation, by name."""

from typing import Any

import numpy as np

from randarch.engine import Evaluation


def random_metrics(found: Evaluation, count: int) -> dict[str, Any]:
    """Columns of the random networks' scores; NaN where the features were not finite."""
    result: dict[str, Any] = {
        "feature_size": found.feature_size,
        "finite": found.scores is not None,
    }
    for name, label in (
        ("test_accuracy", "accuracy"),
        ("test_error", "error"),
        ("loo_accuracy", "loo_accuracy"),
        ("loo_error", "loo_error"),
        ("chosen_lambda", "lambda"),
    ):
        nothing = np.full(count, np.nan)
        values = nothing if found.scores is None else getattr(found.scores.seeds, name)
        together = np.nan if found.scores is None else getattr(found.scores.ensemble, name)
        result[f"rfm_{label}"] = float(np.mean(values))
        result |= {f"rfm_{label}_seed{i}": float(v) for i, v in enumerate(values)}
        result[f"ensemble_{label}"] = float(together)
    if found.scores is not None:
        seeds, ensemble = found.scores.seeds, found.scores.ensemble
        result["readout_form"], result["readout_precision"] = seeds.method, seeds.precision[0]
        result["certificate"] = float(max(np.max(seeds.certificate), float(ensemble.certificate)))
        result["lambda_at_edge"] = int(np.sum(seeds.at_edge)) + int(ensemble.at_edge)
    if found.certificate is not None:
        result["resolved_loo_error_difference"] = found.certificate.loo_error
        result["resolved_test_accuracy_difference"] = found.certificate.test_accuracy
    return result
