"""Quantiles and tails of the laws that intervals are made of.

From ``scipy.special``: loading ``scipy.stats`` takes longer than most commands do.
"""

from __future__ import annotations

import numpy as np

from harness.analysis import special
from harness.analysis.columns import Array


def normal_quantile(p: float) -> float:
    """Of mean 0 and deviation 1."""
    return float(special.ndtri(p))


def normal_above(z: Array) -> Array:
    """P(Z > z), of mean 0 and deviation 1."""
    found: Array = special.ndtr(-z)
    return found


def t_quantile(p: float, degrees: int) -> float:
    """Student's t."""
    return float(special.stdtrit(degrees, p))


def t_two_sided(t: float, degrees: int) -> float:
    """P(|T| > t), Student's t."""
    return 2 * float(special.stdtr(degrees, -abs(t)))


def chi_squared_quantile(p: float, degrees: int) -> float:
    """Of a sum of ``degrees`` squared standard normals."""
    return 2 * float(special.gammaincinv(degrees / 2, p))


def noncentral_t(t: float, degrees: int, shift: float) -> float:
    """P(T <= t), Student's t whose mean is shifted by ``shift``."""
    return float(special.nctdtr(degrees, shift, t))


def poisson_upper(count: int, confidence: float) -> float:
    """Exact upper limit of a Poisson mean after ``count`` events: half the chi-squared quantile of 2(count + 1)."""
    return float(special.gammaincinv(count + 1, confidence))


def normal_share(z: np.ndarray) -> np.ndarray:
    """P(Z <= z) for each, Z normal with mean 0 and deviation 1."""
    return np.asarray(special.ndtr(z))


def chi_squared_upper(x: float, degrees: int) -> float:
    """P(X > x), chi-squared."""
    return float(special.gammaincc(degrees / 2, max(0.0, x) / 2))


def clopper_pearson(hit: float, n: int, confidence: float) -> tuple[float, float]:
    """Exact two-sided limits of a share after ``hit`` of ``n``."""
    tail = (1 - confidence) / 2
    low = float(special.betaincinv(hit, n - hit + 1, tail)) if hit > 0 else 0.0
    high = float(special.betaincinv(hit + 1, n - hit, 1 - tail)) if hit < n else 1.0
    return low, high
