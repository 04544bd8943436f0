"""How measured places and lengths are called in a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.measure_segmentation import PIXELS

if TYPE_CHECKING:
    from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles

_SHORT = {
    "nanometer": "nm",
    "micrometer": "µm",
    "micron": "µm",
    "um": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    PIXELS: "px",
}


def short_unit(unit: str) -> str:
    """Return how a unit is written at an axis.

    Examples
    --------
    >>> short_unit("micrometer"), short_unit("inch")
    ('µm', 'inch')
    """
    return _SHORT.get(unit, unit)


def slice_words(profiles: MeasureProfiles, index: int) -> str:
    """Say which slice is plotted; nothing of a 2D layer."""
    plane = profiles.plane_of(index)
    places = ", ".join(str(plane.index[axis]) for axis in plane.free_axes)
    return f"slice {places}" if places else ""


def describe(profiles: MeasureProfiles, index: int, region: int | None, column: int | None) -> str:
    """Say how thick a region is in a column, or on average in a slice if `column` is None."""
    where = _where(profiles, index, column)
    if region is None:
        return where[0].upper() + where[1:]
    thickness, errors = profiles.means
    place: tuple[int, ...] = (index, region)
    if column is not None:
        thickness, errors = profiles.thickness, profiles.error
        place = (*place, column)
    error = np.nan if errors is None else errors[place]
    words = thickness_words(thickness[place], error, short_unit(profiles.unit))
    return f"{profiles.names[region]} {words} in {where}"


def _where(profiles: MeasureProfiles, index: int, column: int | None) -> str:
    if column is None:
        return slice_words(profiles, index)
    what = f"{'row' if profiles.segmentation.transposed else 'column'} {column}"
    if profiles.unit == PIXELS:
        return what
    along = in_figures(column * profiles.segmentation.size.along)
    return f"{what} ({along} {short_unit(profiles.unit)})"


def thickness_words(value: float, error: float, unit: str) -> str:
    """Write a thickness with its error, to as many figures as the error tells.

    Examples
    --------
    >>> thickness_words(12.3456, 0.789, "µm"), thickness_words(1234.56, np.nan, "µm")
    ('12.35 ± 0.79 µm', '1235 µm')
    >>> thickness_words(np.nan, np.nan, "µm")
    'has no thickness'
    """
    if np.isnan(value):
        return "has no thickness"
    if not error > 0:
        return f"{in_figures(value)} {unit}"
    decimals = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:.{decimals}f} ± {error:.{decimals}f} {unit}"


def in_figures(value: float, figures: int = 4) -> str:
    """Write a number with so many significant figures, without an exponent.

    Examples
    --------
    >>> in_figures(12345.6), in_figures(0.00012345), in_figures(2.0)
    ('12350', '0.0001234', '2')
    """
    return np.format_float_positional(float(f"{value:.{figures}g}"), trim="-")
