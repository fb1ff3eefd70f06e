"""One uniform number per row and step, a function of (seed, step) alone: no state, no order, no batch shape.

A counter-based generator in the manner of Salmon et al. (SC 2011), with SplitMix64's finaliser as the mixing function.
"""

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def mix(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * _MIX[0]
    x = (x ^ (x >> np.uint64(27))) * _MIX[1]
    return x ^ (x >> np.uint64(31))


def uniforms(seeds: np.ndarray, step: int) -> np.ndarray:
    """float64 (R,) in [0, 1) with 53 random bits, for uint64 seeds (R,)."""
    with np.errstate(over="ignore"):
        counter = mix(np.array([step + 1], np.uint64) * _GOLDEN)
        bits = mix(mix(seeds + _GOLDEN) ^ counter)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def derived_seeds(seed: int, count: int) -> np.ndarray:
    """One seed per completion of a request that came with a single one; uint64 (count,)."""
    with np.errstate(over="ignore"):
        start = mix(np.array([seed], np.uint64) + _GOLDEN)
        return mix(start + np.arange(count, dtype=np.uint64) * _GOLDEN)
