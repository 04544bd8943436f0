"""The pixels of an image as distances and angles from a center, sorted by their nearest ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RayPixels:
    """Pixels within reach, sorted by their nearest ray; see `sort_pixels`.

    Parameters
    ----------
    index : (N,) int array
        Places in the flat image.
    radius : (N,) float64 array
        Distance from the center in pixels.
    position : (N,) float64 array
        Angle in rays, fractional, 0 to their number.
    ray : (N,) int array
        The nearest one.
    bounds : (rays + 1,) int array
        Where in these arrays the pixels of each ray begin, and the end.
    """

    index: Indices
    radius: Floats
    position: Floats
    ray: Indices
    bounds: Indices

    def of_rays(self, start: int, stop: int) -> list[slice]:
        """Pixels nearest to the rays start to stop - 1, which may go past the last ray or 0."""
        n = len(self.bounds) - 1
        if stop - start >= n:
            return [slice(0, len(self.index))]
        start, stop = start % n, (stop - 1) % n + 1
        pieces = [(start, stop)] if start < stop else [(start, n), (0, stop)]
        return [slice(self.bounds[a], self.bounds[b]) for a, b in pieces]


def sort_pixels(
    shape: tuple[int, int],
    center: tuple[float, float],
    start_angle: float,
    reach: float,
    rays: int,
) -> RayPixels:
    """Sort the pixels nearer to the center than the reach.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    center : (float, float)
        Row and column in napari coordinates (pixel centers at integers).
    start_angle : float
        Of ray 0, in degrees: 0 points to the right, 90 down.
    reach : float
        In pixels.
    rays : int
        Number of rays at equal angles.

    Returns
    -------
    RayPixels
        The pixels.

    Examples
    --------
    >>> pixels = sort_pixels((3, 3), (1, 1), 0, reach=1.2, rays=4)
    >>> pixels.index, pixels.ray
    (array([4, 5, 7, 3, 1]), array([0, 0, 1, 2, 3]))
    """
    y, x = (axis - c for axis, c in zip(np.indices(shape), center, strict=True))
    radius = np.hypot(y, x).ravel()
    index = np.flatnonzero(radius < reach)
    angle = np.rad2deg(np.arctan2(y, x)).ravel()[index] - start_angle
    position = angle * (rays / 360) % rays
    ray = np.rint(position).astype(np.intp) % rays
    order = np.argsort(ray, kind="stable")
    bounds = np.searchsorted(ray[order], np.arange(rays + 1))
    index = index[order]
    return RayPixels(index, radius[index], position[order], ray[order], bounds)
