"""One region or curve in a region of interest: its figures, slice by slice and over all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_layeredcnn.core.measure_rows import ALL, figures_of, places_of, rows_of
from napari_layeredcnn.core.measure_shape import lengths, residuals, roughness, slopes
from napari_layeredcnn.core.measure_statistics import mean_error, ratio, statistics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_rows import Measured
    from napari_layeredcnn.core.measure_segmentation import Segmentation

    Floats = NDArray[np.float64]
    Figures = list[tuple[str, Any, str]]


@dataclass(frozen=True)
class Options:
    """How to measure; see `measure`."""

    to_border: bool = False
    max_uncertainty: float | None = None
    correlation_length: int | None = None
    detrend: int = 1
    percentiles: tuple[float, ...] = ()


class Level(NamedTuple):
    """What a row of figures is of: each slice by its number, or all slices together."""

    numbers: Sequence[int | None]
    together: bool

    def group(self, array: NDArray[Any]) -> NDArray[Any]:
        """Arrange (S, W) numbers so that each row of figures has a row of numbers."""
        return array.reshape(1, -1) if self.together else array

    def total(self, array: NDArray[Any]) -> NDArray[Any]:
        """Add figures of slices, (S,)."""
        return array.sum(keepdims=True) if self.together else array

    def mean(self, array: Floats, weights: NDArray[Any]) -> Floats:
        """Average figures of slices, (S,), with weights; those of weight 0 may be NaN."""
        if not self.together:
            return array
        summed = np.where(weights > 0, array * weights, 0).sum(keepdims=True)
        return ratio(summed, weights.sum(keepdims=True))


@dataclass(frozen=True, eq=False)
class Part:
    """One region or curve, in all of its columns or in a region of interest.

    Parameters
    ----------
    segmentation : Segmentation
        Which it is of.
    options : Options
        How to measure.
    name : str
        What the region or curve is called.
    values : (S, W) float array
        Thickness or height in world units; NaN where there is nothing.
    doubt : (S, W) float array or None
        Its uncertainty.
    vague : (S, W) bool array
        Where it is too uncertain to be measured.
    normal : (S, W) float array or None
        Perpendicular thickness, if that is to be measured too.
    border : bool
        Whether this is the first or the last region.
    roi : str
        What the region of interest is called.
    slices : (S,) int array, optional
        Indices of its slices. Default: all.
    first_column : int
        Its first column.
    """

    segmentation: Segmentation
    options: Options
    name: str
    values: Floats
    doubt: Floats | None
    vague: NDArray[np.bool_]
    normal: Floats | None = None
    border: bool = False
    roi: str = ALL
    slices: NDArray[np.intp] | None = None
    first_column: int = 0

    def within(self, roi: str, slices: NDArray[np.intp], columns: slice) -> Part:
        """Restrict to a region of interest."""

        def cut(array: Floats | None) -> Floats | None:
            return None if array is None else array[slices, columns]

        return replace(
            self,
            values=self.values[slices, columns],
            doubt=cut(self.doubt),
            vague=self.vague[slices, columns],
            normal=cut(self.normal),
            roi=roi,
            slices=slices,
            first_column=columns.start,
        )

    def region_rows(self) -> list[Measured]:
        """Measure a region."""
        size, unit = self.segmentation.size, self.segmentation.unit_name
        used = np.where(self.vague, np.nan, self.values)
        area = np.nansum(used, axis=1) * size.along
        rows = []
        for level in self._levels():
            figures = self._counts(used, level)
            if not self.border or self.options.to_border:
                figures += self._statistics("thickness", used, self.doubt, level)
            if self.normal is not None and not self.border:
                also = np.where(self.vague, np.nan, self.normal)
                doubt = None if self.doubt is None else self.doubt * (self.normal / self.values)
                count = (~np.isnan(level.group(also))).sum(axis=1)
                figures.append(("perpendicular thickness columns", count, ""))
                figures += self._statistics("perpendicular thickness", also, doubt, level)
            if not (level.together and self.segmentation.is_stack):
                figures.append(("area", area, f"{unit}^2"))
            elif size.between is not None:
                figures.append(("volume", level.total(area * size.between), f"{unit}^3"))
            rows += rows_of(self.roi, level.numbers, self.name, figures)
        return rows

    def curve_rows(self) -> list[Measured]:
        """Measure a curve."""
        along, unit = self.segmentation.size.along, self.segmentation.unit_name
        used = np.where(self.vague, np.nan, self.values)
        residual = residuals(used, self.options.detrend)
        length, straight = lengths(used, along)
        slope, count = slopes(used, along), (~np.isnan(used)).sum(axis=1)
        # A single column has no slope.
        count = np.where(np.isnan(slope), 0, count)
        rows = []
        for level in self._levels():
            ra, rq = roughness(level.group(residual))
            of_curve, of_straight = level.total(length), level.total(straight)
            steepness = np.degrees(np.arctan(level.mean(slope, count)))
            figures = self._counts(used, level)
            figures += self._statistics("height", used, self.doubt, level)
            figures += [
                ("Ra", ra, unit),
                ("Rq", rq, unit),
                ("length", of_curve, unit),
                ("tortuosity", ratio(of_curve, of_straight), ""),
                ("slope", steepness, "degree"),
            ]
            rows += rows_of(self.roi, level.numbers, self.name, figures)
        return rows

    @property
    def _numbers(self) -> NDArray[np.int64]:
        numbers = self.segmentation.numbers
        return numbers if self.slices is None else numbers[self.slices]

    def _levels(self) -> Iterator[Level]:
        if self.segmentation.is_stack:
            yield Level(self._numbers.tolist(), together=False)
        yield Level([None], together=True)

    def _counts(self, used: Floats, level: Level) -> Figures:
        """Tell how many columns were measured, covered and left out."""
        there = ~np.isnan(level.group(self.values))
        covered, count = there.sum(axis=1), (~np.isnan(level.group(used))).sum(axis=1)
        figures: Figures = [("columns", count, ""), ("covered", covered / there.shape[1], "")]
        if self.options.max_uncertainty is not None:
            figures.append(("left out", ratio(covered - count, covered), ""))
        return figures

    def _statistics(self, name: str, used: Floats, doubt: Floats | None, level: Level) -> Figures:
        """Describe numbers, with the error of their mean where their uncertainty is known."""
        along = "row" if self.segmentation.transposed else "column"
        found = statistics(level.group(used), (50.0, *self.options.percentiles))
        error = None
        if doubt is not None:
            count = (~np.isnan(used)).sum(axis=1)
            error = level.mean(self._error(used, doubt), count)
        numbers = self._numbers if level.together and self.segmentation.is_stack else None
        return [
            *figures_of(name, found, self.segmentation.unit_name, error),
            *places_of(name, found, used.shape[1], self.first_column, along, numbers),
        ]

    def _error(self, used: Floats, doubt: Floats) -> Floats:
        """Error of each slice's mean; NaN where an uncertainty is not known."""
        known = ~np.isnan(used)
        error = mean_error(np.where(known, doubt, np.nan), self.options.correlation_length)
        return np.where((known & np.isnan(doubt)).any(axis=1), np.nan, error)
