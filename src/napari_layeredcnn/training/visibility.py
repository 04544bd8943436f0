"""How well a boundary is seen in an image: what stands out along most of it, and how far.

A quarter of the boundaries of synthetic images were less visible than nineteen in twenty of the
real ones (`docs/experiments.md`); a network that is asked to follow them learns to guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows on either side of a curve that are compared.
REACH = 4
#: Columns that are averaged, as an eye does along a line.
RUN = 8
#: Nineteen of twenty boundaries in real images are at least so visible.
VISIBLE = 1.2
_LEAST = 1e-5


def visibility(image: NDArray[np.float32], curves: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rate how well each curve is seen.

    Parameters
    ----------
    image : array, shape (H, W), float32
        Scaled to about [-1, 1].
    curves : array, shape (K, W), float32
        Edge coordinates.

    Returns
    -------
    array, shape (K,)
        The largest of four: how far the step of intensity across the curve, and the ridge on it,
        stand out of their variation along the curve; and how much the spread, and the fine
        texture, differ on its two sides (as the logarithm of a ratio of variances). 0 for a curve
        that runs at the edge of the image.

    Examples
    --------
    >>> image = np.repeat([[-1.0], [1.0]], 16, axis=0) * np.ones((1, 64))
    >>> rng = np.random.default_rng(0)
    >>> image = (image + 0.3 * rng.standard_normal(image.shape)).astype(np.float32)
    >>> seen = visibility(image, np.array([[16.0] * 64, [8.0] * 64], np.float32))
    >>> bool(seen[0] > VISIBLE > seen[1])
    True
    """
    height, width = image.shape
    rated = np.zeros(len(curves))
    columns = np.arange(width)
    offsets = np.arange(-REACH, REACH)[:, None]
    for number, curve in enumerate(curves):
        base = np.rint(curve).astype(int)
        inside = (base >= 2) & (base <= height - 2)
        if inside.sum() < 2 * RUN:
            continue
        rows = np.clip(base + offsets, 0, height - 1)
        band = image[rows[:, inside], columns[inside]]
        upper, lower = band[:REACH], band[REACH:]
        middle = band[REACH - 1 : REACH + 1].mean(axis=0)
        sides = (band[:2].mean(axis=0) + band[-2:].mean(axis=0)) / 2
        rated[number] = max(
            _stands_out(lower.mean(axis=0) - upper.mean(axis=0)),
            _stands_out(middle - sides),
            _log_ratio(lower, upper),
            _log_ratio(np.diff(lower, axis=1), np.diff(upper, axis=1)),
        )
    return rated


def _stands_out(values: NDArray[np.float32]) -> float:
    """Median over its spread along the curve, both of runs of columns."""
    count = len(values) // RUN
    runs = values[: count * RUN].reshape(count, RUN).mean(axis=1)
    middle = np.median(runs)
    spread = 1.48 * np.median(np.abs(runs - middle))
    return float(abs(middle) / (spread + 1e-3))


def _log_ratio(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(abs(np.log((one.var() + _LEAST) / (other.var() + _LEAST))))
