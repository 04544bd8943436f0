"""Files of labels or curves, by any program or of ours, as segmentations to be measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_labels import segmentation_from_labels
from napari_layeredcnn.core.measure_segmentation import Segmentation
from napari_layeredcnn.files.common import DAMAGE, FileError, brief
from napari_layeredcnn.files.curves import read_curves
from napari_layeredcnn.files.integers import whole_numbers
from napari_layeredcnn.files.labels_file import LABELS_ENDINGS, read_labels_file
from napari_layeredcnn.files.opened import open_array
from napari_layeredcnn.files.place import Place
from napari_layeredcnn.files.zarr_array import is_zarr

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from napari_layeredcnn.files.curve_table import CurveTable
    from napari_layeredcnn.files.resolution import Resolution

    Sizes = tuple[tuple[float, ...] | None, str | None]

CURVE_ENDINGS = (".csv", ".npz")


def read_segmentation(
    path: str | os.PathLike[str],
    *,
    region_ids: Sequence[int] | None = None,
    transposed: bool = False,
    scale: Sequence[float] | None = None,
    unit: str | None = None,
) -> Segmentation:
    """Read labels or curves to be measured.

    Parameters
    ----------
    path : path
        Labels of an image or a stack in a TIFF (also ``.layers.tif``, with names), PNG, NPY or zarr
        file; curves in a ``.csv`` or ``.npz`` file of ours; or the zarr folder of a completed
        stack, whose finished slices are taken.
    region_ids : sequence of int, optional
        Of labels: ids from top to bottom, see `segmentation_from_labels`.
    transposed : bool
        Of labels: whether regions follow each other from left to right. Curves say it themselves.
    scale, unit : optional
        See `Segmentation`. Default: what the file says. Dots per inch are taken for the size of a
        print and not of what is seen in the image: they count for nothing.

    Returns
    -------
    Segmentation
        To be measured.

    Raises
    ------
    FileError
        If the file cannot be read, holds something else, or its axes have different units.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "painted.npy")
    ...     np.save(path, [[7, 7], [7, 9], [9, 9]])
    ...     found = read_segmentation(path)
    >>> found.names, found.curves.tolist(), found.unit_name
    (('Region 7', 'Region 9'), [[2.0, 1.0]], 'pixels')
    """
    path = Path(path)
    given: Sizes = (None if scale is None else tuple(scale), unit)
    try:
        if path.suffix.lower() in CURVE_ENDINGS:
            return _from_curves(path, given)
        if is_zarr(path) and (found := _from_stack_file(path, given)) is not None:
            return found
        return _from_labels(path, given, region_ids, transposed)
    except FileError:
        raise
    except DAMAGE as error:
        raise FileError(f"{path} cannot be measured: {brief(error)}.") from error


def _from_curves(path: Path, given: Sizes) -> Segmentation:
    table = read_curves(path)
    if table.around is not None:
        raise FileError(
            f"{path} holds closed curves about a center, which are not measured: give curves that "
            "run along the image."
        )
    scale, unit = _sizes(path, given, table.place or Place(), None)
    found = Segmentation(
        table.curves,
        region_ids=table.region_ids,
        names=_noted_names(table),
        uncertainty=table.uncertainty,
        transposed=table.transposed,
        scale=scale,
        unit=unit,
    )
    if table.slices is None:
        return found
    order = np.argsort(table.slices)
    uncertainty = None if found.doubt is None else found.doubt[order]
    numbers = [table.slices[i] for i in order]
    return replace(found, curves=found.stack[order], uncertainty=uncertainty, slices=numbers)


def _noted_names(table: CurveTable) -> tuple[str, ...]:
    """Return the names that the plugin has noted; none if there are none, and defaults count."""
    names = table.notes.get("names")
    if not isinstance(names, dict):
        return ()
    default = {0: "background"}
    return tuple(str(names.get(str(i)) or default.get(i, f"Region {i}")) for i in table.region_ids)


def _from_stack_file(path: Path, given: Sizes) -> Segmentation | None:
    """Read a completed stack, or return None if this is another zarr."""
    from napari_layeredcnn.core.stack_file import open_stack_file  # which loads the network

    try:
        file = open_stack_file(path)
    except ValueError:
        return None
    numbers = np.flatnonzero(file.finished)
    if not numbers.size:
        raise FileError(f"{path} has no finished slice: complete it first, with --resume.")
    scale, unit = _sizes(path, given, Place(scale=file.scale, units=file.units or ()), None)
    curves, uncertainty = (np.asarray(a[:])[numbers] for a in (file.curves, file.uncertainty))
    return Segmentation(
        curves,
        height=int(file.labels.shape[2 if file.transposed else 1]),
        region_ids=file.region_ids,
        uncertainty=uncertainty,
        slices=numbers.tolist(),
        transposed=file.transposed,
        scale=scale,
        unit=unit,
    )


def _from_labels(
    path: Path, given: Sizes, region_ids: Sequence[int] | None, transposed: bool
) -> Segmentation:
    opened = open_array(path, as_labels=True)
    labels, place, names = opened.array, opened.place, {}
    if path.name.lower().endswith(LABELS_ENDINGS):
        file = read_labels_file(path)
        names = _names(file.features)
        labels = file.labels.reshape(labels.shape)
        if file.place.scale:
            place = file.place
    elif len(labels.shape) == 3 and labels.shape[-1] in (3, 4):
        raise FileError(
            f"{path} has {labels.shape[-1]} color channels where labels have one: save the labels "
            "as a single-channel image."
        )
    if labels.dtype.kind not in "iu":
        labels = whole_numbers(path, np.asarray(labels[:]))
    scale, unit = _sizes(path, given, place, opened.resolution)
    if scale is not None and len(labels.shape) == 2:
        scale = scale[-2:]
    return segmentation_from_labels(
        labels, region_ids=region_ids, names=names, transposed=transposed, scale=scale, unit=unit
    )


def _names(features: Any) -> dict[int, str]:
    pairs = zip(features.get("index", ()), features.get("name", ()), strict=False)
    return {int(i): str(name) for i, name in pairs if i == i and isinstance(name, str) and name}


def _sizes(path: Path, given: Sizes, place: Place, resolution: Resolution | None) -> Sizes:
    """Choose what is given, or what the file says of the size of a pixel."""
    if given[0] is not None:
        return given
    if place.scale:
        if _deformed(place):
            raise FileError(
                f"{path} is sheared or transformed, so that its pixels have no one size: say what "
                "that is, with a scale and a unit."
            )
        units = place.units[-3:]
        if len(set(units)) > 1:
            raise FileError(
                f"{path} has axes in different units ({', '.join(units)}): say the size of a pixel "
                "in one of them, with a scale and a unit."
            )
        return tuple(abs(size) for size in place.scale[-3:]), units[0] if units else None
    if resolution is not None and resolution.unit == "centimeter":
        (x, per_x), (y, per_y) = resolution.x, resolution.y
        return (1e4 * per_y / y, 1e4 * per_x / x), "micrometer"
    return None, None


def _deformed(place: Place) -> bool:
    affine = np.array(place.affine or np.eye(1))
    return bool(np.any(place.shear)) or not np.allclose(affine[:-1, :-1], np.eye(len(affine) - 1))
