"""What a layer of curves knows beside its paths: regions, direction, and how unsure curves are.

Regions and direction are in the layer's metadata as what JSON can hold; they go into files as they
are. Under `KNOWN` are arrays: of each slice the curves as they were read or computed, and their
uncertainty, which holds for as long as the paths run as they did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.plugin.closed_paths import around_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

    Runs = Mapping[Plane, Kept]
    Index = tuple[int | None, ...]
    #: Place on every axis of the layer, None where it is shown; the axis along the curves.
    Place = tuple[Index, int]

KNOWN = "layeredcnn curves"
#: Heights that differ by no more are the same but for rounding (px): napari keeps float32.
_SAME = 1e-4


def notes_of_runs(runs: Runs, names: Mapping[int, str]) -> dict[str, Any]:
    """Return what the writer of curves asks for beside the paths; by slice where slices differ.

    Parameters
    ----------
    runs : dict of Plane to Kept
        The run that each slice shows.
    names : dict of int to str
        Of regions, where these have any.

    Returns
    -------
    dict
        What JSON can hold.
    """
    found = {plane: _note(plane, kept, names) for plane, kept in runs.items()}
    notes = list(found.values())
    if all(note == notes[0] for note in notes):
        return notes[0] if notes else {}
    return {
        "slices": {
            " ".join(str(plane.index[i]) for i in plane.free_axes): note
            for plane, note in found.items()
        }
    }


def known_of_runs(runs: Runs) -> dict[Place, Any]:
    """Return curves and uncertainty of runs, for `KNOWN`; closed ones are left out."""
    return {
        (plane.index, plane.rows if kept.transposed else plane.columns): (
            kept.curves,
            kept.uncertainty,
        )
        for plane, kept in runs.items()
        if kept.grid is None
    }


def as_known(
    curves: NDArray[np.float32],
    metadata: Mapping[str, Any],
    places: Sequence[Index],
    along: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Take what a layer knows of its curves, wherever its paths run as they did.

    Parameters
    ----------
    curves : (K, W) or (S, K, W) float32 array
        As its paths are now, in edge coordinates.
    metadata : dict
        Of the layer.
    places : sequence of tuple
        Where the slices, or the one, lie on every axis of the layer; None on axes that are shown.
    along : int
        The axis along the curves.

    Returns
    -------
    curves : array
        To the last digit as they were.
    uncertainty : array or None
        In pixels, of the shape of the curves, and 0 where a person has moved or drawn a path; None
        if nothing is known.

    Examples
    --------
    >>> metadata = {KNOWN: {((None, None), 1): (np.array([[2, 3, 4]]), np.array([[0.5, 1, 2]]))}}
    >>> as_known(np.array([[2, 3.00001, 9]], np.float32), metadata, [(None, None)], 1)
    (array([[2., 3., 9.]], dtype=float32), array([[0.5, 1. , 0. ]], dtype=float32))
    """
    table = metadata.get(KNOWN)
    ours = np.array(curves, np.float32)
    uncertainty = None
    for i, place in enumerate(places):
        known = table.get((place, along)) if isinstance(table, Mapping) else None
        if known is None:
            continue
        now = ours if ours.ndim == 2 else ours[i]
        part = tuple(slice(min(a, b)) for a, b in zip(now.shape, known[0].shape, strict=True))
        then, now = known[0][part], now[part]
        same = (np.abs(now - then) <= _SAME) | (np.isnan(now) & np.isnan(then))
        now[same] = then[same]
        if known[1] is not None:
            uncertainty = np.zeros_like(ours) if uncertainty is None else uncertainty
            (uncertainty if ours.ndim == 2 else uncertainty[i])[part][same] = known[1][part][same]
    return ours, uncertainty


def _note(plane: Plane, kept: Kept, names: Mapping[int, str]) -> dict[str, Any]:
    """Return regions and size of a run; the viewer may show rows as columns."""
    turned = plane.rows > plane.columns
    ids = [int(i) for i in kept.region_ids]
    note: dict[str, Any] = {"region_ids": ids, "width": kept.curves.shape[1]}
    called = {str(i): names[i] for i in ids if names.get(i) not in (None, f"Region {i}")}
    if called:
        note["names"] = called
    if kept.grid is None:
        return {**note, "transposed": kept.transposed != turned}
    (row, column), start = kept.grid.center, kept.grid.start_angle
    around = around_note((column, row), 90 - start) if turned else around_note((row, column), start)
    return {**note, "transposed": False, "around": around}
