"""Paths along boundaries, as a napari Shapes layer holds them, read as a seed."""

from __future__ import annotations

from itertools import combinations
from operator import index
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.curves import order_curves
from napari_layeredcnn.core.seeds import Seed, SeedError, default_ids, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

#: Two paths that are drawn onto one another differ by rounding (px); they do not cross.
_TOUCHING = 1e-6


def seed_from_paths(paths: Sequence[ArrayLike], shape: tuple[int, int]) -> Seed:
    """Read one path per boundary, as a napari Shapes layer holds them.

    A path is followed in straight lines from vertex to vertex and read at the centers of the
    columns from its one end to its other. It may be drawn to the right or to the left. At a
    step straight up or down the curve lies in the middle of the step.

    Parameters
    ----------
    paths : sequence of (N, 2) array_like of float
        Vertices (row, column) in napari coordinates (pixel centers at integers); the paths may
        come in any order. Rows outside the image are moved to its edge.
    shape : (int, int)
        Rows and columns of the image.

    Returns
    -------
    Seed
        Curves in the columns that all paths pass; the columns in which one is missing are left
        out and counted. The regions have the ids 1 to K+1.

    Raises
    ------
    SeedError
        If there is no path; a path has fewer than two vertices, runs backwards, stays in one
        column, or passes no column of the image; two paths cross; or no column has all.

    Examples
    --------
    >>> seed = seed_from_paths([[(5, 0), (5, 3)], [(3, 2), (1, 0)]], shape=(8, 4))
    >>> seed.curves, seed.skipped_columns
    (array([[1.5, 2.5, 3.5, nan],
           [5.5, 5.5, 5.5, nan]], dtype=float32), 1)
    """
    height, width = (index(n) for n in shape)
    if height < 1 or width < 1:
        raise SeedError(f"an image has rows and columns, but its shape is {(height, width)}")
    if not len(paths):
        raise SeedError("there is no path; draw one along each boundary")
    curves = np.stack([_follow(path, i, width) for i, path in enumerate(paths)])
    curves = np.clip(curves, 0, height)
    for a, b in combinations(range(len(curves)), 2):
        apart = curves[a] - curves[b]
        columns = np.flatnonzero(np.abs(apart) > _TOUCHING)
        side = np.sign(apart[columns])
        if (side != side[:1]).any():
            where = np.argmax(side != side[:1])
            before, x = columns[where - 1], columns[where]
            raise SeedError(
                f"paths {a} and {b} cross between columns {before} and {x}: path "
                f"{a if side[0] < 0 else b} is the upper one before and the lower one after; "
                "move a vertex"
            )
    missing = np.isnan(curves)
    complete = ~missing.any(axis=0)
    if not complete.any():
        x = int(np.argmin(missing.sum(axis=0)))
        raise SeedError(
            f"no column has all {len(curves)} paths; column {x} comes closest and lacks path "
            f"{listed(np.flatnonzero(missing[:, x]))}; draw all paths over the same columns"
        )
    curves = curves[np.argsort(curves[:, complete].mean(axis=1), kind="stable")]
    skipped = int((~complete & ~missing.all(axis=0)).sum())
    curves[:, ~complete] = np.nan
    return Seed(order_curves(curves), default_ids(len(curves)), height, skipped)


def _follow(path: ArrayLike, number: int, width: int) -> NDArray[np.float64]:
    """Heights of a path at the column centers, in edge coordinates; NaN outside it."""
    try:
        vertices = np.asarray(path, dtype=np.float64)
    except (TypeError, ValueError):
        raise SeedError(f"the vertices of path {number} are no (N, 2) array of numbers") from None
    if vertices.ndim != 2 or vertices.shape[1] != 2 or not np.isfinite(vertices).all():
        raise SeedError(
            f"path {number} needs finite vertices (row, column) in an (N, 2) array, but its "
            f"shape is {vertices.shape}"
        )
    if len(vertices) < 2:
        raise SeedError(f"path {number} has {len(vertices)} vertices, but a line needs two")
    steps = np.diff(vertices[:, 1])
    if not steps.any():
        raise SeedError(
            f"path {number} stays in column {vertices[0, 1]:g}; draw it along its boundary"
        )
    # Which way it is drawn, its ends say; or, if it comes back to where it began, its start.
    way = vertices[-1, 1] - vertices[0, 1] or steps[steps != 0][0]
    if (steps * way < 0).any():
        turn = np.argmax(steps * way < 0)
        raise SeedError(
            f"path {number} runs backwards at column {vertices[turn, 1]:g}; a boundary has one "
            "height in every column, so move or delete the vertex after it"
        )
    rows, columns = (vertices if way > 0 else vertices[::-1]).T
    start, stop = max(int(np.ceil(columns[0])), 0), min(int(np.floor(columns[-1])) + 1, width)
    if start >= stop:
        raise SeedError(
            f"path {number} goes from column {columns[0]:g} to {columns[-1]:g} and passes the "
            f"center of no column of the image, which has 0 to {width - 1}; draw it longer"
        )
    centers = np.arange(start, stop)
    # The last vertex at or left of each center, and the first at or right of it; a step straight
    # up or down at the center itself lies between the first and the last of its vertices.
    left = np.searchsorted(columns, centers, side="right") - 1
    right = np.searchsorted(columns, centers, side="left")
    gap = columns[right] - columns[left]
    share = np.where(gap > 0, (centers - columns[left]) / np.where(gap > 0, gap, 1), 0.5)
    curve = np.full(width, np.nan)
    curve[start:stop] = rows[left] + share * (rows[right] - rows[left]) + 0.5
    return curve
