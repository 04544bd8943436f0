"""From curves to numbers: thickness and area of regions, height and roughness of curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn.core.measure_part import Options, Part
from napari_layeredcnn.core.measure_regions import (
    region_thickness,
    region_uncertainty,
    too_uncertain,
)
from napari_layeredcnn.core.measure_rows import Measured, RegionOfInterest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_layeredcnn.core.measure_segmentation import Segmentation

#: Besides the median.
PERCENTILES = (5, 25, 75, 95)


def measure(
    segmentation: Segmentation,
    *,
    regions_of_interest: Sequence[RegionOfInterest] = (),
    perpendicular: bool = False,
    to_border: bool = False,
    max_uncertainty: float | None = None,
    correlation_length: int | None = None,
    detrend: int = 1,
    percentiles: Sequence[float] = PERCENTILES,
) -> list[Measured]:
    """Measure the regions and the curves of an image or a stack.

    Regions and curves are measured where they are: not in columns without curves, and a region not
    where its two curves meet. ``covered`` tells the share of columns in which it is, ``columns``
    how many have been measured.

    Parameters
    ----------
    segmentation : Segmentation
        Curves, what they part, and the size of a pixel.
    regions_of_interest : sequence of RegionOfInterest, optional
        Rectangles of columns and slices, each measured on its own. Default: the whole.
    perpendicular : bool
        Measure thickness along the normals of the mid-lines too.
    to_border : bool
        Measure the thickness of the first and the last region as well, up to the border of the
        image. They have no thickness of their own; their area is always measured (of the last, if
        the height of the image is known).
    max_uncertainty : float, optional
        In pixels: columns in which a curve is more uncertain are left out, of the curve and of its
        two regions. ``left out`` tells the share of the columns covered. What is of unknown
        uncertainty stays.
    correlation_length : int, optional
        In columns: how far errors of neighboring columns are alike, for the errors of means; see
        `mean_error`. Default: along the whole slice. From slice to slice they always are.
    detrend : int
        Degree of the polynomial that is taken from each curve (of each slice and region of
        interest) before its roughness is measured.
    percentiles : sequence of float
        From 0 to 100; the median comes anyway.

    Returns
    -------
    list of Measured
        Regions and then curves, top to bottom. In a stack each slice first, then all slices
        together: statistics of all their columns, the volume in the place of the area.

    Raises
    ------
    ValueError
        If a region of interest is empty, an argument is out of its range, or the lowest region is
        to be measured in an image of unknown height.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> slab = Segmentation([[2, 2, 2], [4, 6, np.nan]], scale=(0.5, 1), unit="mm")
    >>> for row in measure(slab):
    ...     if row.region == "Region 2" and row.measure in ("thickness mean", "area", "covered"):
    ...         print(row.measure, row.value, row.unit)
    covered 0.6666666666666666
    thickness mean 1.5 mm
    area 3.0 mm^2
    """
    if to_border and segmentation.height is None:
        raise ValueError(
            "the height of the image is not known, so that the lowest region has no thickness up "
            "to the border; measure a label image, or do without the border regions"
        )
    options = Options(
        to_border, max_uncertainty, correlation_length, detrend, tuple(map(float, percentiles))
    )
    regions, curves = _regions(segmentation, options, perpendicular), _curves(segmentation, options)
    rows: list[Measured] = []
    for roi in regions_of_interest or (RegionOfInterest(),):
        window = roi.window(segmentation)
        for region in regions:
            rows += region.within(roi.name, *window).region_rows()
        for curve in curves:
            rows += curve.within(roi.name, *window).curve_rows()
    return rows


def _regions(segmentation: Segmentation, options: Options, perpendicular: bool) -> list[Part]:
    """All regions of which something is known."""
    thickness, doubt = region_thickness(segmentation), region_uncertainty(segmentation)
    normal = region_thickness(segmentation, perpendicular=True) if perpendicular else None
    _, vague = too_uncertain(segmentation, options.max_uncertainty)
    last = thickness.shape[1] - 1
    return [
        Part(
            segmentation,
            options,
            name,
            thickness[:, r],
            None if doubt is None else doubt[:, r],
            vague[:, r],
            normal=None if normal is None else normal[:, r],
            border=r in (0, last),
        )
        for r, name in enumerate(segmentation.names)
        if r < last or segmentation.height is not None
    ]


def _curves(segmentation: Segmentation, options: Options) -> list[Part]:
    """All curves, as heights."""
    across, doubt = segmentation.size.across, segmentation.doubt
    vague, _ = too_uncertain(segmentation, options.max_uncertainty)
    return [
        Part(
            segmentation,
            options,
            name,
            segmentation.stack[:, k] * across,
            None if doubt is None else doubt[:, k] * across,
            vague[:, k],
        )
        for k, name in enumerate(segmentation.curve_names)
    ]
