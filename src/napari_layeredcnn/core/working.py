"""The working grid: an image brought to the resolution at which the network works best, and back.

A coarse grid sees further with every step and loses a curve less often, a fine one is more exact;
thickness and rows were compared on real images and on validation images (`docs/experiments.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from skimage.transform import resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Thickness of a region in pixels that the grid aims at.
REGION_THICKNESS = 7.0
#: An image with a single curve, which has no region between two curves to measure, gets the fewest.
FEWEST_ROWS, MOST_ROWS = 56, 192
MOST_COLUMNS = 2048
#: A pixel is never made smaller than by this factor.
MOST_ENLARGED = 4.0


@dataclass(frozen=True)
class WorkingGrid:
    """Image size and working size.

    Parameters
    ----------
    height, width : int
        Of the image.
    rows, columns : int
        Of the working grid.
    """

    height: int
    width: int
    rows: int
    columns: int

    def image(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Image (H, W) on the grid, averaged where the grid is coarser."""
        if (self.rows, self.columns) == image.shape:
            return image
        grid = resize(  # type: ignore[no-untyped-call]
            image,
            (self.rows, self.columns),
            order=1,
            mode="edge",
            anti_aliasing=True,
            preserve_range=True,
        )
        return np.asarray(grid, dtype=np.float32)

    def seed(self, curves: NDArray[np.float32]) -> NDArray[np.float32]:
        """Curves (K, W), NaN where not given, on the grid's columns.

        A grid column is given where the center of a given column lies in it, or, on a finer grid,
        where its own center lies in a given column.
        """
        given = np.flatnonzero(~np.isnan(curves).any(axis=0))
        on_grid = np.full((len(curves), self.columns), np.nan)
        if self.columns <= self.width:
            cells = ((given + 0.5) * self.columns / self.width).astype(int)
            counts = np.bincount(cells, minlength=self.columns)
            filled = counts > 0
            for k, curve in enumerate(curves[:, given]):
                sums = np.bincount(cells, weights=curve, minlength=self.columns)
                on_grid[k, filled] = sums[filled] / counts[filled]
        else:
            centers = (np.arange(self.columns) + 0.5) * self.width / self.columns
            filled = np.isin(centers.astype(int), given)
            for k, curve in enumerate(curves[:, given]):
                on_grid[k, filled] = np.interp(centers[filled] - 0.5, given, curve)
        return (on_grid * (self.rows / self.height)).astype(np.float32)

    def curves(
        self, on_grid: NDArray[np.float32], start: int = 0, stop: int | None = None
    ) -> NDArray[np.float32]:
        """Curves (K, columns) of the grid, back as curves of the image.

        Interpolated linearly between the centers of grid columns; NaN where a neighboring grid
        column is missing. Uncertainties are brought back in the same way.

        Parameters
        ----------
        on_grid : (K, columns) float array
            In pixels of the grid.
        start, stop : int
            Columns of the image that are wanted. Default: all.

        Returns
        -------
        (K, stop - start) float32 array
            In pixels of the image.
        """
        columns = np.arange(start, self.width if stop is None else stop)
        position = (columns + 0.5) * self.columns / self.width - 0.5
        position = np.clip(position, 0, self.columns - 1)
        left = np.floor(position).astype(int)
        right = np.minimum(left + 1, self.columns - 1)
        share = (position - left).astype(np.float32)
        a, b = on_grid[:, left], on_grid[:, right]
        # A neighbor with no share in a column must not make it NaN.
        mixed = np.where(share == 0, a, a * (1 - share) + b * share)
        return (mixed * np.float32(self.height / self.rows)).astype(np.float32)


def working_grid(
    curves: NDArray[np.float32],
    height: int,
    region_thickness: float | None = None,
    *,
    target: float = REGION_THICKNESS,
) -> WorkingGrid:
    """Choose the grid from the curves of the seed.

    Rows and columns are scaled alike, so that the regions between the first and the last curve
    come to the target thickness on average, unless the image would be enlarged for it; an image
    with a single curve comes to 56 rows. Between 56 and 192 rows, at most 2048 columns, at most
    four times enlarged.

    Parameters
    ----------
    curves : (K, W) float array
        Seed in edge coordinates, NaN where not given.
    height : int
        Of the image.
    region_thickness : float, optional
        Thickness in pixels of the image that shall become the target thickness, instead of the
        seed's mean.
    target : float
        Thickness in pixels of the grid.

    Returns
    -------
    WorkingGrid
        The grid.

    Raises
    ------
    ValueError
        If ``region_thickness`` is not a positive number.

    Examples
    --------
    >>> seed = np.full((3, 400), np.nan)
    >>> seed[:, 0] = [50, 68, 86]  # regions of 18 pixels on average
    >>> working_grid(seed, 200)
    WorkingGrid(height=200, width=400, rows=78, columns=156)
    """
    n_curves, width = curves.shape
    if region_thickness is not None:
        if not (np.isfinite(region_thickness) and region_thickness > 0):
            raise ValueError(
                f"the region thickness must be a positive number of pixels, not {region_thickness}"
            )
        scale = target / region_thickness
    elif n_curves == 1:
        scale = FEWEST_ROWS / height
    else:
        thickness = float(np.nanmean(curves[-1] - curves[0])) / (n_curves - 1)
        scale = min(target / max(thickness, 1e-6), 1.0)  # thin regions gain nothing by more pixels
    scale = min(max(scale, FEWEST_ROWS / height), MOST_ROWS / height, MOST_ENLARGED)
    scale = min(scale, MOST_COLUMNS / width)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    return WorkingGrid(height, width, rows, columns)
