"""The files that a copied script reads: the image's own, and one of the partial labels."""

from __future__ import annotations

from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtWidgets import QFileDialog

from napari_layeredcnn.core.seeds import SeedError
from napari_layeredcnn.files import (
    FileError,
    read_curves,
    read_label_stack,
    stack_shape,
    write_curves,
)
from napari_layeredcnn.files.labels_file import LABELS_ENDINGS
from napari_layeredcnn.plugin.start import start_of
from napari_layeredcnn.plugin.writers import write_labels_layer

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer, Shapes
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.plugin.request import Request

CURVES_ENDING = ".curves.csv"

#: Where the partial labels of a layer were written last.
_WRITTEN: WeakKeyDictionary[Layer, Path] = WeakKeyDictionary()


def image_file(image: Image) -> Path:
    """Return the file that an image layer was opened from.

    Parameters
    ----------
    image : napari.layers.Image
        The layer.

    Returns
    -------
    Path
        A file that `napari_layeredcnn.files.read_stack` reads as the layer's array.

    Raises
    ------
    ValueError
        If there is none.
    """
    save = "save it (File > Save Selected Layers) as .tif, open that file and take its layer"
    if not image.source.path:
        raise ValueError(f'"{image.name}" was not opened from a file: {save}.')
    path = Path(image.source.path).absolute()
    try:
        found = stack_shape(path)
    except FileError as error:
        text = f'"{image.name}" cannot be read in a script: {str(error)[:-1]}; {save}.'
        raise ValueError(text) from error
    data = image.data[0] if image.multiscale else image.data
    if found != tuple(data.shape):
        raise ValueError(
            f'"{image.name}" has the shape {_by(data.shape)}, but {path.name} holds {_by(found)}: '
            f"{save}."
        )
    return path


def save_partial(path: Path, labels: Labels | Shapes, request: Request) -> None:
    """Write what a request starts from to a file that scripts and commands read.

    Parameters
    ----------
    path : Path
        Ends in ``.layers.tif``, or in ``.curves.csv`` for a Shapes layer; replaced if it exists.
    labels : napari.layers.Labels or Shapes
        The partial labels.
    request : Request
        What was read from them.

    Raises
    ------
    ValueError
        If it cannot be written, or nothing is found in the paths.
    """
    try:
        if request.labelled[0].paths is not None:
            curves, ids, numbers = _curves(request)
            write_curves(
                path,
                curves,
                region_ids=ids,
                slices=numbers,
                transposed=request.choices.transposed,
            )
        else:
            _, meta, _ = labels.as_layer_data_tuple()
            write_labels_layer(str(path), _labels(labels, request), meta)
    except OSError as error:
        raise ValueError(f"{path.name} was not written: {error}") from error
    _WRITTEN[labels] = path


def written_before(labels: Layer) -> Path | None:
    """Return where the partial labels of a layer were written last."""
    return _WRITTEN.get(labels)


def file_of_partial(labels: Labels | Shapes, request: Request, drawn: bool) -> Path | None:
    """Return a file that holds the partial labels as they are now, if there is one."""
    for path in (_WRITTEN.get(labels), labels.source.path):
        if path is None or not Path(path).is_file():
            continue
        path = Path(path).absolute()
        try:
            if drawn:
                table = read_curves(path)
                curves, ids, numbers = _curves(request)
                same = (
                    np.array_equal(table.curves, curves, equal_nan=True)
                    and (table.region_ids, table.slices) == (ids, numbers)
                    and table.transposed == request.choices.transposed
                    and table.around is None
                )
            else:
                same = np.array_equal(read_label_stack(path), _labels(labels, request))
        except FileError:
            continue
        if same:
            return path
    return None


def ask_for_file(parent: QWidget | None, suggested: Path, drawn: bool) -> Path | None:
    """Ask where to write the partial labels; None if the person thinks better of it."""
    endings = (CURVES_ENDING,) if drawn else LABELS_ENDINGS
    chosen, _ = QFileDialog.getSaveFileName(
        parent,
        "Save the partial labels, which the script reads",
        str(suggested),
        f"{'Curves' if drawn else 'Labels'} (*{endings[0]})",
    )
    if not chosen:
        return None
    path = Path(chosen)
    if path.name.lower().endswith(endings):
        return path
    # The dialog asked about the name as it was typed only.
    stem = path.name.removesuffix(path.suffix) if path.suffix in (".tif", ".csv") else path.name
    path = path.with_name(stem + endings[0])
    if path.exists():
        raise ValueError(f"{path} exists: to replace it, type its name with the whole ending.")
    return path


def check_drawn(request: Request, labels: Labels | Shapes) -> None:
    """Raise if a file of curves cannot hold the paths of a request."""
    for part in request.slices:
        ndim = len(part.plane.index)
        as_it_lies = (part.plane.rows, part.plane.columns) == (ndim - 2, ndim - 1)
        if ndim > 3 or not as_it_lies:
            raise ValueError(
                f'"{labels.name}" holds paths, which are copied from an image or a stack of '
                "slices whose axes are not rolled: put the axes back, or paint labels."
            )


def free_name(image: Path, ending: str) -> Path:
    """Return a name beside the image that no file has: a person's results are not replaced."""
    name, number = image.stem + ending, 2
    # Commands write a file for every slice, with its number before the ending.
    while any(image.parent.glob(escape(name).replace(".layers.tif", "*.layers.tif"))):
        name = f"{image.stem}-{number}{ending}"
        number += 1
    return image.with_name(name)


def _labels(labels: Labels, request: Request) -> NDArray[Any]:
    """Return the labels without what earlier runs have filled in."""
    data = np.array(labels.data)
    for part in request.labelled:
        part.frame.of(data)[:] = part.labels
    return data


def _curves(
    request: Request,
) -> tuple[NDArray[np.float32], tuple[int, ...], tuple[int, ...] | None]:
    """Return the curves of all slices, ids, and the slices' numbers (None for one image)."""
    seeds: list[Seed] = []
    for part in request.labelled:
        unlocked = replace(part, locked=np.zeros_like(part.locked))
        try:
            seeds.append(start_of(unlocked, request.choices, resume=False).seed)
        except SeedError as error:
            raise ValueError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    numbers = tuple(part.number for part in request.labelled)
    if len({seed.n_curves for seed in seeds}) > 1:
        counts = ", ".join(
            f"{seed.n_curves} in slice {n}" for seed, n in zip(seeds, numbers, strict=True)
        )
        raise ValueError(f"The slices have different numbers of paths ({counts}): copy one slice.")
    curves = np.stack([seed.curves for seed in seeds])
    if None in numbers:
        return curves[0], seeds[0].region_ids, None
    return curves, seeds[0].region_ids, tuple(n for n in numbers if n is not None)


def _by(shape: Any) -> str:
    return " x ".join(str(n) for n in shape)
