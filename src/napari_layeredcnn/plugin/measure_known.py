"""Labels and layers of curves, asked what measuring needs to know of either."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from napari.layers import Labels, Shapes

from napari_layeredcnn.plugin.curve_notes import KNOWN
from napari_layeredcnn.plugin.planes import shape_of, shown_plane
from napari_layeredcnn.plugin.readers import KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.results import ResultLayers

    Notes = Mapping[str, Any]

NOTHING_THERE = "There is nothing to measure: open labels or curves, or complete some labels first."
_VERTICAL = ("vertical", "down", "up")
_OPEN = ("path", "line")
#: Paths do not say how many slices there are.
_ENDLESS = 2**31


def holds_curves(layer: Layer) -> bool:
    """Tell whether a layer holds curves, or has held them: paths, and not rectangles alone."""
    if not isinstance(layer, Shapes):
        return False
    return bool(all_notes(layer)) or any(kind in _OPEN for kind in layer.shape_type)


def plane_of(viewer: ViewerModel, layer: Labels | Shapes) -> Plane:
    """Return the slice of a layer that the viewer shows, as `shown_plane` does.

    Of curves any place is a slice: they do not say how many there are.
    """
    if isinstance(layer, Labels):
        return shown_plane(viewer, layer)
    pixels = SimpleNamespace(
        name=layer.name,
        ndim=layer.ndim,
        units=layer.units,
        multiscale=False,
        data=SimpleNamespace(shape=(_ENDLESS,) * layer.ndim),
        world_to_data=lambda point: np.maximum(layer.world_to_data(point), 0),
    )
    return shown_plane(viewer, cast("Layer", pixels))


def size_of(layer: Labels | Shapes) -> tuple[int, ...]:
    """Return the shape of the labels' pixels, or as far as curves reach."""
    if isinstance(layer, Labels):
        return shape_of(layer)
    ends = np.ceil(np.nan_to_num(layer.extent.data[1]))
    return tuple(max(int(end), 0) + 1 for end in ends)


def width_of(layer: Labels | Shapes, axis: int) -> int | None:
    """Return the number of columns along an axis; None of curves that do not say it."""
    if isinstance(layer, Labels):
        return shape_of(layer)[axis]
    return next((int(notes["width"]) for notes in all_notes(layer)), None)


def slice_axes(viewer: ViewerModel, labels: Labels | Shapes | None) -> list[int]:
    """Return the axes of labels that are not shown and along which they have several slices.

    Those of curves all count: a single slice of a file has its number, too.
    """
    if labels is None or labels.ndim > viewer.dims.ndim:
        return []  # or they are just being deleted, and the axes are gone already
    missing = viewer.dims.ndim - labels.ndim
    shown = [axis - missing for axis in viewer.dims.order[-2:]]
    sizes = (2,) * labels.ndim if isinstance(labels, Shapes) else shape_of(labels)
    return [axis for axis, n in enumerate(sizes) if axis not in shown and n > 1]


def runs_up_and_down(labels: Labels | Shapes, results: ResultLayers) -> bool | None:
    """Tell which way the layers run, as far as that is known of labels or curves.

    Curves that were drawn by hand run the longer way.
    """
    if isinstance(labels, Shapes):
        for notes in all_notes(labels):
            return bool(notes.get("transposed"))
        ways = sum(np.ptp(np.asarray(path)[:, -2:], axis=0) for path in labels.data)
        return bool(ways[0] > ways[1]) if len(labels.data) else None
    for runs in results.runs(labels).values():
        return runs[-1].transposed
    direction = _noted(labels)
    return None if direction is None else direction in _VERTICAL


def is_around(labels: Labels | Shapes, results: ResultLayers) -> bool:
    """Tell whether labels were completed about a center, now or before they were saved."""
    if isinstance(labels, Shapes):
        return any("around" in notes for notes in all_notes(labels))
    runs = results.runs(labels)
    if runs:
        return any(one[-1].grid is not None for one in runs.values())
    return _noted(labels) == "around"


def has_uncertainty(labels: Labels | Shapes | None, results: ResultLayers) -> bool:
    """Tell whether something is known of how unsure labels or curves are."""
    if isinstance(labels, Shapes):
        known = labels.metadata.get(KNOWN)
        return isinstance(known, Mapping) and any(one[1] is not None for one in known.values())
    return labels is not None and bool(results.runs(labels))


def _noted(labels: Labels) -> str | None:
    """Return the direction that a file's notes tell."""
    notes = labels.metadata.get(KEY)
    settings = notes.get("settings") if isinstance(notes, dict) else None
    direction = settings.get("direction") if isinstance(settings, dict) else None
    return direction if isinstance(direction, str) else None


def all_notes(layer: Shapes) -> list[Notes]:
    """Return what is said of all curves, or of those of each slice; nothing of drawn ones."""
    notes = layer.metadata.get(KEY)
    if not isinstance(notes, Mapping):
        return []
    by_slice = notes.get("slices")
    found = list(by_slice.values()) if isinstance(by_slice, Mapping) else [notes]
    return [one for one in found if isinstance(one, Mapping) and "width" in one]
