"""An image unrolled about a center, and back: rows are distances from it, columns are rays.

A closed curve about the center is then a curve like any other: its edge coordinate is its radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import map_coordinates, maximum_filter

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.ray_pixels import RayPixels, sort_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]

FEWEST_COLUMNS, MOST_COLUMNS = 64, 8192
#: A painted pixel counts for a ray that passes within this distance of it (px): half its diagonal.
_TOUCHING = 0.71


class PolarError(CompletionError):
    """A center, an image or labels from which no closed structure can be completed."""


@dataclass(frozen=True)
class PolarGrid:
    """Image and unrolled image; see `polar_grid`, which chooses the size.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    center : (float, float)
        Row and column in napari coordinates (pixel centers at integers).
    start_angle : float
        Ray of column 0, in degrees: 0 points to the right, 90 down.
    rows, columns : int
        Of the unrolled image. Row i holds the distances i to i + 1 (px) from the center; the
        columns are rays at equal angles.

    Examples
    --------
    >>> grid = polar_grid((40, 60), center=(20, 30))
    >>> grid.image(np.eye(40, 60)).shape
    (37, 116)
    >>> circle = np.full((1, 116), 9.5)
    >>> grid.paths(circle)[0][0]  # nine and a half pixels right of the center
    array([20. , 39.5])
    """

    shape: tuple[int, int]
    center: tuple[float, float]
    start_angle: float
    rows: int
    columns: int

    @property
    def angles(self) -> NDArray[np.float64]:
        """Angle of each column in degrees, (columns,); clockwise on the screen."""
        turns = np.arange(self.columns, dtype=np.float64) / self.columns
        return self.start_angle + 360 * turns

    @property
    def radii(self) -> NDArray[np.float64]:
        """Distance of the center of each row in pixels, (rows,)."""
        return np.arange(0.5, self.rows, dtype=np.float64)

    def image(self, image: NDArray[Any]) -> Floats:
        """Unroll an image.

        Parameters
        ----------
        image : (H, W) array
            Any real dtype.

        Returns
        -------
        (rows, columns) float32 array
            Interpolated linearly and averaged over the width of a column; beyond the image's
            edge its nearest pixel.
        """
        self._check(image.shape, "image")
        image = image.astype(np.float32)
        parts = max(1, int(np.ceil(2 * np.pi * self.rows / self.columns)))
        offsets = (np.arange(parts) + 0.5) / parts - 0.5
        columns = np.arange(self.columns) + offsets[:, None]
        unrolled = np.empty((self.rows, self.columns), np.float32)
        for row, radius in enumerate(self.radii):
            places = self._places(radius, columns)
            unrolled[row] = map_coordinates(image, places, order=1, mode="nearest").mean(axis=0)
        return unrolled

    def labels(
        self, labels: NDArray[Any], *, zero_is_region: bool = False, parts: int = 1
    ) -> NDArray[Any]:
        """Unroll a label image, nearest neighbor.

        Painted strokes are seen in every column that they touch, so that a thin one along a ray
        does not fall between two columns.

        Parameters
        ----------
        labels : (H, W) array of int
            Labels; 0 is unlabelled.
        zero_is_region : bool
            Whether 0 is a label like the others; then nothing is widened, and the image's
            outermost pixels go on beyond its edge.
        parts : int
            Rows to a pixel.

        Returns
        -------
        (rows * parts, columns) array
            Of the same dtype; 0 beyond the image's edge.
        """
        self._check(labels.shape, "label image")
        padded = np.pad(labels, 1, mode="edge") if zero_is_region else np.pad(labels, 1)
        # Only where something is painted nearby there is more to be seen than at a ray itself.
        reach = np.pi * self.rows / self.columns + _TOUCHING
        painted = maximum_filter(padded != 0, 2 * int(np.ceil(reach + 1.5)) + 1)
        painted |= zero_is_region
        columns = np.arange(self.columns)
        unrolled = np.zeros((self.rows * parts, self.columns), labels.dtype)
        for row, radius in enumerate((np.arange(self.rows * parts) + 0.5) / parts):
            near = np.flatnonzero(self._nearest(painted, radius, columns))
            offsets = self._touched(radius)[: 1 if zero_is_region else None, None]
            seen = self._nearest(padded, radius, near + offsets)
            first = np.argmax(seen != 0, axis=0)
            unrolled[row, near] = seen[first, np.arange(len(near))]
        return unrolled

    def labels_back(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Roll up an unrolled image of labels, or of anything else, nearest neighbor.

        Parameters
        ----------
        labels : (rows, columns) array
            Any dtype.

        Returns
        -------
        (H, W) array
            Of the same dtype; 0 beyond the outermost row.
        """
        pixels = self._pixels
        image = np.zeros(self.shape, labels.dtype)
        image.flat[pixels.index] = labels[pixels.radius.astype(int), pixels.ray]
        return image

    def draw(
        self,
        labels: NDArray[Any],
        curves: Floats,
        region_ids: Sequence[int],
        start: int = 0,
        stop: int | None = None,
    ) -> None:
        """Write the regions between closed curves into a label image.

        Between two rays a curve is interpolated linearly.

        Parameters
        ----------
        labels : (H, W) array of int
            Changed in place within the outermost row's reach, and nowhere else.
        curves : (K, columns) float array
            Radii in pixels, in order; NaN where there is none: 0 is written there.
        region_ids : sequence of int
            Ids of the K+1 regions, from the center outwards.
        start, stop : int
            Columns that have changed; only the pixels that these bear on are written. Default:
            all.
        """
        stop = self.columns if stop is None else stop
        pixels = self._pixels
        for part in pixels.of_rays(start - 1, stop + 1):
            left = np.floor(pixels.position[part]).astype(int)
            one, next_one = curves[:, left % self.columns], curves[:, (left + 1) % self.columns]
            between = one + (next_one - one) * (pixels.position[part] - left)
            # At the end of what is done so far there is one ray only.
            between = np.where(np.isnan(between), curves[:, pixels.ray[part]], between)
            region = (between <= pixels.radius[part]).sum(axis=0)
            values = np.asarray(region_ids, dtype=labels.dtype)[region]
            values[np.isnan(between).any(axis=0)] = 0
            labels.flat[pixels.index[part]] = values

    def paths(self, curves: ArrayLike) -> list[NDArray[np.float64]]:
        """Closed paths in the image.

        Parameters
        ----------
        curves : (K, columns) array_like of float
            Radii in pixels, known everywhere.

        Returns
        -------
        list of K (columns + 1, 2) float64 arrays
            Vertices (row, column) in napari coordinates; the last one is the first one again.
        """
        columns = np.arange(self.columns + 1) % self.columns
        radii = np.asarray(curves, dtype=np.float64)[:, columns]
        return [self._places(curve, columns).T for curve in radii]

    def _check(self, shape: tuple[int, ...], what: str) -> None:
        if shape != self.shape:
            raise PolarError(f"the {what} has the shape {shape}; give one of {self.shape}")

    def _places(
        self, radii: NDArray[np.float64] | float, columns: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Rows and columns in the image for radii and (fractional) columns."""
        angles = np.deg2rad(self.start_angle + columns * (360 / self.columns))
        y, x = self.center
        return np.stack([y + radii * np.sin(angles), x + radii * np.cos(angles)])

    def _nearest(self, padded: NDArray[Any], radius: float, columns: NDArray[Any]) -> NDArray[Any]:
        """Nearest pixels of an image that is padded by one on every side."""
        y, x = np.rint(self._places(radius, columns)).astype(np.intp) + 1
        height, width = padded.shape
        pixels: NDArray[Any] = padded[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        return pixels

    def _touched(self, radius: float) -> NDArray[np.float64]:
        """Offsets (in columns) at which to look for strokes that touch a column, nearest first."""
        width = 2 * np.pi * radius / self.columns
        reach = width / 2 + _TOUCHING
        n = int(np.ceil(reach / _TOUCHING))
        steps = np.arange(1, n + 1) * (reach / (n * width))
        return np.concatenate([[0], np.column_stack([-steps, steps]).ravel()])

    @cached_property
    def _pixels(self) -> RayPixels:
        return sort_pixels(self.shape, self.center, self.start_angle, self.rows, self.columns)


def polar_grid(
    shape: tuple[int, int],
    center: tuple[float, float],
    *,
    start_angle: float = 0.0,
    max_radius: float | None = None,
) -> PolarGrid:
    """Choose how to unroll an image: one row to a pixel, and the columns as far apart halfway out.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    center : (float, float)
        Row and column in napari coordinates (pixel centers at integers).
    start_angle : float
        Ray of column 0, in degrees: 0 points to the right, 90 down.
    max_radius : float, optional
        How far from the center to look, in pixels. Default, and at most: the farthest corner.

    Returns
    -------
    PolarGrid
        With 64 to 8192 columns.

    Raises
    ------
    PolarError
        If the image is one pixel wide or high, the center lies outside it, or an angle or a
        radius is no such thing.

    Examples
    --------
    >>> polar_grid((100, 100), (49.5, 49.5), max_radius=40)
    PolarGrid(shape=(100, 100), center=(49.5, 49.5), start_angle=0.0, rows=40, columns=126)
    """
    height, width = shape
    if min(height, width) < 2:
        raise PolarError(
            f"the image has {height} x {width} pixels, but there is something around a center only "
            "with two or more rows and columns; choose another image"
        )
    y, x = (float(value) for value in center)
    if not (-0.5 <= y <= height - 0.5 and -0.5 <= x <= width - 0.5):  # NaN is outside, too
        raise PolarError(
            f"the center, row {y:g} and column {x:g}, lies outside the image of {height} x {width} "
            "pixels; choose one inside"
        )
    if not np.isfinite(start_angle):
        raise PolarError(f"the start angle is {start_angle}; give a number of degrees")
    farthest = np.hypot(max(y, height - 1 - y), max(x, width - 1 - x)) + 0.5
    if max_radius is not None and not max_radius >= 1:
        raise PolarError(f"the largest radius is {max_radius}; give 1 pixel or more")
    rows = int(np.ceil(farthest if max_radius is None else min(max_radius, farthest)))
    columns = int(np.clip(round(np.pi * rows), FEWEST_COLUMNS, MOST_COLUMNS))
    return PolarGrid((height, width), (y, x), float(start_angle), rows, columns)
