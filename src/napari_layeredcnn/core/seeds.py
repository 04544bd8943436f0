"""What a person has labelled, read as a seed: painted regions, painted lines, or an array.

A column counts as given only if all of its curves are known; what strokes mean is said at each
of the `seed_from_...` functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_layeredcnn.core.curves import check_curves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.intp]


class SeedError(ValueError):
    """Labels, paths or curves from which no seed can be read."""


@dataclass(frozen=True, eq=False)
class Seed:
    """The columns that a person has labelled.

    Parameters
    ----------
    curves : (K, W) float32 array
        Curves in edge coordinates, ordered; NaN in columns that are not given. A read-only copy
        is kept.
    region_ids : tuple of int
        Ids of the K+1 regions, top to bottom, each different.
    height : int
        Number of rows of the image.
    skipped_columns : int
        How many labelled columns were left out, as a region or a curve is missing in them.

    Raises
    ------
    SeedError
        If the parts do not fit together, no column is given or one only in part, or curves are
        out of order or outside the image.

    Examples
    --------
    >>> seed = Seed([[2.5, np.nan, 3.0]], (4, 7), height=6)
    >>> seed.n_curves, seed.width, seed.columns, seed.stretches
    (1, 3, array([0, 2]), [(0, 1), (2, 3)])
    """

    curves: Floats
    region_ids: tuple[int, ...]
    height: int
    skipped_columns: int = 0

    def __post_init__(self) -> None:
        try:
            curves = check_curves(self.curves, self.height)
            height = index(self.height)
            region_ids = tuple(index(i) for i in self.region_ids)
        except (TypeError, ValueError) as error:
            raise SeedError(str(error)) from None
        if curves.ndim != 2:
            raise SeedError(f"a seed has curves of shape (K, W), but these have {curves.shape}")
        if len(region_ids) != len(curves) + 1 or len(set(region_ids)) != len(region_ids):
            raise SeedError(
                f"{len(curves)} curves part {len(curves) + 1} regions with different ids, but "
                f"the ids are {list(region_ids)}"
            )
        missing = np.isnan(curves)
        if missing.all(axis=0).all():
            raise SeedError("no column is given; label all regions in one column or more")
        partial = missing.any(axis=0) & ~missing.all(axis=0)
        if partial.any():
            raise SeedError(
                f"only some of the curves are given in column {np.argmax(partial)}; give all of "
                "them there, or none"
            )
        curves.setflags(write=False)
        object.__setattr__(self, "curves", curves)
        object.__setattr__(self, "region_ids", region_ids)
        object.__setattr__(self, "height", height)

    @property
    def columns(self) -> Indices:
        """Columns that are given, from left to right."""
        return np.flatnonzero(~np.isnan(self.curves[0]))

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Runs of given columns side by side, as (start, stop) with stop left out."""
        columns = self.columns
        ends = np.flatnonzero(np.diff(columns) > 1)
        starts = columns[np.concatenate([[0], ends + 1])]
        stops = columns[np.concatenate([ends, [-1]])] + 1
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    @property
    def n_curves(self) -> int:
        """Number of curves K."""
        return len(self.curves)

    @property
    def width(self) -> int:
        """Number of columns W of the image."""
        return int(self.curves.shape[1])

    def mirrored(self) -> Seed:
        """Return the seed of the image mirrored left to right."""
        return Seed(self.curves[:, ::-1], self.region_ids, self.height, self.skipped_columns)


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


def seed_from_array(curves: ArrayLike, height: int) -> Seed:
    """Take curves from an array.

    Parameters
    ----------
    curves : (K, W) array_like of float
        Curves in edge coordinates, top to bottom; NaN where not given.
    height : int
        Number of rows of the image.

    Returns
    -------
    Seed
        The same curves; columns with only some of them given are left out and counted. The
        regions have the ids 1 to K+1.

    Raises
    ------
    SeedError
        If these are no curves by shape or type, if they are out of order or outside 0 to
        `height`, or if no column has all.

    Examples
    --------
    >>> seed = seed_from_array([[2.0, np.nan], [3.5, 3.0]], height=4)
    >>> seed.columns, seed.skipped_columns
    (array([0]), 1)
    """
    try:
        array = check_curves(curves, height)
    except ValueError as error:
        raise SeedError(str(error)) from None
    if array.ndim != 2:
        raise SeedError(f"a seed has curves of shape (K, W), but these have {array.shape}")
    missing = np.isnan(array)
    partial = missing.any(axis=0) & ~missing.all(axis=0)
    if partial.any() and missing.any(axis=0).all():
        x = int(np.argmin(missing.sum(axis=0)))
        raise SeedError(
            f"no column has all {len(array)} curves; column {x} comes closest and lacks curve "
            f"{listed(np.flatnonzero(missing[:, x]))}; give it there"
        )
    array[:, partial] = np.nan
    return Seed(array, default_ids(len(array)), height, int(partial.sum()))


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


def default_ids(n_curves: int) -> tuple[int, ...]:
    """Ids of regions that the person has not named: 1 to K+1."""
    return tuple(range(1, n_curves + 2))


def listed(values: Sequence[int] | Indices) -> str:
    """Numbers as an error message shows them."""
    return ", ".join(str(value) for value in values)
