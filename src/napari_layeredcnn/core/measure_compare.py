"""Two segmentations of one image: how far apart their curves are, and how well regions agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_part import Level
from napari_layeredcnn.core.measure_rand import rand_index
from napari_layeredcnn.core.measure_regions import region_thickness
from napari_layeredcnn.core.measure_rows import Measured, RegionOfInterest, places_of, rows_of
from napari_layeredcnn.core.measure_statistics import ratio, statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_segmentation import Segmentation

    Floats = NDArray[np.float64]
    Figures = list[tuple[str, Any, str]]

# Of a normal distribution, 95 % lie within so many standard deviations.
_LIMITS = 1.96


def compare(
    first: Segmentation,
    second: Segmentation,
    *,
    regions_of_interest: Sequence[RegionOfInterest] = (),
) -> list[Measured]:
    """Compare two segmentations: of two people or days, before and after a correction.

    A difference is the second minus the first, in the columns where both have the curve (or both
    the region). Its mean is the bias, and mean ± 1.96 sd are the limits of agreement of Bland and
    Altman, within which 95 % of the columns lie if differences are normally distributed.

    Parameters
    ----------
    first, second : Segmentation
        With the same regions, in the same columns. Of two stacks the slices are compared that both
        have; where one has no scale, or no height, that of the other counts.
    regions_of_interest : sequence of RegionOfInterest, optional
        Rectangles of columns and slices, each compared on its own. Default: the whole.

    Returns
    -------
    list of Measured
        Differences of thickness for each region between curves, of height for each curve; the
        adjusted Rand index of the pixels in columns that both have complete, if the height of the
        image is known. In a stack each slice first, then all slices together.

    Raises
    ------
    ValueError
        If the two do not fit together.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> a, b = Segmentation([[2, 2, 2, 2]], height=8), Segmentation([[3, 2, 4, np.nan]], height=8)
    >>> found = {row.measure: row.value for row in compare(a, b)}
    >>> found["difference mean"], found["absolute difference max"], found["compared"]
    (1.0, 2.0, 0.75)
    >>> round(found["adjusted Rand index"], 3)
    0.541
    """
    first, second = _fitting(first, second)
    heights = (second.stack - first.stack) * first.size.across
    thickness = region_thickness(second) - region_thickness(first)
    rows: list[Measured] = []
    for roi in regions_of_interest or (RegionOfInterest(),):
        inside, columns = roi.window(first)
        levels = [Level([None], together=True)]
        if first.is_stack:
            levels.insert(0, Level(first.numbers[inside].tolist(), together=False))
        parts = [
            (name, "thickness difference", thickness[inside, r, columns])
            for r, name in enumerate(first.names)
            if 0 < r < len(first.names) - 1
        ] + [
            (name, "difference", heights[inside, k, columns])
            for k, name in enumerate(first.curve_names)
        ]
        for name, measure, values in parts:
            for level in levels:
                figures = _figures(first, measure, values, level, inside, columns)
                rows += rows_of(roi.name, level.numbers, name, figures)
        if first.height is not None:
            table = _meetings(
                first.stack[inside][..., columns], second.stack[inside][..., columns], first.height
            )
            for level in levels:
                index = rand_index(table.sum(axis=0, keepdims=True) if level.together else table)
                figures = [("adjusted Rand index", index, "")]
                rows += rows_of(roi.name, level.numbers, "", figures)
    return rows


def _figures(
    segmentation: Segmentation,
    name: str,
    values: Floats,
    level: Level,
    inside: NDArray[np.intp],
    columns: slice,
) -> Figures:
    """Describe differences, (S, W)."""
    unit, along = segmentation.unit_name, "row" if segmentation.transposed else "column"
    grouped = level.group(values)
    signed, distance = statistics(grouped), statistics(np.abs(grouped), (50, 95))
    square = ratio(np.nansum(grouped**2, axis=1), signed.count)
    numbers = None
    if level.together and segmentation.is_stack:
        numbers = segmentation.numbers[inside]
    places = places_of(f"absolute {name}", distance, values.shape[1], columns.start, along, numbers)
    return [
        ("columns", signed.count, ""),
        ("compared", signed.count / grouped.shape[1], ""),
        (f"{name} mean", signed.mean, unit),
        (f"{name} sd", signed.sd, unit),
        (f"{name} lower limit of agreement", signed.mean - _LIMITS * signed.sd, unit),
        (f"{name} upper limit of agreement", signed.mean + _LIMITS * signed.sd, unit),
        (f"{name} root mean square", np.sqrt(square), unit),
        (f"absolute {name} mean", distance.mean, unit),
        (f"absolute {name} median", distance.percentiles[50], unit),
        (f"absolute {name} p95", distance.percentiles[95], unit),
        (f"absolute {name} max", distance.maximum, unit),
        *(place for place in places if " max " in place[0]),
    ]


def _fitting(first: Segmentation, second: Segmentation) -> tuple[Segmentation, Segmentation]:
    """Bring two segmentations to the same slices, scale and height, or refuse them."""
    scaled = first.scale is not None and second.scale is not None
    measured = first.height is not None and second.height is not None
    for what, a, b in (
        ("being a stack", first.is_stack, second.is_stack),
        ("running down the image", first.transposed, second.transposed),
        ("region ids", first.region_ids, second.region_ids),
        ("columns", first.stack.shape[-1], second.stack.shape[-1]),
        ("scale", first.scale if scaled else (), second.scale if scaled else ()),
        ("unit", first.unit_name if scaled else "", second.unit_name if scaled else ""),
        ("height", first.height if measured else 0, second.height if measured else 0),
    ):
        if a != b:
            raise ValueError(
                f"the two cannot be compared, as they differ in {what} ({a} and {b}); give two "
                "segmentations of one image"
            )
    known = first if first.scale is not None else second
    height = second.height if first.height is None else first.height
    common = np.intersect1d(first.numbers, second.numbers)
    if not common.size:
        raise ValueError(
            "the two cannot be compared, as they have no slice in common; give two segmentations "
            "of one image"
        )

    def brought(one: Segmentation) -> Segmentation:
        curves: Any = one.curves
        if one.is_stack:
            curves = one.stack[np.isin(one.numbers, common)]
        return replace(
            one,
            curves=curves,
            uncertainty=None,
            slices=common.tolist() if one.is_stack else None,
            height=height,
            scale=known.scale,
            unit=known.unit,
        )

    return brought(first), brought(second)


def _meetings(first: Floats, second: Floats, height: int) -> NDArray[np.int64]:
    """Count the pixels of each region of the one that are in each of the other: (S, K+1, K+1)."""
    complete = ~np.isnan(first + second).any(axis=1)

    def edges(curves: Floats) -> Floats:
        # A pixel is in the region of its center, as in `regions_from_curves`.
        rows = np.clip(np.ceil(curves - 0.5), 0, height)
        return np.pad(rows, ((0, 0), (1, 0), (0, 0)))

    tops = edges(first), edges(second)
    ends = [np.concatenate([t[:, 1:], np.full_like(t[:, :1], height)], axis=1) for t in tops]
    n = tops[0].shape[1]
    table = np.zeros((len(first), n, n), np.int64)
    for a in range(n):
        for b in range(n):
            start = np.maximum(tops[0][:, a], tops[1][:, b])
            shared = np.minimum(ends[0][:, a], ends[1][:, b]) - start
            table[:, a, b] = np.where(complete, np.maximum(shared, 0), 0).sum(axis=1)
    return table
