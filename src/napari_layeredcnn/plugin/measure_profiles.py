"""Thickness along the layers of a measured slice or stack, to be plotted and colored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes
from napari.utils.colormaps import label_colormap

from napari_layeredcnn.core.measure_regions import (
    region_thickness,
    region_uncertainty,
    too_uncertain,
)
from napari_layeredcnn.core.measure_statistics import mean_error, statistics

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_segmentation import Segmentation
    from napari_layeredcnn.plugin.planes import Plane

    Floats = NDArray[np.float32]
    Color = tuple[float, float, float]

#: Of what has no color of its own, such as the background.
_GRAY = (0.5, 0.5, 0.5)
_DEFAULT = label_colormap(49, 0.5)


@dataclass(frozen=True, eq=False)
class MeasureProfiles:
    """Thickness of R regions in every column of S slices, and where these are in the viewer.

    Parameters
    ----------
    segmentation : Segmentation
        What was measured; the numbers of its slices are places on `axis`.
    layer : napari.layers.Layer
        The layer that it is of.
    plane : Plane
        The first slice, with rows and columns as they were shown; a transposed segmentation has
        its columns along `plane.rows`.
    axis : int or None
        Axis of the layer along which slices follow each other; None for a single slice.
    regions : tuple of int
        Which regions of the segmentation these are, the top one being 0.
    thickness : (S, R, W) float32 array
        In `unit`; NaN where a region is not.
    error : (S, R, W) float32 array or None
        Its standard deviation, where an uncertainty is known.
    colors : tuple of R (r, g, b)
        Of the regions, from 0 to 1.
    correlation_length : int or None
        For errors of means; see `mean_error`.
    kind : str
        What was measured: "thickness" or "perpendicular thickness".
    """

    segmentation: Segmentation
    layer: Layer
    plane: Plane
    axis: int | None
    regions: tuple[int, ...]
    thickness: Floats
    error: Floats | None
    colors: tuple[Color, ...]
    correlation_length: int | None = None
    kind: str = "thickness"

    @property
    def names(self) -> tuple[str, ...]:
        """What the regions are called."""
        return tuple(self.segmentation.names[r] for r in self.regions)

    @property
    def unit(self) -> str:
        """What thickness, and lengths along the layers, are in."""
        return self.segmentation.unit_name

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Places of the S slices on their axis."""
        return self.segmentation.numbers

    @property
    def is_stack(self) -> bool:
        """Whether there are several slices."""
        return self.axis is not None and len(self.thickness) > 1

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.thickness.shape[-1])

    @cached_property
    def means(self) -> tuple[Floats, Floats | None]:
        """Mean thickness (S, R) of the regions in every slice, and its error."""
        flat = self.thickness.reshape(-1, self.width)
        shape = self.thickness.shape[:2]
        mean = statistics(flat).mean.astype(np.float32).reshape(shape)
        if self.error is None:
            return mean, None
        doubt = np.where(np.isnan(flat), np.nan, self.error.reshape(flat.shape))
        error = mean_error(doubt, self.correlation_length)
        error[(np.isnan(doubt) & ~np.isnan(flat)).any(axis=1)] = np.nan
        return mean, error.astype(np.float32).reshape(shape)

    def plane_of(self, index: int) -> Plane:
        """Return one of the S slices as a slice of the layer."""
        if self.axis is None:
            return self.plane
        return self.plane.at(self.axis, int(self.numbers[index]))

    def place(self, index: int, region: int, column: int) -> tuple[float, float]:
        """Return the middle of one of the R regions in a column, as (row, column) of the slice.

        In napari coordinates. A curve that is not known is taken to be in the middle of the
        column's other ones and of the image's borders.
        """
        upper, lower = self.ends(index, region, column)
        across = (upper + lower) / 2
        return (float(column), across) if self.segmentation.transposed else (across, float(column))

    def ends(self, index: int, region: int, column: int) -> tuple[float, float]:
        """Return where a region begins and ends in a column, in napari coordinates."""
        curves = self.segmentation.stack[index, :, column]
        height = self.segmentation.height
        known = curves[~np.isnan(curves)]
        last = float(known[-1]) if known.size else 0.0
        edges = np.array([0.0, *curves, last if height is None else height]) - 0.5
        r = self.regions[region]
        ends = np.nan_to_num(edges[r : r + 2], nan=float(np.nanmean(edges)))
        return float(ends[0]), float(ends[1])

    def slice_at(self, point: Any) -> int | None:
        """Return which of the S slices a place of the layer is in; None for none of them.

        Parameters
        ----------
        point : sequence of float
            Place on every axis of the layer's data.
        """
        index: int | None = 0
        for axis, place in enumerate(self.plane.index):
            here = round(float(point[axis]))
            if axis == self.axis:
                index = self.index_of(here)
            elif place is not None and here != place:
                return None
        return index

    def locate(self, point: Any) -> tuple[int, int, float] | None:
        """Find a place of the layer.

        Parameters
        ----------
        point : sequence of float
            Place on every axis of the layer's data.

        Returns
        -------
        (index, column, across) or None
            Which of the S slices, which column, and how far across the curves in edge coordinates;
            None outside of what was measured.
        """
        rows, columns = self.plane.rows, self.plane.columns
        if self.segmentation.transposed:
            rows, columns = columns, rows
        index, column = self.slice_at(point), round(float(point[columns]))
        if index is None or not 0 <= column < self.width:
            return None
        return index, column, float(point[rows]) + 0.5

    def index_of(self, number: int) -> int | None:
        """Return which of the S slices is at a place of their axis."""
        found = np.flatnonzero(self.numbers == number)
        return int(found[0]) if found.size else None

    def region_at(self, index: int, column: int, across: float) -> int | None:
        """Return which of the R regions is at a height of a column; None if none of them is."""
        curves = self.segmentation.stack[index, :, column]
        if np.isnan(curves).any():
            return None
        r = int((curves <= across).sum())
        return self.regions.index(r) if r in self.regions else None


