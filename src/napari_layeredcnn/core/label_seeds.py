"""Seeds from what a person has painted: regions or lines.

A column counts as given only if all of its curves are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_layeredcnn.core.seeds import Seed, SeedError, default_ids, listed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Indices = NDArray[np.intp]


def seed_from_regions(labels: ArrayLike, *, zero_is_region: bool = False) -> Seed:
    """Read painted regions.

    In a labelled column the labels stand in order, top to bottom. The boundary between two
    labels is where they touch, or the middle of the unlabelled gap between them: two short
    strokes are enough, and a fully painted column is exact. Two strokes of one label with a gap
    between them are one region.

    Parameters
    ----------
    labels : (H, W) array_like of int
        Region ids: any integers, in any order.
    zero_is_region : bool
        Whether 0 is a region like the others (every pixel is labelled then), not unlabelled.

    Returns
    -------
    Seed
        Curves in the columns in which every region of the image is labelled; the columns in
        which one is missing are left out and counted.

    Raises
    ------
    SeedError
        If these are no labels by shape or type; there are fewer than two regions; no column
        shows all; or a column shows them in another order than elsewhere, or one of them twice.

    Examples
    --------
    >>> labels = [[9, 9], [0, 9], [0, 4], [4, 4]]
    >>> seed = seed_from_regions(labels)
    >>> seed.curves, seed.region_ids
    (array([[2., 2.]], dtype=float32), (9, 4))
    """
    image = _label_image(labels)
    runs = _runs(image, np.ones(image.shape, bool) if zero_is_region else image != 0)
    if len(runs.ids) == 1:
        hint = "" if zero_is_region else ", or let 0 count as a region"
        raise SeedError(
            f"{runs.ids[0]} is the only label, but a boundary lies between two; label a second "
            f"region{hint}"
        )
    runs, region_ids, skipped = _in_order(runs)
    n_regions = len(region_ids)
    above = runs.last.reshape(-1, n_regions)[:, :-1]
    below = runs.first.reshape(-1, n_regions)[:, 1:]
    curves = np.full((n_regions - 1, image.shape[1]), np.nan, np.float32)
    curves[:, runs.column[::n_regions]] = ((above + 1 + below) / 2).T
    return Seed(curves, region_ids, image.shape[0], skipped)


def seed_from_boundaries(labels: ArrayLike) -> Seed:
    """Read painted boundaries, each label one thin line.

    A curve is the center of its line, column by column; lines may touch, but not cross.

    Parameters
    ----------
    labels : (H, W) array_like of int
        A label other than 0 for each line: any integers, in any order.

    Returns
    -------
    Seed
        Curves in the columns that all lines pass; the columns in which one is missing are left
        out and counted. The regions have the ids 1 to K+1.

    Raises
    ------
    SeedError
        If these are no labels by shape or type; no column shows all lines; or a column shows
        them in another order than elsewhere, or one of them above and below another.

    Examples
    --------
    >>> seed = seed_from_boundaries([[0, 8], [8, 8], [3, 0], [0, 3]])
    >>> seed.curves, seed.region_ids
    (array([[1.5, 1. ],
           [2.5, 3.5]], dtype=float32), (1, 2, 3))
    """
    image = _label_image(labels)
    runs, lines, skipped = _in_order(_runs(image, image != 0))
    curves = np.full((len(lines), image.shape[1]), np.nan, np.float32)
    curves[:, runs.column[:: len(lines)]] = runs.center.reshape(-1, len(lines)).T
    return Seed(curves, default_ids(len(lines)), image.shape[0], skipped)


class _Runs(NamedTuple):
    """Stretches of one label in a column, by column and from top to bottom."""

    ids: list[int]  # of the labels in the image
    column: Indices
    label: Indices  # index into ids
    first: Indices  # row
    last: Indices  # row
    center: NDArray[np.float64]  # mean of the rows, in edge coordinates


def _runs(image: NDArray[Any], labelled: NDArray[np.bool_]) -> _Runs:
    """Find the stretches of one label; unlabelled pixels do not end one."""
    columns, rows = np.nonzero(labelled.T)
    if not len(rows):
        raise SeedError("there are no labels; paint at least one column first")
    ids, label = np.unique(image[rows, columns], return_inverse=True)
    new = (columns[1:] != columns[:-1]) | (label[1:] != label[:-1])
    starts = np.flatnonzero(np.concatenate([[True], new]))
    lengths = np.diff(starts, append=len(rows))
    return _Runs(
        ids.tolist(),
        columns[starts],
        label[starts],
        rows[starts],
        rows[starts + lengths - 1],
        np.add.reduceat(rows, starts) / lengths + 0.5,
    )


def _in_order(runs: _Runs) -> tuple[_Runs, tuple[int, ...], int]:
    """Runs of the complete columns, ids from top to bottom, number of columns left out."""
    ids = runs.ids
    _, where, counts = np.unique(
        runs.column * len(ids) + runs.label, return_index=True, return_counts=True
    )
    if (counts > 1).any():
        run = where[np.argmax(counts > 1)]
        raise SeedError(
            f"in column {runs.column[run]} label {ids[runs.label[run]]} lies above and below "
            f"label {ids[runs.label[run + 1]]}; let each label stand in one place in a column"
        )
    counts = np.bincount(runs.column)
    columns = np.flatnonzero(counts == len(ids))
    if not len(columns):
        closest = int(np.argmax(counts))
        lacking = set(ids) - {ids[i] for i in runs.label[runs.column == closest]}
        raise SeedError(
            f"no column shows all of the labels {listed(ids)}; column {closest} comes closest "
            f"and lacks {listed(sorted(lacking))}; label all of them in one column or more"
        )
    order = runs.label[runs.column == columns[0]]
    rank = np.argsort(order)[runs.label]
    wrong = (np.diff(rank) < 0) & (np.diff(runs.column) == 0)
    if wrong.any():
        run = int(np.argmax(wrong))
        upper, lower = ids[runs.label[run]], ids[runs.label[run + 1]]
        raise SeedError(
            f"in column {runs.column[run]} label {upper} lies above label {lower}, but in column "
            f"{columns[0]} below it; use one order from top to bottom"
        )
    inside = counts[runs.column] == len(ids)
    kept = runs._replace(
        column=runs.column[inside],
        label=runs.label[inside],
        first=runs.first[inside],
        last=runs.last[inside],
        center=runs.center[inside],
    )
    return kept, tuple(ids[i] for i in order), int(np.count_nonzero(counts)) - len(columns)


def _label_image(labels: ArrayLike) -> NDArray[Any]:
    image = np.asarray(labels)
    if image.dtype.kind not in "iu":
        raise SeedError(f"labels are integers, but these are of type {image.dtype}; convert them")
    if image.ndim != 2 or image.size == 0:
        raise SeedError(
            f"labels of one image have the shape (H, W), but these have {image.shape}; pass one "
            "slice"
        )
    return image
