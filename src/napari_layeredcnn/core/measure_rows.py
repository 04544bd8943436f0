"""Figures in rows, one number in each, and the places that they are of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_segmentation import Segmentation
    from napari_layeredcnn.core.measure_statistics import Statistics

ALL = "all"


class Measured(NamedTuple):
    """One number.

    Parameters
    ----------
    roi : str
        Name of the region of interest; ``"all"`` for the whole image.
    slice : int or None
        Number of the slice; None for a figure over all slices, or of a single image.
    region : str
        Name of the region; of the two regions, for a curve; empty for a figure of all of them.
    measure : str
        What was measured, as ``"thickness mean"``.
    value : float
        The number; NaN where nothing could be measured.
    unit : str
        What it is in; empty for shares and numbers of things.
    """

    roi: str
    slice: int | None
    region: str
    measure: str
    value: float
    unit: str


@dataclass(frozen=True)
class RegionOfInterest:
    """A rectangle of columns and slices that figures are restricted to.

    Parameters
    ----------
    name : str
        What it is called.
    columns : (int, int), optional
        First column and the one after the last (rows, if curves run down the image).
        Default: all.
    slices : (int, int), optional
        First number of a slice and the one after the last. Default: all.

    Examples
    --------
    >>> RegionOfInterest("fovea", columns=(100, 200)).columns
    (100, 200)
    """

    name: str = ALL
    columns: tuple[int, int] | None = None
    slices: tuple[int, int] | None = None

    def window(self, segmentation: Segmentation) -> tuple[NDArray[np.intp], slice]:
        """Find the slices (by their index) and columns that lie in it; its edges may lie outside.

        Raises
        ------
        ValueError
            If none do.
        """
        numbers, width = segmentation.numbers, segmentation.stack.shape[-1]
        first, stop = self.slices or (0, int(numbers.max()) + 1)
        inside = np.flatnonzero((numbers >= first) & (numbers < stop))
        start, end = self.columns or (0, width)
        start, end = max(start, 0), min(end, width)
        if start >= end or not inside.size:
            raise ValueError(
                f"nothing lies in the region of interest {self.name!r}: its columns are "
                f"{self.columns or 'all'} of {width}, its slices {self.slices or 'all'} of "
                f"{len(numbers)}; correct it"
            )
        return inside, slice(start, end)


def rows_of(
    roi: str,
    slices: Sequence[int | None],
    region: str,
    figures: Iterable[tuple[str, Any, str]],
) -> list[Measured]:
    """Make rows of figures (measure, values of G groups, unit), group by group.

    Examples
    --------
    >>> rows_of("all", [None], "skin", [("area", [2.5], "mm^2")])
    [Measured(roi='all', slice=None, region='skin', measure='area', value=2.5, unit='mm^2')]
    """
    listed = [
        (name, np.asarray(values, np.float64).tolist(), unit) for name, values, unit in figures
    ]
    return [
        Measured(roi, number, region, name, values[group], unit)
        for group, number in enumerate(slices)
        for name, values, unit in listed
    ]


def figures_of(
    name: str, found: Statistics, unit: str, error: NDArray[np.float64] | None = None
) -> list[tuple[str, Any, str]]:
    """Name mean, error, spread, percentiles and extremes, in the order of a table."""
    figures: list[tuple[str, Any, str]] = [(f"{name} mean", found.mean, unit)]
    if error is not None:
        figures.append((f"{name} mean error", error, unit))
    figures += [(f"{name} sd", found.sd, unit), (f"{name} median", found.percentiles[50], unit)]
    figures += [(f"{name} p{q:g}", v, unit) for q, v in found.percentiles.items() if q != 50]
    return [*figures, (f"{name} min", found.minimum, unit), (f"{name} max", found.maximum, unit)]


def places_of(
    name: str,
    found: Statistics,
    width: int,
    first_column: int,
    along: str,
    numbers: NDArray[np.int64] | None,
) -> list[tuple[str, Any, str]]:
    """Name the column of both extremes, and their slice where rows run over several slices."""
    figures: list[tuple[str, Any, str]] = []
    for which, at in (("min", found.minimum_at), ("max", found.maximum_at)):
        column = np.where(at < 0, math.nan, first_column + at % width)
        figures.append((f"{name} {which} {along}", column, ""))
        if numbers is not None:
            number = np.where(at < 0, math.nan, numbers[np.maximum(at, 0) // width])
            figures.append((f"{name} {which} slice", number, ""))
    return figures
