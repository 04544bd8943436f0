"""What a completed stack leaves: each output as its ending says."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.cli.outputs import is_zarr_output
from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.files import (
    LabelsFile,
    write_curves,
    write_label_stack,
    write_labels_file,
)
from napari_layeredcnn.files.labels_file import LABELS_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.stack import StackCompletion
    from napari_layeredcnn.files import Opened


def write_stack_outputs(
    outputs: Sequence[Path], stack: Opened, completion: StackCompletion
) -> None:
    """Write each output but a .zarr, which was written during the completion."""
    place = stack.place if stack.place.said() else None
    for path in outputs:
        if path.suffix.lower() in (".csv", ".npz"):
            done = np.flatnonzero(np.isfinite(completion.curves).any(axis=(1, 2)))
            write_curves(
                path,
                completion.curves[done],
                uncertainty=completion.uncertainty[done],
                region_ids=completion.region_ids,
                transposed=completion.transposed,
                slices=done.tolist(),
                place=place,
            )
        elif path.name.lower().endswith(LABELS_ENDINGS):
            write_labels_file(path, LabelsFile(completion.labels(), place=stack.place))
        elif not is_zarr_output(path):
            shape = tuple(stack.array.shape[:3])
            ids = completion.region_ids
            write_label_stack(path, _slices(completion), shape, ids, stack.resolution)


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Move an older zarr aside; it comes back if none was written in its place."""
    if not path.exists():
        yield
        return
    with tempfile.TemporaryDirectory(prefix=".layeredcnn-", dir=path.parent) as folder:
        aside = Path(folder, path.name)
        path.rename(aside)
        try:
            yield
        finally:
            if not path.exists():
                aside.rename(path)


def _slices(completion: StackCompletion) -> Iterator[NDArray[Any]]:
    """Make the labels of one slice after the other."""
    for curves in completion.curves:
        labels = regions_from_curves(curves, completion.height, completion.region_ids)
        yield labels.T if completion.transposed else labels
