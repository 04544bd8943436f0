"""A completed stack in a zarr folder: what it holds, and opening it.

A zarr group of version 3 that is an OME-Zarr 0.5 label image, with the curves beside the labels::

    0            labels (S, H, W), a slice in a chunk
    curves       float32 (S, K, W), NaN where there are none
    uncertainty  float32 (S, K, W)
    seeds        float32 (S, K, W): what every slice is completed from

Its attributes "layeredcnn" hold what the run was begun with, the batches, and which of them are
finished: what the arrays hold of another batch counts for nothing, and is written again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.stack_partition import Partition
from napari_layeredcnn.core.stack_seeds import StackSeeds
from napari_layeredcnn.core.working import WorkingGrid

if TYPE_CHECKING:
    import zarr
    from numpy.typing import NDArray

#: Name of our attributes, and the version of what they hold.
ATTRIBUTES, VERSION = "layeredcnn", 1


@dataclass(frozen=True)
class StackFile:
    """A completed stack in a zarr folder, or as much of it as is finished.

    Parameters
    ----------
    path : Path
        The folder.
    labels : (S, H, W) zarr array of int
        Label images in the stack's own orientation; 0 where there are none.
    curves, uncertainty : (S, K, W) zarr array of float32
        As in `StackCompletion`.
    seeds : (S, K, W) zarr array of float32
        Curves that the slices are completed from.
    record : dict
        Our attributes.
    scale : tuple of float
        Size of a pixel along slices, rows and columns.
    units : tuple of str, or None
        What it is measured in.
    """

    path: Path
    labels: zarr.Array[Any]
    curves: zarr.Array[Any]
    uncertainty: zarr.Array[Any]
    seeds: zarr.Array[Any]
    record: dict[str, Any]
    scale: tuple[float, ...]
    units: tuple[str, ...] | None

    @property
    def settings(self) -> dict[str, Any]:
        """What the run was begun with: stack, weights, and how slices are completed."""
        return dict(self.record["settings"])

    @property
    def model_name(self) -> str:
        """Model that was used."""
        return str(self.record["model"])

    @property
    def region_ids(self) -> tuple[int, ...]:
        """Ids of the K+1 regions."""
        return tuple(self.record["region_ids"])

    @property
    def transposed(self) -> bool:
        """Whether the direction is vertical."""
        return bool(self.record["transposed"])

    @property
    def range(self) -> tuple[float, float]:
        """Intensities that became -1 and 1."""
        low, high = self.record["range"]
        return low, high

    @property
    def grid(self) -> WorkingGrid:
        """Working resolution."""
        return WorkingGrid(*self.record["grid"])

    @property
    def labelled(self) -> tuple[int, ...]:
        """Slices that had labels of their own."""
        return tuple(self.record["labelled"])

    @property
    def seed_uncertainty(self) -> NDArray[np.float32]:
        """Mean uncertainty of each slice's seed in pixels, (S,)."""
        return np.array(self.record["seed_uncertainty"], dtype=np.float32)

    @property
    def partition(self) -> Partition:
        """The batches and which of them are finished."""
        batches = tuple(tuple(batch) for batch in self.record["batches"])
        marks = zip(batches, self.record["finished"], strict=True)
        return Partition(batches, {batch for batch, finished in marks if finished})

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Which slices are finished, (S,)."""
        finished = np.zeros(self.labels.shape[0], dtype=bool)
        for indices in (*self.partition.finished, self.record["kept"]):
            finished[list(indices)] = True
        return finished

    def stack_seeds(self) -> StackSeeds:
        """Read the seeds of all slices."""
        curves = np.asarray(self.seeds[:])
        seeds = tuple(Seed(one, self.region_ids, self.grid.height) for one in curves)
        columns = tuple(self.record["seed_columns"])
        stop = self.settings.get("stop_above")
        return StackSeeds(seeds, self.seed_uncertainty, self.labelled, columns, stop)


def open_stack_file(path: str | Path) -> StackFile:
    """Open what `complete_stack` has written, finished or not.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    StackFile
        As it is now; its arrays are read when they are sliced.

    Raises
    ------
    CompletionError
        If there is no such folder, or it holds something else.

    Examples
    --------
    >>> open_stack_file("nowhere.zarr")
    Traceback (most recent call last):
    ...
    napari_layeredcnn.core.decoder.CompletionError: nowhere.zarr is no completed stack...
    """
    import zarr

    path = Path(path)
    try:
        group: Any = zarr.open(path, mode="r")  # open_group fails in other ways on an array
        record: Any = group.attrs[ATTRIBUTES]
        multiscales: Any = group.attrs["ome"]
        names = ("0", "curves", "uncertainty", "seeds")
        labels, curves, uncertainty, seeds = [cast("zarr.Array[Any]", group[n]) for n in names]
        (image,) = multiscales["multiscales"]
        scale = image["datasets"][0]["coordinateTransformations"][0]["scale"]
        units: Any = tuple(axis.get("unit") for axis in image["axes"])
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise CompletionError(
            f"{path.name} is no completed stack ({type(error).__name__}: {error}); give a folder "
            "that `complete_stack` wrote"
        ) from error
    if record["version"] != VERSION:
        raise CompletionError(
            f"{path.name} was written by version {record['software']} of napari-layeredcnn, which "
            "this one cannot read; use that version, or complete the stack again"
        )
    units = None if None in units else units
    return StackFile(path, labels, curves, uncertainty, seeds, record, tuple(scale), units)
