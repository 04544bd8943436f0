"""Runs made by hand for the tests: what a run might have left in a slice."""

from __future__ import annotations

import numpy as np

from napari_layeredcnn.plugin.kept import Kept
from napari_layeredcnn.plugin.planes import Plane


def a_run(
    curves,
    uncertainty=0.0,
    *,
    height: int = 60,
    ids: tuple[int, ...] | None = None,
    transposed: bool = False,
    grid=None,
) -> Kept:
    """A run with these curves (K, W); no column was given."""
    curves = np.array(curves, np.float32)
    unsure = np.where(np.isnan(curves), np.nan, np.broadcast_to(uncertainty, curves.shape))
    ids = tuple(range(1, len(curves) + 2)) if ids is None else ids
    given = np.zeros(curves.shape[1], bool)
    return Kept(
        curves, unsure.astype(np.float32), ids, height, given, transposed, finished=True, grid=grid
    )


def flat(*heights: float, width: int = 100, **how) -> Kept:
    """A run with level curves."""
    return a_run(np.repeat(np.array(heights)[:, None], width, axis=1), **how)


def image_plane(*slices: int) -> Plane:
    """The rows and columns, which come last, of a slice."""
    n = len(slices)
    return Plane((*slices, None, None), n, n + 1)


def show(result, plane: Plane, kept: Kept) -> None:
    """Write the labels of a run into a layer."""
    plane.of(result.data)[...] = kept.labels()
    result.refresh()
