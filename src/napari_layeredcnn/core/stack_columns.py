"""Columns in which every slice of a stack gets a seed, and what labelled slices know there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_layeredcnn.core.decoder import Decoder
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import Slices
    from napari_layeredcnn.core.working import WorkingGrid

Floats = NDArray[np.float32]

#: Seed columns are this far apart at least (columns of the working grid).
APART = 32
#: And as far from the border, where a plane has columns on one side only.
FROM_BORDER = 12


def seed_columns(seeds: Mapping[int, Seed], grid: WorkingGrid, *, both_ways: bool) -> list[int]:
    """Choose the middle of every labelled stretch, and more columns in a long one.

    Parameters
    ----------
    seeds : mapping of int to Seed
        Of the labelled slices, by index.
    grid : WorkingGrid
        Of whole slices.
    both_ways : bool
        Whether slices will be completed both ways: a column away from the border will do then.

    Returns
    -------
    list of int
        Columns of the stack, in order.
    """
    apart = APART * grid.width / grid.columns
    border = 0
    if both_ways:
        border = min(round(FROM_BORDER * grid.width / grid.columns), (grid.width - 1) // 2)
    wanted = []
    for _, seed in sorted(seeds.items()):
        for start, stop in seed.stretches:
            parts = max(1, int((stop - start) // apart))
            middles = start + (np.arange(parts) + 0.5) * (stop - start) / parts
            wanted += np.clip(middles, border, grid.width - 1 - border).astype(int).tolist()
    columns: list[int] = []
    for column in wanted:  # earlier slices' first
        if all(abs(column - other) >= apart for other in columns):
            columns.append(column)
    return sorted(columns)


def known_curves(
    slices: Slices,
    seeds: Mapping[int, Seed],
    columns: list[int],
    decoder: Decoder,
    grid: WorkingGrid,
) -> Floats:
    """Look up the labelled slices' curves at the seed columns; complete a slice that lacks one.

    Parameters
    ----------
    slices : Slices
        The stack.
    seeds : mapping of int to Seed
        Of the labelled slices, by index.
    columns : list of int
        From `seed_columns`.
    decoder : Decoder
        The network.
    grid : WorkingGrid
        Of whole slices.

    Returns
    -------
    (S, K, columns) float32 array
        In rows of the grid; NaN in slices that are not labelled.
    """
    n_curves = next(iter(seeds.values())).n_curves
    known = np.full((slices.count, n_curves, len(columns)), np.nan, dtype=np.float32)
    for index, seed in seeds.items():
        curves = seed.curves
        if np.isnan(curves[:, columns]).any():
            runs = Runs(decoder, grid.image(slices[index]), grid.seed(curves))
            for _ in runs.run(forward=True, backward=True):
                pass
            curves = np.where(np.isnan(curves), grid.curves(runs.curves), curves)
        known[index] = curves[:, columns]
    return known * np.float32(grid.rows / grid.height)


def copied_curves(known: Floats) -> Floats:
    """Copy the labelled slices' curves to the others; between two they are interpolated.

    Parameters
    ----------
    known : (S, K) float array
        Curves at one column, NaN in slices that are not labelled.

    Returns
    -------
    (S, K) float32 array
        Curves in every slice.
    """
    labelled = np.flatnonzero(~np.isnan(known[:, 0]))
    every = np.arange(len(known))
    return np.stack(
        [np.interp(every, labelled, curve[labelled]) for curve in known.T], axis=1
    ).astype(np.float32)
