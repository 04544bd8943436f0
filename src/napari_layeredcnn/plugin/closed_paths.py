"""Closed paths of a Shapes layer as distances from their center, one on each ray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files import Around, FileError
from napari_layeredcnn.files.curve_table import around_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# A vertex this near to a ray was written on it (px): napari keeps vertices as float32.
_ON_RAY = 2e-3
# So many rays are between the ends of a path at most of which a person deleted an end or both.
_WIDEST_GAP = 2.01


def radii_on_rays(path: Floats, around: Around, n: int, name: str = "The path") -> Floats:
    """Return how far from the center a closed path crosses each ray.

    A path as it was written has a vertex on each ray. Where a person has moved or deleted
    vertices, it is followed straight from one vertex to the next.

    Parameters
    ----------
    path : (N, 2) array of float
        Vertices (row, column) in napari coordinates; the last one may be the first one again.
    around : Around
        The center, and where ray 0 points.
    n : int
        The number of rays.
    name : str
        What the path is called in an error.

    Returns
    -------
    (n,) array of float64
        Radii in pixels.

    Raises
    ------
    FileError
        If the path does not go around the center once, passes through it, or crosses a ray
        in several places.

    Examples
    --------
    >>> square = np.array([[8, 8], [8, -2], [-2, -2], [-2, 8], [8, 8]])
    >>> radii_on_rays(square, Around((3, 3)), 8).round(2).tolist()
    [5.0, 7.07, 5.0, 7.07, 5.0, 7.07, 5.0, 7.07]
    """
    offsets = path - np.array(around.center)
    written = _as_written(offsets, around, n)
    if written is not None:
        return written
    offsets = offsets[np.r_[True, (np.diff(offsets, axis=0) != 0).any(axis=1)]]
    if len(offsets) > 1 and (offsets[0] == offsets[-1]).all():
        offsets = offsets[:-1]
    radii = np.hypot(*offsets.T)
    places = _places(offsets, radii, around, n)
    steps = np.diff(places, append=places[:1])
    steps -= n * np.round(steps / n)
    # Half a turn in one step is a step across the center.
    if (radii <= _ON_RAY).any() or (np.abs(steps) > n / 2 * (1 - 1e-6)).any():
        raise FileError(
            f"{name} passes through the center: move its vertices so that the center is inside."
        )
    gap = steps[-1] if (path[0] != path[-1]).any() else 0.0
    turns = abs(steps.sum()) / n
    if round(turns) == 1 and abs(gap) > _WIDEST_GAP:
        raise FileError(
            f"{name} is open over {abs(gap) * 360 / n:.1f} degrees, but has to go all around the "
            "center: draw a polygon in its place."
        )
    if round(turns) != 1:
        raise FileError(
            f"{name} goes around the center {turns:.0f} times instead of once: draw a polygon "
            "around the center in its place, or delete it."
        )
    rays, found = _crossings(places, steps, radii, n)
    least, most = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(least, rays, found)
    np.maximum.at(most, rays, found)
    several = np.flatnonzero(most - least > _ON_RAY)
    if len(several):
        angle = around.angles(n)[several[0]] % 360
        raise FileError(
            f"{name} crosses the ray at {angle:.1f} degrees (0 points right, 90 down) in several "
            "places: move or delete the vertices that turn back."
        )
    return least


def around_note(center: tuple[float, float], start_angle: float) -> dict[str, Any]:
    """Return what a layer's metadata say of closed paths, under "around"."""
    return {"center": [float(x) for x in center], "start_angle": float(start_angle)}


def around_of(notes: Mapping[str, Any]) -> Around | None:
    """Read what `around_note` made; None if there is none, or it is something else."""
    try:
        return around_from(notes)
    except (KeyError, TypeError, ValueError):
        return None


def _as_written(offsets: Floats, around: Around, n: int) -> Floats | None:
    """Return the radii if each vertex lies on its ray, in either sense; they may be 0."""
    if len(offsets) != n + 1 or np.abs(offsets[0] - offsets[-1]).max() > _ON_RAY:
        return None
    angles = np.deg2rad(around.angles(n))
    rays = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    for order in (np.arange(n), -np.arange(n) % n):
        along = (offsets[:-1] * rays[order]).sum(axis=1)
        beside = offsets[:-1] - along[:, None] * rays[order]
        if np.abs(beside).max() <= _ON_RAY and along.min() >= -_ON_RAY:
            return np.asarray(np.maximum(along, 0)[order], np.float64)
    return None


def _places(offsets: Floats, radii: Floats, around: Around, n: int) -> Floats:
    """Return where vertices lie, in rays; whole numbers for those on a ray."""
    turns = (np.rad2deg(np.arctan2(*offsets.T)) - around.start_angle) / 360
    places = turns % 1 * n
    nearest = np.round(places)
    beside = np.abs(places - nearest) * (2 * np.pi / n) * radii
    return np.where(beside <= _ON_RAY, nearest, places)


def _crossings(
    places: Floats, steps: Floats, radii: Floats, n: int
) -> tuple[NDArray[np.intp], Floats]:
    """Return the rays that the sides of a closed path touch, ends included, and how far out."""
    # Snapped steps add up to whole turns but for rounding, and whole places must stay whole.
    stops = places + steps
    stops = np.where(np.abs(stops - np.round(stops)) < 1e-9, np.round(stops), stops)
    first = np.ceil(np.minimum(places, stops)).astype(np.intp)
    count = np.floor(np.maximum(places, stops)).astype(np.intp) - first + 1
    side = np.repeat(np.arange(len(places)), count)
    rays = first[side] + np.arange(len(side)) - np.repeat(np.cumsum(count) - count, count)
    one, other = radii[side], np.roll(radii, -1)[side]
    before = np.sin((rays - places[side]) * (2 * np.pi / n))
    after = np.sin((stops[side] - rays) * (2 * np.pi / n))
    whole = np.sin((stops - places)[side] * (2 * np.pi / n))
    # A side along a ray has no crossing but its ends; the next side begins at the other one.
    along = stops[side] == places[side]
    below = np.where(along, 1, one * before + other * after)
    return rays % n, np.where(along, one, one * other * whole / below)
