"""The size of a pixel and of a slice, as TIFF tags, ImageJ, OME and PNG files say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import tifffile

from napari_layeredcnn.files.place import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

_METERS = {
    "nm": 1e-9,
    "nanometer": 1e-9,
    "um": 1e-6,
    "µm": 1e-6,  # micro sign
    "μm": 1e-6,  # Greek mu
    "\\u00b5m": 1e-6,  # as ImageJ writes it
    "micron": 1e-6,
    "microns": 1e-6,
    "micrometer": 1e-6,
    "mm": 1e-3,
    "millimeter": 1e-3,
    "cm": 1e-2,
    "centimeter": 1e-2,
    "m": 1.0,
    "meter": 1.0,
    "inch": 0.0254,
    "inches": 0.0254,
}


# What the same units are called in full.
_NAMES = {
    1e-9: "nanometer",
    1e-6: "micrometer",
    1e-3: "millimeter",
    1e-2: "centimeter",
    1.0: "meter",
    0.0254: "inch",
}


@dataclass(frozen=True)
class Resolution:
    """How large a pixel is, as TIFF files say it.

    Parameters
    ----------
    x, y : tuple of int
        Pixels per unit along a row and along a column, as a fraction.
    unit : str
        ``"none"``, ``"inch"`` or ``"centimeter"``: the unit that the TIFF tag knows.
    imagej_unit : str or None
        The unit's name where ImageJ wrote the file (the tag's unit is then "none").
    spacing : float or None
        Distance of two slices in ImageJ's unit.
    """

    x: tuple[int, int] = (1, 1)
    y: tuple[int, int] = (1, 1)
    unit: str = "none"
    imagej_unit: str | None = None
    spacing: float | None = None


def tiff_resolution(tiff: tifffile.TiffFile) -> Resolution | None:
    """Read what a TIFF file says, in its tags, ImageJ's notes or OME's XML."""
    if tiff.is_ome and tiff.ome_metadata:
        return _ome_resolution(tiff.ome_metadata)
    tags = cast("tifffile.TiffPage", tiff.pages[0]).tags
    if "XResolution" not in tags or "YResolution" not in tags:
        return None
    x, y = tags["XResolution"].value, tags["YResolution"].value
    if 0 in (*x, *y):
        return None
    code = int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
    notes = tiff.imagej_metadata or {}
    unit, spacing = notes.get("unit"), notes.get("spacing")
    found = Resolution(
        x=(int(x[0]), int(x[1])),
        y=(int(y[0]), int(y[1])),
        unit={2: "inch", 3: "centimeter"}.get(code, "none"),
        imagej_unit=None if unit is None else str(unit),
        spacing=None if spacing is None else float(spacing),
    )
    return None if found == Resolution() else found


def tiff_place(tiff: tifffile.TiffFile) -> Place:
    """Read the size of slices, rows and columns, where OME's XML or ImageJ's notes say all three.

    Tags alone do not: they know nothing of slices.
    """
    if tiff.is_ome and tiff.ome_metadata:
        meters = [_ome_meters(tiff.ome_metadata, axis) for axis in "ZYX"]
        if None in meters:
            return Place()
        micrometers = tuple(float(f"{m / 1e-6:.12g}") for m in meters if m is not None)
        return Place(scale=micrometers, units=("micrometer",) * 3)
    found, notes = tiff_resolution(tiff), tiff.imagej_metadata or {}
    unit = _NAMES.get(_METERS.get(str(notes.get("unit")).lower(), 0.0))
    if found is None or unit is None:
        return Place()
    # ImageJ leaves out a spacing of 1.
    spacing = found.spacing or 1.0
    (x, per_x), (y, per_y) = found.x, found.y
    return Place(scale=(spacing, per_y / y, per_x / x), units=(unit,) * 3)


def _ome_resolution(xml: str) -> Resolution | None:
    y, x = (_ome_meters(xml, axis) for axis in "YX")
    if x is None or y is None:
        return None
    return Resolution(fraction(0.01 / x), fraction(0.01 / y), "centimeter")


def _ome_meters(xml: str, axis: str) -> float | None:
    """Return the size of a pixel along an axis."""
    pixels = tifffile.xml2dict(xml)["OME"]["Image"]
    pixels = (pixels[0] if isinstance(pixels, list) else pixels)["Pixels"]
    size = float(pixels.get(f"PhysicalSize{axis}", 0))
    meters = _METERS.get(str(pixels.get(f"PhysicalSize{axis}Unit", "µm")))
    return None if size <= 0 or meters is None else size * meters


def resolution_of(place: Place) -> Resolution | None:
    """Say as ImageJ does how large pixels and slices are; None where their units are no lengths."""
    scale, units = place.scale[-3:], place.units[-3:]
    meters = [_METERS.get(unit.lower()) for unit in units]
    if len(scale) != 3 or len(set(meters)) != 1 or not all(1e-6 < size < 1e6 for size in scale):
        return pixels_per_centimeter(scale[-2:], units[-2:])
    unit = _NAMES.get(meters[0] or 0.0)
    if unit is None:
        return None
    z, y, x = scale
    name = "micron" if unit == "micrometer" else unit
    return Resolution(fraction(1 / x), fraction(1 / y), "none", name, z)


def per_centimeter(resolution: Resolution) -> Resolution:
    """Say without ImageJ's words how large a pixel is (no unit if ImageJ's is unknown)."""
    meters = _METERS.get((resolution.imagej_unit or "").lower())
    if meters is None:
        return Resolution(resolution.x, resolution.y, resolution.unit)
    x, y = (fraction(n / d * 0.01 / meters) for n, d in (resolution.x, resolution.y))
    return Resolution(x, y, "centimeter")


def pixels_per_centimeter(scale: Sequence[float], units: Sequence[str]) -> Resolution | None:
    """Say how large a pixel is from its height and width; None if a unit is no length."""
    sizes = [
        size * _METERS.get(unit.lower(), 0.0) for size, unit in zip(scale, units, strict=False)
    ]
    if len(sizes) != 2 or not all(1e-11 < size < 1e3 for size in sizes):
        return None
    y, x = (fraction(0.01 / size) for size in sizes)
    return Resolution(x, y, "centimeter")


def fraction(value: float) -> tuple[int, int]:
    """Write a positive number as two 32-bit integers, to about nine digits."""
    denominator = 1
    while value * denominator < 2**28 and denominator < 2**28:
        denominator *= 2
    return max(1, round(value * denominator)), denominator
