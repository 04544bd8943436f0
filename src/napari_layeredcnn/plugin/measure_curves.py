"""A Shapes layer of curves, measured as the command measures a file of curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.files.place import plain
from napari_layeredcnn.plugin.curve_notes import as_known
from napari_layeredcnn.plugin.measure_known import all_notes
from napari_layeredcnn.plugin.paths import curves_from_paths
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.readers import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Shapes
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.measure_request import MeasureRequest
    from napari_layeredcnn.plugin.planes import Plane

    Floats = NDArray[np.float64]
    Notes = Mapping[str, Any]

#: A path lies in a slice if it leaves it by no more, in slices.
_IN_SLICE = 1e-3
#: Curves that a person has drawn onto each other differ by rounding, px; they do not cross.
_TOUCHING = 1e-3


@dataclass(frozen=True, eq=False)
class CurveSource:
    """What is in a layer of curves.

    Parameters
    ----------
    name : str
        Of the layer.
    paths : sequence of (N, axes) float array
        Vertices in data coordinates of the layer.
    kinds : sequence of str
        Which shapes they are.
    numbers : sequence
        Which curve each path belongs to, from 1; empty if the layer does not say it.
    metadata : dict
        Of the layer.
    notes : dict
        What is said of these curves: "region_ids", "names", "width", "slices".
    transposed : bool
        Whether they run up and down as the viewer shows them.
    """

    name: str
    paths: Sequence[Floats]
    kinds: Sequence[str]
    numbers: Sequence[Any]
    metadata: Notes
    notes: Notes
    transposed: bool


def curve_source(
    layer: Shapes, plane: Plane, axis: int | None, transposed: bool, width: int | None = None
) -> CurveSource:
    """Take what is in a layer of curves.

    Parameters
    ----------
    layer : napari.layers.Shapes
        The layer.
    plane : Plane
        The slice that the viewer shows.
    axis : int or None
        The axis of the slices, if all are measured.
    transposed : bool
        Whether the layers run up and down, if the curves do not say it.
    width : int, optional
        Number of columns of the image, if the curves do not say it. Default: they end with the
        longest path.

    Returns
    -------
    CurveSource
        To be read by the worker.

    Raises
    ------
    RequestError
        If all slices are to be measured, and their regions are not the same.
    """
    notes = dict(_notes(layer, plane, axis))
    if isinstance(notes.get("transposed"), bool):
        transposed = notes["transposed"] != (plane.rows > plane.columns)
    if "width" not in notes and width is not None:
        notes["width"] = width
    numbers = plain(list(layer.features["curve"])) if "curve" in layer.features else ()
    return CurveSource(
        layer.name,
        [np.array(path, np.float64) for path in layer.data],
        list(layer.shape_type),
        numbers,
        dict(layer.metadata),
        notes,
        transposed,
    )


def read_curves(source: CurveSource, request: MeasureRequest) -> Segmentation:
    """Read the curves of a Shapes layer.

    Parameters
    ----------
    source : CurveSource
        Which; that of the request, or what it is compared with.
    request : MeasureRequest
        Which slices.

    Returns
    -------
    Segmentation
        As `read_segmentation` has it of a file with these curves: the height of the image is not
        known, and slices have their own numbers. Where a person has moved a path it is exact.

    Raises
    ------
    ValueError
        If there is no curve, or a path turns back, overlaps another one or crosses it.
    """
    plane, axis = request.plane, request.axis
    here = _here(source, plane, axis)
    axes = [*([] if axis is None else [axis]), *sorted((plane.rows, plane.columns))]
    turned = plane.rows > plane.columns
    found = curves_from_paths(
        [source.paths[i][:, axes] for i in here],
        [source.kinds[i] for i in here],
        {"curve": [source.numbers[i] for i in here]} if source.numbers else {},
        {"width": source.notes.get("width"), "transposed": source.transposed != turned},
    )
    numbers = _slices(source, found.slices)
    ids = _region_ids(source, found.curves.shape[-2])
    shape = (len(numbers), len(ids) - 1, found.curves.shape[-1])
    curves = np.full(shape, np.nan, np.float32)
    rows = [numbers.index(number) for number in found.slices or numbers]
    curves[rows, : found.curves.shape[-2]] = found.curves
    curves, uncertainty = as_known(
        curves,
        source.metadata,
        [(plane if axis is None else plane.at(axis, number)).index for number in numbers],
        plane.rows if source.transposed else plane.columns,
    )
    one: Any = slice(None) if axis is not None else 0
    return Segmentation(
        _ordered(curves, numbers, source, stack=axis is not None)[one],
        region_ids=ids,
        names=_names(source, ids),
        uncertainty=None if uncertainty is None else uncertainty[one],
        slices=numbers if axis is not None else None,
        transposed=source.transposed,
        scale=request.scale,
        unit=request.unit,
    )


# -------------------------------------------------------------------- notes


def _notes(layer: Shapes, plane: Plane, axis: int | None) -> Notes:
    """Return what is said of the curves that are measured."""
    found = all_notes(layer)
    by_slice = layer.metadata[KEY].get("slices") if found else None
    if not isinstance(by_slice, Mapping):
        return found[0] if found else {}
    if axis is None:
        here = by_slice.get(" ".join(str(plane.index[i]) for i in plane.free_axes))
        return here if isinstance(here, Mapping) else {}
    for name in ("region_ids", "transposed"):
        if any(one.get(name) != found[0].get(name) for one in found):
            raise RequestError(
                f'"{layer.name}" has other regions, or another direction, from slice to slice: '
                "measure one slice at a time, or the labels."
            )
    return found[0]


def _slices(source: CurveSource, found: tuple[int, ...] | None) -> list[int]:
    """Return the numbers of all slices, with those of a file that have no curve."""
    if found is None:
        return [0]
    said = source.notes.get("slices")
    more = [i for i in said if isinstance(i, int)] if isinstance(said, list) else []
    return sorted({*found, *more})


def _region_ids(source: CurveSource, k: int) -> tuple[int, ...]:
    """Return those that are noted, if they are enough: the last curves may have no path."""
    ids = source.notes.get("region_ids")
    if isinstance(ids, list) and len(ids) > k and all(isinstance(i, int) for i in ids):
        return tuple(ids)
    return tuple(range(1, k + 2))


def _names(source: CurveSource, ids: Sequence[int]) -> tuple[str, ...]:
    """Return the names of regions; none if there are none, and defaults count."""
    names = source.notes.get("names")
    if not isinstance(names, Mapping):
        return ()
    default = {0: "background"}
    return tuple(str(names.get(str(i)) or default.get(i, f"Region {i}")) for i in ids)


# -------------------------------------------------------------------- paths


def _here(source: CurveSource, plane: Plane, axis: int | None) -> list[int]:
    """Return which paths are measured."""
    here = []
    for i, path in enumerate(source.paths):
        places = path[:, list(plane.free_axes)]
        if (np.ptp(places, axis=0) > _IN_SLICE).any():
            raise RequestError(
                f'"{source.name}" has a path that passes through several slices as they are shown: '
                "draw a path in each slice, or roll the axes so that it lies in one."
            )
        if all(
            abs(place - (plane.index[free] or 0)) <= 0.5
            for free, place in zip(plane.free_axes, places[0], strict=True)
            if free != axis
        ):
            here.append(i)
    if not here and source.paths:
        raise RequestError(
            f'"{source.name}" has no curve in the slice that is shown: move the slider to one '
            "that has."
        )
    if not here:
        raise RequestError(f'"{source.name}" has no curve: draw a path along each boundary.')
    return here


def _ordered(
    curves: NDArray[np.float32], numbers: Sequence[int], source: CurveSource, *, stack: bool
) -> NDArray[np.float32]:
    """Return the curves, (S, K, W), unless they cross."""
    lowest = np.fmax.accumulate(curves, axis=-2)
    wrong = np.argwhere(lowest - curves > _TOUCHING)
    if len(wrong):
        s, k, x = wrong[0].tolist()
        place = f"{'row' if source.transposed else 'column'} {x}"
        raise RequestError(
            f'Two curves of "{source.name}" cross: curve {k + 1} is '
            f"{'left of' if source.transposed else 'above'} the one before it in {place}"
            f"{f' of slice {numbers[s]}' if stack else ''}; move its vertices."
        )
    return np.where(curves < lowest, lowest, curves)