def measure_profiles(
    segmentation: Segmentation,
    layer: Layer,
    plane: Plane,
    axis: int | None = None,
    *,
    perpendicular: bool = False,
    to_border: bool = False,
    max_uncertainty: float | None = None,
    correlation_length: int | None = None,
) -> MeasureProfiles:
    """Take the thickness along the layers from what was measured.

    Parameters
    ----------
    segmentation : Segmentation
        Curves of one slice, or of several with their places on `axis` as their numbers.
    layer : napari.layers.Layer
        The layer that it is of.
    plane : Plane
        The first slice, as it is shown.
    axis : int, optional
        Axis of the layer along which slices follow each other. Default: this is a single slice.
    perpendicular, to_border, max_uncertainty, correlation_length
        See `measure`.

    Returns
    -------
    MeasureProfiles
        Regions without any thickness are left out.
    """
    thickness = region_thickness(segmentation, perpendicular=perpendicular)
    error = region_uncertainty(segmentation)
    if perpendicular and error is not None:
        error = error * thickness / region_thickness(segmentation)
    _, vague = too_uncertain(segmentation, max_uncertainty)
    thickness = np.where(vague, np.nan, thickness)
    last = thickness.shape[1] - 1
    regions = tuple(
        r
        for r in range(last + 1)
        if (to_border or 0 < r < last) and not np.isnan(thickness[:, r]).all()
    )
    chosen = list(regions)
    return MeasureProfiles(
        segmentation,
        layer,
        plane,
        axis,
        regions,
        thickness[:, chosen].astype(np.float32),
        None if error is None else error[:, chosen].astype(np.float32),
        tuple(_color(layer, int(segmentation.region_ids[r])) for r in regions),
        correlation_length,
        "perpendicular thickness" if perpendicular else "thickness",
    )


def _color(layer: Layer, region: int) -> Color:
    """Return the color of a region in its layer."""
    color: Any = None
    if isinstance(layer, Shapes):  # as napari colors labels, if nobody says otherwise
        color = _DEFAULT.map(region) if region else None
    elif hasattr(layer, "get_color"):
        color = layer.get_color(region) if region else None
    if color is None:
        return _GRAY
    red, green, blue = (float(part) for part in color[:3])
    return red, green, blue
