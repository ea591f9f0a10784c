"""Is a mean of a few paired differences below 0? Exactly: every difference could as well have had the other sign."""

import numpy as np
from jaxtyping import Float

MAX_EXACT = 20
"""Up to as many differences all signs are compared; beyond, random ones."""
_RANDOM_SIGNS = 99_999
_EQUAL = 1e-9


def sign_flip_p(differences: Float[np.ndarray, " n"], rng: np.random.Generator) -> float:
    """Share of all ways to sign the differences whose sum is as low as the one found, or lower.

    Args:
      differences: a negative one speaks for the claim.
      rng: source of random signs beyond 20 differences; the signs found are then one more.
    """
    n = len(differences)
    found = differences.sum()
    limit = found + _EQUAL * np.abs(differences).sum()
    if n <= MAX_EXACT:
        sums = np.zeros(1)
        for difference in differences:
            sums = np.concatenate([sums + difference, sums - difference])
        return float(np.mean(sums <= limit))
    signs = rng.integers(0, 2, size=(_RANDOM_SIGNS, n), dtype=np.int8)
    return float((1 + np.sum((2.0 * signs - 1) @ differences <= limit)) / (1 + _RANDOM_SIGNS))
