"""What a person has labelled, read as a seed: painted regions, painted lines, or an array.

A column counts as given only if all of its curves are known; what strokes mean is said at each
of the `seed_from_...` functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING

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


def default_ids(n_curves: int) -> tuple[int, ...]:
    """Ids of regions that the person has not named: 1 to K+1."""
    return tuple(range(1, n_curves + 2))


def listed(values: Sequence[int] | Indices) -> str:
    """Numbers as an error message shows them."""
    return ", ".join(str(value) for value in values)
