"""Writing a completed stack to a zarr folder, batch by batch, so that it can be gone on with.

The folder comes into being under another name and is renamed when it is ready. A batch is written
first and marked as finished then, by replacing one small file: whenever a run is ended, a batch
counts as a whole or not at all.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.stack_file import ATTRIBUTES, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.core.stack_partition import Partition
    from napari_layeredcnn.core.stack_run import StackRun

#: A chunk of the seeds holds as many slices as come to this many bytes.
SEED_BYTES = 2**20


class StackOutput:
    """An output that is being written.

    Parameters
    ----------
    path : Path
        Folder that `create_output` made.

    Raises
    ------
    CompletionError
        If it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        import zarr

        self._path = path
        with _writing(path):
            for left in path.rglob("*.partial"):  # of a run that was ended while it wrote
                left.unlink()
            group = zarr.open_group(path, mode="r+")
            self._arrays: Any = [group[name] for name in ("0", "curves", "uncertainty")]
            self._metadata = json.loads((path / "zarr.json").read_text())

    def write(self, index: int, *arrays: NDArray[Any]) -> None:
        """Write labels, curves and uncertainty of a slice."""
        with _writing(self._path):
            for array, values in zip(self._arrays, arrays, strict=True):
                array[index] = values

    def mark(self, partition: Partition) -> None:
        """Put down which batches there are and which are finished, all at once."""
        self._metadata["attributes"][ATTRIBUTES] |= _marks(partition)
        partial = self._path / "zarr.json.partial"
        with _writing(self._path):
            try:
                with partial.open("w") as file:
                    json.dump(self._metadata, file)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(self._path / "zarr.json")
            except OSError:
                partial.unlink(missing_ok=True)
                raise

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""
        dtype: np.dtype[Any] = self._arrays[0].dtype
        return dtype


def create_output(
    path: Path,
    run: StackRun,
    partition: Partition,
    scale: Sequence[float] | None,
    units: Sequence[str] | None,
    kept: Mapping[int, tuple[NDArray[Any], ...]],
) -> None:
    """Make the folder of an output.

    Parameters
    ----------
    path : Path
        There is nothing yet.
    run : StackRun
        What will be completed.
    partition : Partition
        The batches.
    scale, units : sequence, optional
        Of slices, rows and columns.
    kept : mapping of int to tuple of array
        Labels, curves and uncertainty of slices that are known already.

    Raises
    ------
    CompletionError
        If scale, units or region ids cannot be told in the file, or it cannot be written.
    """
    import zarr

    attributes = _ome(path.stem, scale, units, run.ids)
    attributes[ATTRIBUTES] = {
        "version": VERSION,
        "software": importlib.metadata.version("napari-layeredcnn"),
        "settings": run.settings,
        "model": run.model.name,
        "region_ids": run.ids,
        "transposed": run.transposed,
        "range": run.slices.scaling.range,
        "grid": [run.grid.height, run.grid.width, run.grid.rows, run.grid.columns],
        "labelled": [int(i) for i in run.seeds.labelled],
        "seed_columns": [int(x) for x in run.seeds.columns],
        "seed_uncertainty": run.seeds.uncertainty.tolist(),
        "kept": sorted(kept),
        **_marks(partition),
    }
    dtype = labels_dtype(run.ids)
    if not path.parent.is_dir():
        raise CompletionError(
            f"{path.name} cannot be written (there is no folder {path.parent}); make the folder"
        )
    partial = path.with_name(f"{path.name}.partial")
    with _writing(path):
        if partial.exists():
            shutil.rmtree(partial)
        try:
            group = zarr.open_group(partial, mode="w", zarr_format=3, attributes=attributes)
            slices = tuple(run.slices.stack.shape[:3])
            group.create_array(
                "0", shape=slices, chunks=(1, *slices[1:]), dtype=dtype, fill_value=0,
                dimension_names=("z", "y", "x"),
            )  # fmt: skip
            shape = (run.slices.count, len(run.ids) - 1, run.slices.width)
            together = min(shape[0], max(1, SEED_BYTES // (4 * shape[1] * shape[2])))
            for name, length in (("curves", 1), ("uncertainty", 1), ("seeds", together)):
                group.create_array(
                    name, shape=shape, chunks=(length, *shape[1:]), dtype="float32",
                    fill_value=float("nan"),
                )  # fmt: skip
            seeds: Any = group["seeds"]
            seeds[:] = np.stack([seed.curves for seed in run.seeds.seeds])
            output = StackOutput(partial)
            for index, arrays in kept.items():
                output.write(index, *arrays)
            partial.rename(path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def labels_dtype(ids: Sequence[int]) -> np.dtype[Any]:
    """Smallest integer type that holds region ids and 0; an unsigned one if possible.

    Parameters
    ----------
    ids : sequence of int
        Region ids.

    Returns
    -------
    dtype
        uint8 to uint64, or int8 to int64.

    Examples
    --------
    >>> labels_dtype((1, 255)), labels_dtype((1, 256)), labels_dtype((-1, 200))
    (dtype('uint8'), dtype('uint16'), dtype('int16'))
    """
    low, high = min(0, *ids), max(0, *ids)
    for name in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"):
        limits = np.iinfo(name)
        if limits.min <= low and high <= limits.max:
            return np.dtype(name)
    raise CompletionError(f"the region ids {list(ids)} fit no integer type; use smaller ones")


def _marks(partition: Partition) -> dict[str, Any]:
    finished = [batch in partition.finished for batch in partition.batches]
    return {"batches": partition.batches, "finished": finished}


def _ome(
    name: str, scale: Sequence[float] | None, units: Sequence[str] | None, ids: Sequence[int]
) -> dict[str, Any]:
    """Attributes of an OME-Zarr 0.5 label image."""
    sizes = [1.0, 1.0, 1.0] if scale is None else [float(size) for size in scale]
    if len(sizes) != 3 or not all(np.isfinite(size) and size > 0 for size in sizes):
        raise CompletionError(
            f"the scale is the size of a pixel along slices, rows and columns, not {scale}; "
            "give three positive numbers"
        )
    axes: list[dict[str, str]] = [{"name": axis, "type": "space"} for axis in "zyx"]
    if units is not None:
        if isinstance(units, str) or len(units) != 3:
            raise CompletionError(
                f"there are three units, of slices, rows and columns, but these are {units!r}; "
                "give three names"
            )
        for axis, unit in zip(axes, units, strict=True):
            axis["unit"] = str(unit)
    transformations = [{"type": "scale", "scale": sizes}]
    image = {
        "name": name,
        "axes": axes,
        "datasets": [{"path": "0", "coordinateTransformations": transformations}],
    }
    regions = [{"label-value": label, "region": place} for place, label in enumerate(ids)]
    label = {"properties": regions}
    return {"ome": {"version": "0.5", "multiscales": [image], "image-label": label}}


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CompletionError(
            f"{path.name} cannot be written ({error.strerror or error}); what is finished is kept, "
            "so make room or choose another place, and resume"
        ) from error
