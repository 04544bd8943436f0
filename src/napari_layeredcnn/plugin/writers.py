"""Save Labels layers to `*.layers.tif`, Shapes layers of paths to `*.curves.csv` or `.npz`.

What is kept, and where it is found again, is told in `readers`. A path drawn by hand is written as
its height at the center of every column that it passes, straight between its vertices; a closed
one about a center as its distance on every ray.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files import (
    Colors,
    FileError,
    LabelsFile,
    Place,
    write_curves,
    write_labels_file,
)
from napari_layeredcnn.files.common import brief
from napari_layeredcnn.files.labels_file import LABELS_ENDINGS
from napari_layeredcnn.files.place import plain
from napari_layeredcnn.plugin.curve_notes import as_known
from napari_layeredcnn.plugin.paths import PathCurves, curves_from_paths
from napari_layeredcnn.plugin.readers import CURVES_ENDINGS, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class SaveError(OSError):
    """A layer cannot be saved; the message says why.

    No `ValueError`, as `FileError` is: napari takes that for "no writer was found".
    """


def write_labels_layer(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a Labels layer to a ``.layers.tif`` file.

    Parameters
    ----------
    path : str
        The file; the ending is added if it is missing.
    data : array of int, shape (..., H, W)
        The labels; of a multiscale layer the first, largest level is written.
    meta : dict
        The layer's settings, as napari gives them.

    Returns
    -------
    list of str
        The path of the file.

    Raises
    ------
    SaveError
        If it cannot be written; an older file is left as it was.
    """
    with _telling(path):
        file = LabelsFile(
            np.asarray(data[0] if meta.get("multiscale") else data),
            name=meta.get("name"),
            place=_place(meta),
            features=_features(meta),
            colors=_colors(meta.get("colormap")),
            opacity=meta.get("opacity"),
            notes=_notes(meta),
        )
        target = _with_ending(path, LABELS_ENDINGS)
        write_labels_file(target, file)
    return [str(target)]


def write_curves_layer(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a Shapes layer of paths to a ``.curves.csv`` or ``.curves.npz`` file.

    Parameters
    ----------
    path : str
        The file; ``.curves.csv`` is added if it has neither ending.
    data : list of (N, 2) or (N, 3) array
        The vertices of the paths, in napari coordinates.
    meta : dict
        The layer's settings, as napari gives them.

    Returns
    -------
    list of str
        The path of the file.

    Raises
    ------
    SaveError
        If the shapes are no curves, or the file cannot be written; an older file is left as
        it was.
    """
    notes = _notes(meta)
    with _telling(path):
        target = _with_ending(path, CURVES_ENDINGS)
        paths = curves_from_paths(data, meta.get("shape_type", "path"), _features(meta), notes)
        for name in ("region_ids", "width", "transposed", "around", "slices"):
            notes.pop(name, None)
        curves, uncertainty = _as_known(paths, meta)
        notes["layer"] = _look(meta, paths.first)
        closed = paths.around is not None
        if closed:  # what the file holds is in pixels of one image; this is where that lies
            notes["layer"]["place"] = _place(meta).document()
            if paths.slices is not None:
                notes["layer"]["slice"] = paths.slices[0]
        write_curves(
            target,
            curves,
            uncertainty=uncertainty,
            region_ids=paths.region_ids,
            transposed=paths.transposed,
            slices=None if closed else paths.slices,
            place=None if closed else _place(meta),
            notes=notes,
            around=paths.around,
        )
    return [str(target)]


def _as_known(paths: PathCurves, meta: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return curves with the uncertainty that the layer knows of those that are as they were."""
    if paths.around is not None:
        return paths.curves, None
    places = [(None, None)] if paths.slices is None else [(i, None, None) for i in paths.slices]
    along = len(places[0]) - (2 if paths.transposed else 1)
    return as_known(paths.curves, meta.get("metadata") or {}, places, along)


@contextmanager
def _telling(path: str) -> Iterator[None]:
    """Turn what can be expected to go wrong into a sentence that napari shows."""
    try:
        yield
    except FileError as error:
        raise SaveError(str(error)) from error
    except OSError as error:
        raise SaveError(f"{path} was not written: {error.strerror or brief(error)}.") from error


def _with_ending(path: str, endings: Sequence[str]) -> Path:
    """Add our ending to a name without it; napari's dialog asked about the name given only."""
    given = Path(path)
    if given.name.lower().endswith(tuple(endings)):
        return given
    last = given.suffix.lower()
    ending = next((e for e in endings if e.endswith(last)), endings[0])
    stem = given.stem if last and ending.endswith(last) else given.name
    target = given.with_name(stem + ending)
    if target.exists():
        raise FileError(f"{target} exists: to replace it, type its name with the whole ending.")
    return target


def _place(meta: Mapping[str, Any]) -> Place:
    def matrix(name: str) -> Any:
        """Return a transform, empty where it does nothing."""
        value = np.array(meta.get(name, ()), np.float64)
        if value.ndim != 2 or np.array_equal(value, np.eye(len(value))):
            return ()
        return tuple(tuple(row) for row in value.tolist())

    shear = tuple(map(float, meta.get("shear", ())))
    return Place(
        scale=tuple(map(float, meta.get("scale", ()))),
        translate=tuple(map(float, meta.get("translate", ()))),
        units=tuple(map(str, meta.get("units") or ())),
        axis_labels=tuple(map(str, meta.get("axis_labels") or ())),
        rotate=matrix("rotate"),
        shear=shear if any(shear) else (),
        affine=matrix("affine"),
    )


def _features(meta: Mapping[str, Any]) -> dict[str, list[Any]]:
    features = meta.get("features")
    if features is None:
        features = meta.get("properties") or {}
    return {str(name): plain(list(features[name])) for name in features}


def _notes(meta: Mapping[str, Any]) -> dict[str, Any]:
    notes = (meta.get("metadata") or {}).get(KEY)
    return dict(plain(notes)) if isinstance(notes, dict) else {}


def _colors(colormap: Any) -> Colors | None:
    """Take the colors out of one of napari's two kinds of label colormaps."""
    if colormap is None:
        return None
    background = int(getattr(colormap, "background_value", 0))
    by_id = getattr(colormap, "color_dict", None)
    if by_id is None:
        return Colors(cycle=tuple(map(_rgba, colormap.colors)), background=background)
    default = by_id.get(None)
    return Colors(
        {int(id_): _rgba(color) for id_, color in by_id.items() if id_ is not None},
        default=(0.0, 0.0, 0.0, 0.0) if default is None else _rgba(default),
        background=background,
    )


def _rgba(color: Any) -> tuple[float, ...]:
    return tuple(float(part) for part in np.clip(color, 0, 1))


def _look(meta: Mapping[str, Any], first: Sequence[int]) -> dict[str, Any]:
    """Return name, and the color and width of the first path of each curve."""
    look: dict[str, Any] = {}
    if meta.get("name") is not None:
        look["name"] = str(meta["name"])
    if meta.get("opacity") is not None:
        look["opacity"] = float(meta["opacity"])
    colors, widths = np.asarray(meta.get("edge_color", ())), meta.get("edge_width", ())
    if colors.ndim == 2 and len(colors) > max(first):
        look["colors"] = [_rgba(colors[i]) for i in first]
    if np.ndim(widths) == 1 and len(widths) > max(first):
        look["widths"] = [float(widths[i]) for i in first]
    return look
