"""Maps of a stack seen from above: thickness of a region, height of a curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.measure_regions import region_thickness, too_uncertain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_segmentation import Segmentation


@dataclass(frozen=True, eq=False)
class Map:
    """Numbers for every slice and column.

    Parameters
    ----------
    values : (S, W) float32 array
        In `unit`; NaN where there is nothing, and in slices that are missing between others.
    name : str
        What they are, as ``"thickness of dermis"``.
    unit : str
        What they, and the scale, are in.
    scale : (float, float)
        Distance of slices and size of a pixel along the curves.
    first_slice : int
        Number of the first slice.
    axes : (str, str)
        Names of the axes: ``("z", "x")``, or ``("z", "y")`` of a transposed segmentation.
    """

    values: NDArray[np.float32]
    name: str
    unit: str
    scale: tuple[float, float]
    first_slice: int
    axes: tuple[str, str]


def thickness_map(
    segmentation: Segmentation,
    region: int,
    *,
    perpendicular: bool = False,
    max_uncertainty: float | None = None,
) -> Map:
    """Map the thickness of a region.

    Parameters
    ----------
    segmentation : Segmentation
        A stack.
    region : int
        Which region, the top one being 0; not its id.
    perpendicular : bool
        See `region_thickness`.
    max_uncertainty : float, optional
        In pixels: what is more uncertain is left empty.

    Returns
    -------
    Map
        In world units.

    Raises
    ------
    ValueError
        If this is a single image, there is no such region, or the distance of slices, or the
        uncertainty, is not known.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> stack = Segmentation(
    ...     [[[2, 2], [4, 6]], [[2, 2], [5, 7]]], slices=[3, 5], scale=(10, 2, 2), unit="um"
    ... )
    >>> found = thickness_map(stack, 1)
    >>> found.values
    array([[ 4.,  8.],
           [nan, nan],
           [ 6., 10.]], dtype=float32)
    >>> found.name, found.unit, found.scale, found.first_slice
    ('thickness of Region 2', 'um', (10.0, 2.0), 3)
    """
    name = _named("region", segmentation.names, region)
    thickness = region_thickness(segmentation, perpendicular=perpendicular)[:, region]
    _, vague = too_uncertain(segmentation, max_uncertainty)
    thickness = np.where(vague[:, region], np.nan, thickness)
    kind = "perpendicular thickness" if perpendicular else "thickness"
    return _map(segmentation, thickness, f"{kind} of {name}")


def height_map(
    segmentation: Segmentation, curve: int, *, max_uncertainty: float | None = None
) -> Map:
    """Map the height of a curve: its distance from the upper edge of the image.

    Parameters
    ----------
    segmentation : Segmentation
        A stack.
    curve : int
        Which curve, the top one being 0.
    max_uncertainty : float, optional
        In pixels: what is more uncertain is left empty.

    Returns
    -------
    Map
        In world units.

    Raises
    ------
    ValueError
        If this is a single image, there is no such curve, or the distance of slices, or the
        uncertainty, is not known.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> height_map(Segmentation([[[2, 2.5]], [[3, 3.5]]]), 0).values
    array([[2. , 2.5],
           [3. , 3.5]], dtype=float32)
    """
    name = _named("curve", segmentation.curve_names, curve)
    vague, _ = too_uncertain(segmentation, max_uncertainty)
    heights = segmentation.stack[:, curve] * segmentation.size.across
    heights = np.where(vague[:, curve], np.nan, heights)
    return _map(segmentation, heights, f"height of {name}")


def _named(what: str, names: Sequence[str], index: int) -> str:
    if not 0 <= index < len(names):
        raise ValueError(f"there is no {what} {index}: they are 0 to {len(names) - 1}")
    return names[index]


def _map(segmentation: Segmentation, values: NDArray[np.float64], name: str) -> Map:
    size, numbers = segmentation.size, segmentation.numbers
    if not segmentation.is_stack:
        raise ValueError("a map is of a stack, but this is a single image; measure it instead")
    if size.between is None:
        raise ValueError(
            "the distance of the slices is not known; give a scale of three numbers for a map"
        )
    first = int(numbers[0])
    rows = np.full((int(numbers[-1]) - first + 1, values.shape[1]), np.nan, np.float32)
    rows[numbers - first] = values
    axes = ("z", "y" if segmentation.transposed else "x")
    return Map(rows, name, segmentation.unit_name, (size.between, size.along), first, axes)
