"""Paths of a Shapes layer as curves: a height for every column that they pass, or closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files import FileError
from napari_layeredcnn.plugin.closed_paths import around_of, radii_on_rays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.files import Around

# Nobody draws on a wider image; a vertex that is out there is a slip.
_MAX_WIDTH = 2**20


@dataclass(frozen=True)
class PathCurves:
    """Curves (K, W) or (S, K, W) in edge coordinates; `first` is a path of each curve.

    About a center (`around`) they are radii (K, W), and `slices` is the one they are in.
    """

    curves: NDArray[np.float32]
    region_ids: tuple[int, ...]
    transposed: bool
    slices: tuple[int, ...] | None
    first: tuple[int, ...]
    around: Around | None = None


def curves_from_paths(
    data: Sequence[Any],
    shape_types: str | Sequence[str],
    features: Mapping[str, Sequence[Any]],
    notes: Mapping[str, Any],
) -> PathCurves:
    """Read paths as curves.

    Parameters
    ----------
    data : sequence of (N, 2) or (N, 3) array
        Vertices ((slice,) row, column) in napari coordinates.
    shape_types : str or sequence of str
        What they are; only paths and lines are curves, and polygons closed ones.
    features : dict of str to sequence
        If it has whole numbers from 1 in ``"curve"``, paths with the same number are parts of
        the same curve; else paths are numbered from top to bottom in each slice, closed ones
        from the center outwards.
    notes : dict
        What the reader keeps of a file: ``"region_ids"``, ``"width"``, ``"transposed"``, and for
        closed curves ``"around"``: their ``"center"`` and ``"start_angle"``. Where slices differ,
        ``"slices"`` has such a dict for each.

    Returns
    -------
    PathCurves
        NaN where no path passes.

    Raises
    ------
    FileError
        If there is no path, or one turns back, leaves its slice or overlaps another; see
        `radii_on_rays` for closed ones, which must lie in one slice.

    Examples
    --------
    >>> found = curves_from_paths([[(4.5, 0), (6.5, 2)]], "path", {}, {})
    >>> found.curves.tolist(), found.transposed
    ([[5.0, 6.0, 7.0]], False)
    """
    types = [shape_types] * len(data) if isinstance(shape_types, str) else list(shape_types)
    if len(data) == 0:
        raise FileError("There is no path to write: draw one along each boundary.")
    paths = [np.asarray(path, np.float64) for path in data]
    if paths[0].shape[1] not in (2, 3) or not all(np.isfinite(path).all() for path in paths):
        raise FileError("Curves are written from paths in two or three dimensions.")
    stack = paths[0].shape[1] == 3
    places = [_slice(path, i) if stack else 0 for i, path in enumerate(paths)]
    planes = [path[:, -2:] for path in paths]
    slices = tuple(sorted(set(places)))
    notes = _notes_at(slices, notes)
    around = around_of(notes)
    for i, kind in enumerate(types):
        if kind not in ("path", "line") and (kind != "polygon" or around is None):
            article = "an" if kind == "ellipse" else "a"
            raise FileError(
                f"Shape {i} is {article} {kind}, but curves are paths: delete it, or draw a path."
            )
    if around is not None:
        closed = [
            np.concatenate([plane, plane[:1]]) if kind == "polygon" else plane
            for plane, kind in zip(planes, types, strict=True)
        ]
        return _closed(closed, around, features, notes, slices if stack else None)
    transposed = _transposed(planes, notes)
    along = [plane[:, 0 if transposed else 1] for plane in planes]
    across = [plane[:, 1 if transposed else 0] for plane in planes]
    width = _width(along, notes)
    numbers = _numbers(features.get("curve", ()), across, places)
    k = max(numbers) + 1
    curves = np.full((len(slices), k, width), np.nan, np.float32)
    for i, (xs, ys) in enumerate(zip(along, across, strict=True)):
        columns = np.arange(max(0, np.ceil(xs.min())), min(width - 1, np.floor(xs.max())) + 1)
        if len(columns) == 0:
            raise FileError(
                f"Path {i} passes the center of no column: delete it, or draw it longer."
            )
        if xs[0] > xs[-1]:
            xs, ys = xs[::-1], ys[::-1]
        if (np.diff(xs) < 0).any():
            raise FileError(_turns_back(i, planes[i]))
        row, where = curves[slices.index(places[i]), numbers[i]], columns.astype(int)
        if np.isfinite(row[where]).any():
            raise FileError(_overlaps(i, numbers[i]))
        row[where] = np.interp(columns, xs, ys) + 0.5
    return PathCurves(
        curves if stack else curves[0],
        _region_ids(notes, k),
        transposed,
        slices if stack else None,
        tuple(numbers.index(n) if n in numbers else 0 for n in range(k)),
    )


def _closed(
    paths: list[NDArray[np.float64]],
    around: Around,
    features: Mapping[str, Sequence[Any]],
    notes: Mapping[str, Any],
    slices: tuple[int, ...] | None,
) -> PathCurves:
    """Read closed paths as radii on the rays of which the notes tell."""
    given = notes.get("width")
    known = given if isinstance(given, int) and 0 < given <= _MAX_WIDTH else None
    n = known or max(1, len(paths[0]) - 1)
    radii = [radii_on_rays(path, around, n, f"Path {i}") for i, path in enumerate(paths)]
    numbers = _numbers(features.get("curve", ()), radii, [0] * len(radii))
    ids = notes.get("region_ids")
    if len(set(numbers)) < len(numbers) and isinstance(ids, list) and len(ids) == len(numbers) + 1:
        # All are there, but napari gave one that was drawn anew the number of another.
        numbers = _numbers((), radii, [0] * len(radii))
    for i, number in enumerate(numbers):
        if number in numbers[:i]:
            raise FileError(_overlaps(i, number))
    for number in range(max(numbers)):
        if number not in numbers:
            raise FileError(
                f"Curve {number + 1} has no path, but curve {max(numbers) + 1} has one: draw it, "
                'or correct the numbers in the column "curve" of the layer\'s features.'
            )
    first = tuple(numbers.index(number) for number in range(len(numbers)))
    curves = np.array([radii[i] for i in first], np.float32)
    return PathCurves(curves, _region_ids(notes, len(first)), False, slices, first, around)


def _notes_at(slices: tuple[int, ...], notes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the notes say of these slices; closed curves are in one."""
    by_slice = notes.get("slices")
    if isinstance(by_slice, Mapping):
        said = [by_slice.get(str(i)) for i in slices]
        known = [note for note in said if isinstance(note, Mapping)]
    else:
        known = [notes]
    if len(slices) > 1 and any(around_of(note) is not None for note in known):
        listed = f"{', '.join(map(str, slices[:-1]))} and {slices[-1]}"
        raise FileError(
            f"A file holds closed curves of one slice, but these are in the slices {listed}: "
            "delete all but one slice's in a copy of the layer, or save the labels."
        )
    if not isinstance(by_slice, Mapping):
        return notes
    return known[0] if len(slices) == 1 and known else {}


