"""Open `*.layers.tif` and `*.curves.csv` or `.npz` as napari layers, by File > Open or a drop.

Labels come with name, colors, scale, units and transforms. The regions' ids and names are the
columns "index" and "name" of the layer's `features` (napari shows them in its status bar while
the pointer is over a region); settings, model name and model hash are
``layer.metadata["layeredcnn"]``, a dict of what JSON can hold, such as
``{"settings": {...}, "model": {"name": ..., "hash": ...}}``. Other metadata is not kept.

Curves come as a Shapes layer of paths in napari coordinates (edge - 0.5), one path to each curve
and unbroken stretch of columns. Curves about a center come as closed paths; `metadata` says
"around" what, with a vertex on each of "width" rays. `features` say which curve a path is
("curve", from 1 at the top, or next to the center), the ids of the regions above and below it, and
the curve's mean uncertainty where that is known; `curve_notes` says where that of columns is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from napari_layeredcnn.files import (
    CurveTable,
    FileError,
    LabelsFile,
    Place,
    read_curves,
    read_labels_file,
)
from napari_layeredcnn.files.common import DAMAGE
from napari_layeredcnn.files.labels_file import LABELS_ENDINGS
from napari_layeredcnn.plugin.closed_paths import around_note
from napari_layeredcnn.plugin.curve_notes import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_layeredcnn.files import Colors

    LayerTuple = tuple[Any, dict[str, Any], str]

CURVES_ENDINGS = (".curves.csv", ".curves.npz")
KEY = "layeredcnn"
PLUGIN = "napari-layeredcnn"


def get_reader(path: Any) -> Callable[[Any], list[LayerTuple]] | None:
    """Return the function that reads a file, or None if its name says that it is not ours.

    Parameters
    ----------
    path : str or list of str
        One file, or several of which each gives layers of its own.

    Returns
    -------
    callable or None
        Takes the path and returns a list of layer tuples; raises
        `napari_layeredcnn.files.FileError` where a file is damaged.

    Examples
    --------
    >>> get_reader("photo.tif") is None
    True
    >>> get_reader("mouse.layers.tif").__name__
    'read_layers'
    """
    paths = _paths(path)
    endings = (*LABELS_ENDINGS, *CURVES_ENDINGS)
    if paths and all(isinstance(p, str) and p.lower().endswith(endings) for p in paths):
        return read_layers
    return None


def read_layers(path: Any) -> list[LayerTuple]:
    """Read files that `get_reader` knows into layer tuples.

    Parameters
    ----------
    path : str or list of str
        The file or files.

    Returns
    -------
    list of (data, settings, layer type)
        A Labels or a Shapes layer from each file.

    Raises
    ------
    FileError
        If a file is missing, damaged or foreign.
    """
    return [_read(one) for one in _paths(path)]


def prefer_own_reader(_context: Any = None) -> None:
    """Have napari open our endings with this plugin, unless the person chose another reader.

    napari itself also reads every .tif, .csv and .npz file, and asks each time which reader to
    take unless Preferences > Plugins names one. Called when the plugin is first used.
    """
    # An older or a newer napari, where this is done in another way: it will ask.
    with suppress(ImportError, AttributeError, TypeError, ValueError):
        from napari.settings import get_settings

        plugins = get_settings().plugins
        ours = {f"*{ending}": PLUGIN for ending in (*LABELS_ENDINGS, *CURVES_ENDINGS)}
        if not ours.keys() <= plugins.extension2reader.keys():
            plugins.extension2reader = {**ours, **plugins.extension2reader}


def _paths(path: Any) -> list[Any]:
    return list(path) if isinstance(path, list | tuple) else [path]


def _read(path: str) -> LayerTuple:
    if path.lower().endswith(LABELS_ENDINGS):
        file = read_labels_file(path)
        return _labels_layer(file, _settings(path, file.place))
    table = read_curves(path)
    return _shapes_layer(table, _settings(path, _place(table)))


def _settings(path: str, place: Place) -> dict[str, Any]:
    """Return a place as napari takes it."""
    for unit in place.units:
        try:
            pint.get_application_registry().Unit(unit)
        except (pint.errors.PintError, *DAMAGE) as error:
            raise FileError(f'{path} has the unit "{unit}", which napari does not know.') from error
    said = place.said()
    return said | {name: np.array(said[name]) for name in ("rotate", "affine") if name in said}


def _place(table: CurveTable) -> Place:
    """Return where curves lie; a file of closed ones has it beside colors and widths."""
    layer = table.notes.get("layer")
    if table.around is None or not isinstance(layer, dict) or "place" not in layer:
        return table.place or Place()
    with suppress(ValueError):
        return Place.from_document(layer["place"], 2 if _slices(table) is None else 3)
    return Place()


def _slices(table: CurveTable) -> tuple[int, ...] | None:
    """Return the slices of a stack in which curves are."""
    layer = table.notes.get("layer")
    if table.around is None or not isinstance(layer, dict):
        return table.slices
    number = layer.get("slice")
    return (number,) if isinstance(number, int) and not isinstance(number, bool) else None


def _labels_layer(file: LabelsFile, settings: dict[str, Any]) -> LayerTuple:
    if file.name is not None:
        settings["name"] = file.name
    if file.opacity is not None:
        settings["opacity"] = file.opacity
    if file.features:
        settings["features"] = dict(file.features)
    if file.colors is not None:
        settings["colormap"] = _colormap(file.colors)
    if file.notes:
        settings["metadata"] = {KEY: dict(file.notes)}
    return file.labels, settings, "labels"


def _colormap(colors: Colors) -> Any:
    from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

    if colors.cycle:
        return CyclicLabelColormap(
            colors=np.array(colors.cycle, np.float32), background_value=colors.background
        )
    by_id: dict[int | None, Any] = {None: np.array(colors.default)}
    by_id |= {id_: np.array(color) for id_, color in colors.by_id.items()}
    return DirectLabelColormap(color_dict=by_id, background_value=colors.background)


def _shapes_layer(table: CurveTable, settings: dict[str, Any]) -> LayerTuple:
    slices = _slices(table)
    stack = slices is not None
    numbers = slices or (0,)
    curves = table.curves if table.slices is not None else table.curves[None]
    uncertainty = table.uncertainty
    if uncertainty is not None and table.slices is None:
        uncertainty = uncertainty[None]
    paths, known = [], {}
    along = (2 if stack else 1) - table.transposed
    features: dict[str, list[Any]] = {"curve": [], "above": [], "below": [], "uncertainty": []}
    for i, number in enumerate(numbers):
        index = (number, None, None) if stack else (None, None)
        known[index, along] = curves[i], None if uncertainty is None else uncertainty[i]
        for k in range(table.n_curves):
            for start, stop in _stretches(np.isfinite(curves[i, k])):
                if table.around is None:
                    path = _path(curves[i, k], start, stop, table.transposed)
                else:
                    path = table.around.vertices(curves[i, k])
                if stack:
                    path = np.column_stack([np.full(len(path), float(number)), path])
                paths.append(path)
                features["curve"].append(k + 1)
                features["above"].append(table.region_ids[k])
                features["below"].append(table.region_ids[k + 1])
                if uncertainty is not None:
                    features["uncertainty"].append(float(np.mean(uncertainty[i, k, start:stop])))
    if uncertainty is None:
        del features["uncertainty"]
    notes = dict(table.notes)
    layer = notes.pop("layer", {})
    if table.around is not None:
        notes["around"] = around_note(table.around.center, table.around.start_angle)
    settings |= {
        "ndim": 3 if stack else 2,
        "shape_type": "path",
        "features": features,
        "face_color": "transparent",
        "metadata": {
            KEY: {
                **notes,
                "region_ids": list(table.region_ids),
                "width": table.curves.shape[-1],
                "transposed": table.transposed,
                "slices": list(table.slices or ()),
            },
            KNOWN: known if table.around is None else {},
        },
    }
    settings |= _look(layer, [k - 1 for k in features["curve"]], table.n_curves)
    return paths or None, settings, "shapes"


def _look(layer: Any, curves: list[int], n_curves: int) -> dict[str, Any]:
    """Return name, colors and width of lines, each only if it is what the writer writes."""
    look: dict[str, Any] = {"edge_color": "yellow", "edge_width": 1.0}
    if not isinstance(layer, dict):
        return look
    if isinstance(layer.get("name"), str):
        look["name"] = layer["name"]
    with suppress(TypeError, ValueError):
        opacity = float(layer.get("opacity", "nan"))
        if 0 <= opacity <= 1:
            look["opacity"] = opacity
        colors = np.array(layer.get("colors", []), np.float32)
        if curves and colors.shape == (n_curves, 4) and colors.min() >= 0 and colors.max() <= 1:
            look["edge_color"] = colors[curves]
        widths = np.array(layer.get("widths", []), np.float64)
        if curves and widths.shape == (n_curves,) and (widths >= 0).all():
            look["edge_width"] = widths[curves].tolist()
    return look


def _stretches(given: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Return start and stop of each unbroken stretch of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, given, False]))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _path(curve: np.ndarray[Any, Any], start: int, stop: int, transposed: bool) -> Any:
    """Return the vertices (row, column) of a stretch of a curve, at the centers of pixels."""
    along = np.arange(start, stop, dtype=np.float64)
    across = curve[start:stop].astype(np.float64) - 0.5
    if stop - start == 1:  # one vertex is no path
        along, across = np.array([start - 0.25, start + 0.25]), across.repeat(2)
    return np.column_stack([along, across] if transposed else [across, along])
