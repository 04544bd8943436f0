"""Thickness of all regions of a segmentation and how uncertain it is, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.measure_thickness import perpendicular_thickness, vertical_thickness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_segmentation import Segmentation

    Floats = NDArray[np.float64]


def region_thickness(segmentation: Segmentation, *, perpendicular: bool = False) -> Floats:
    """Thickness of every region in every column, where the region is.

    Parameters
    ----------
    segmentation : Segmentation
        Curves and the size of a pixel.
    perpendicular : bool
        Whether to measure along the normal of the region's mid-line, within the slice, instead of
        straight across; see `perpendicular_thickness`.

    Returns
    -------
    (S, K+1, W) float64 array
        In world units; S is 1 for an image. NaN where a curve is not known and where the region has
        ended, as its curves meet. The first and the last region have no thickness of their own:
        straight across, theirs reaches to the border of the image (NaN if its height is not known);
        perpendicular, it is NaN.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> one = Segmentation([[2, 2], [5, 2]], height=6, scale=(0.5, 1), unit="mm")
    >>> region_thickness(one)
    array([[[1. , 1. ],
            [1.5, nan],
            [0.5, 2. ]]])
    """
    curves, size = segmentation.stack, segmentation.size
    count, k, width = curves.shape
    thickness = np.full((count, k + 1, width), np.nan)
    thickness[:, 1:-1] = vertical_thickness(curves, across=size.across)
    thickness[:, 0] = curves[:, 0] * size.across
    if segmentation.height is not None:
        thickness[:, -1] = (segmentation.height - curves[:, -1]) * size.across
    there = thickness > 0
    if perpendicular:
        thickness[:, [0, -1]] = np.nan
        thickness[:, 1:-1] = perpendicular_thickness(curves, across=size.across, along=size.along)
    return np.where(there, thickness, np.nan)


def region_uncertainty(segmentation: Segmentation) -> Floats | None:
    """Uncertainty of the thickness of every region, straight across, in every column.

    The two curves of a region are taken to be wrong independently of each other; the border of the
    image is exact.

    Parameters
    ----------
    segmentation : Segmentation
        Curves with their uncertainty.

    Returns
    -------
    (S, K+1, W) float64 array, or None
        In world units; None where no uncertainty is known.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> region_uncertainty(Segmentation([[2], [9]], uncertainty=[[3], [4]]))[0, :, 0]
    array([3., 5., 4.])
    """
    doubt = segmentation.doubt
    if doubt is None:
        return None
    padded = np.pad(doubt, ((0, 0), (1, 1), (0, 0)))
    return np.asarray(np.hypot(padded[:, :-1], padded[:, 1:]) * segmentation.size.across)


def too_uncertain(
    segmentation: Segmentation, max_uncertainty: float | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell where curves are more uncertain than a limit, and regions, as one of their curves is.

    Parameters
    ----------
    segmentation : Segmentation
        Curves with their uncertainty.
    max_uncertainty : float or None
        In pixels; None for no limit. An uncertainty that is not known is within it.

    Returns
    -------
    curves : (S, K, W) bool array
        Where a curve is too uncertain.
    regions : (S, K+1, W) bool array
        Where one of a region's curves is.

    Raises
    ------
    ValueError
        If there is a limit, but no uncertainty is known.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> one = Segmentation([[2], [9]], uncertainty=[[3], [4]])
    >>> [found[0, :, 0].tolist() for found in too_uncertain(one, 3.5)]
    [[False, True], [False, True, True]]
    """
    doubt = segmentation.doubt
    if max_uncertainty is None:
        curves = np.zeros(segmentation.stack.shape, bool)
    elif doubt is None:
        raise ValueError(
            "no uncertainty is known, so that uncertain columns cannot be left out; measure a "
            "result that has one, or do without the limit"
        )
    else:
        curves = np.asarray(doubt > max_uncertainty)
    padded = np.pad(curves, ((0, 0), (1, 1), (0, 0)))
    return curves, padded[:, :-1] | padded[:, 1:]