def _turns_back(i: int, path: NDArray[np.float64]) -> str:
    if len(path) > 3 and (path[0] == path[-1]).all():
        return (
            f"Path {i} is closed, but the layer does not know its center: save the curves layer "
            'of a run "Around a center".'
        )
    return f"Path {i} turns back: a curve has one height for every column."


def _overlaps(i: int, number: int) -> str:
    return (
        f"Path {i} overlaps another path of curve {number + 1}: delete one, or correct the number "
        'in the column "curve" of the layer\'s features.'
    )


def _slice(path: NDArray[np.float64], i: int) -> int:
    if np.ptp(path[:, 0]) > 1e-3 or abs(path[0, 0] - round(path[0, 0])) > 0.5:
        raise FileError(f"Path {i} passes through several slices: draw a path in each.")
    return round(path[0, 0])


def _transposed(planes: list[NDArray[np.float64]], notes: Mapping[str, Any]) -> bool:
    """Tell whether curves run down the image: as the file said, or as the longer way goes."""
    if isinstance(notes.get("transposed"), bool):
        return bool(notes["transposed"])
    height, width = np.sum([np.ptp(plane, axis=0) for plane in planes], axis=0)
    return bool(height > width)


def _width(along: list[NDArray[np.float64]], notes: Mapping[str, Any]) -> int:
    end = max(float(xs.max()) for xs in along)
    if end >= _MAX_WIDTH:
        raise FileError(f"A path ends at column {end:.0f}, which is far outside of any image.")
    given = notes.get("width")
    known = given if isinstance(given, int) and 0 < given <= _MAX_WIDTH else 1
    return max(known, int(np.floor(end)) + 1)


def _numbers(
    given: Sequence[Any], across: list[NDArray[np.float64]], places: list[int]
) -> list[int]:
    """Return which curve each path belongs to, from 0."""
    if len(given) == len(across) and all(
        isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= len(across) + 255
        for n in given
    ):
        return [n - 1 for n in given]
    numbers = [0] * len(across)
    for place in set(places):
        here = [i for i, p in enumerate(places) if p == place]
        for number, i in enumerate(sorted(here, key=lambda i: float(across[i].mean()))):
            numbers[i] = number
    return numbers


def _region_ids(notes: Mapping[str, Any], k: int) -> tuple[int, ...]:
    ids = notes.get("region_ids")
    if isinstance(ids, list) and len(ids) == k + 1 and all(isinstance(i, int) for i in ids):
        return tuple(ids)
    return tuple(range(1, k + 2))
