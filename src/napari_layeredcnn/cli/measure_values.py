"""What options of `measure` say in words of their own: scales, regions of interest, ids."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from napari_layeredcnn.core.measure_rows import RegionOfInterest

_RANGE = r"(\d*):(\d*)"


def parse_scale(text: str) -> tuple[float, ...]:
    """Read the size of a pixel.

    Examples
    --------
    >>> parse_scale("3.9,11"), parse_scale("5 3.9 11")
    ((3.9, 11.0), (5.0, 3.9, 11.0))
    """
    try:
        sizes = tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        sizes = ()
    if len(sizes) not in (2, 3) or not all(math.isfinite(s) and s > 0 for s in sizes):
        raise typer.BadParameter(
            f"'{text}' is no size of a pixel, such as 3.9,11.2 (rows, columns) or 5,3.9,11.2 "
            "(slices, rows, columns).",
            param_hint="'--scale'",
        )
    return sizes


def parse_roi(text: str) -> RegionOfInterest:
    """Read a region of interest.

    Examples
    --------
    >>> parse_roi("fovea=100:200,10:")
    RegionOfInterest(name='fovea', columns=(100, 200), slices=(10, 9223372036854775807))
    >>> parse_roi(":64")
    RegionOfInterest(name=':64', columns=(0, 64), slices=None)
    """
    from napari_layeredcnn.core.measure_rows import RegionOfInterest

    name, _, ranges = text.rpartition("=")
    found = re.fullmatch(rf"{_RANGE}(?:,{_RANGE})?", ranges.replace(" ", ""))
    if found is not None:
        columns, slices = _range(found[1], found[2]), None
        if found[3] is not None:
            slices = _range(found[3], found[4])
        if columns[0] < columns[1] and (slices is None or slices[0] < slices[1]):
            return RegionOfInterest(name or ranges, columns, slices)
    raise typer.BadParameter(
        f"'{text}' is no region of interest, such as 100:200 for the columns 100 to 199, or "
        "fovea=100:200,10:20 with a name and the slices 10 to 19.",
        param_hint="'--roi'",
    )


def parse_ids(text: str) -> tuple[int, ...]:
    """Read region ids.

    Examples
    --------
    >>> parse_ids("1,5,2")
    (1, 5, 2)
    """
    try:
        ids = tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        ids = ()
    if len(ids) < 2 or len(set(ids)) < len(ids):
        raise typer.BadParameter(
            f"'{text}' is no list of two or more different region ids, such as 1,2,3.",
            param_hint="'--ids'",
        )
    return ids


def _range(start: str, stop: str) -> tuple[int, int]:
    return int(start or 0), int(stop) if stop else 2**63 - 1
