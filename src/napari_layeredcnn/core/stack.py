"""Whole stacks: every slice completed from a seed of its own, many slices in a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.regions import regions_from_curves
from napari_layeredcnn.core.stack_begin import begun
from napari_layeredcnn.core.stack_file import open_stack_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_layeredcnn.core.completion import Direction
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.stack_partition import Batches
    from napari_layeredcnn.core.stack_run import CompletedSlice
    from napari_layeredcnn.core.stack_seeds import Across, StackSeeds
    from napari_layeredcnn.core.weights import Model
    from napari_layeredcnn.core.working import WorkingGrid

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class StackCompletion:
    """Curves for every column of every slice, with an uncertainty.

    Parameters
    ----------
    curves, uncertainty : (S, K, W) float32 array
        As in `Completion`; NaN in slices that were not asked for.
    seed_uncertainty : (S,) float32 array
        Mean uncertainty of each slice's seed in pixels; 0 for labelled slices.
    labelled : tuple of int
        Slices that had labels of their own.
    region_ids : tuple of int
        Ids of the K+1 regions.
    height : int
        Number of rows (of columns, where the direction is vertical).
    transposed : bool
        Whether the direction is vertical.
    model_name : str
        Model that was used.
    grid : WorkingGrid
        Working resolution, the same for all slices.
    batches : tuple of tuple of int
        Slices that were computed together: the same ones again give the same bits.
    left_out : tuple of int
        Slices that were asked for, but not reached, see ``stop_above``.
    """

    curves: Floats
    uncertainty: Floats
    seed_uncertainty: Floats
    labelled: tuple[int, ...]
    region_ids: tuple[int, ...]
    height: int
    transposed: bool
    model_name: str
    grid: WorkingGrid
    batches: Batches
    left_out: tuple[int, ...] = ()

    @property
    def slice_uncertainty(self) -> Floats:
        """Mean uncertainty of each slice in pixels, (S,); NaN where no column was reached.

        Slices in which curves are lost stand out; among those that are all right it tells little
        (`benchmarks/stack_doubt.py`).
        """
        reached = ~np.isnan(self.uncertainty)
        count = reached.sum(axis=(1, 2))
        total = np.where(reached, self.uncertainty, 0).sum(axis=(1, 2))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)

    def labels(self) -> NDArray[Any]:
        """Label images with the seeds' ids, (S, H, W) in the stack's own orientation."""
        small = np.iinfo(np.int32)
        fits = all(small.min <= i <= small.max for i in self.region_ids)
        labels = regions_from_curves(self.curves, self.height, self.region_ids)
        labels = labels.astype(np.int32 if fits else np.int64)
        return labels.swapaxes(1, 2) if self.transposed else labels


def complete_stack(
    stack: StackArray | Sequence[NDArray[Any]],
    seeds: Mapping[int, Seed] | StackSeeds,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    across: Across = "aligned",
    stop_above: float | None = None,
    batch: int | None = None,
    memory: int | None = None,
    slices: Sequence[int] | None = None,
    previous: StackCompletion | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    scheduler: str | None = None,
    scale: Sequence[float] | None = None,
    units: Sequence[str] | None = None,
) -> StackCompletion:
    """Complete every slice of a stack from one labelled slice or more.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array
        NumPy, dask or zarr, or anything that is sliced like these, read piece by piece; or a list
        of slices.
    seeds : mapping of int to Seed, or StackSeeds
        Seeds of the labelled slices, by the slice's index, or what `seeds_for_stack` made.
    model, device, direction, region_thickness
        See `complete`. All slices share one working grid and one range of intensities.
    across, stop_above
        See `seeds_for_stack`. Slices that are not reached stay NaN, or what they were.
    batch : int, optional
        Slices computed at once. Default: as many as the memory allows, 64 at most.
    memory : int, optional
        Bytes that a batch may take; the program itself takes up to 1 GB more. Default: half of
        what is free, of the smallest worker with a scheduler.
    slices : sequence of int, optional
        Slices to complete, see `slices_between`. Default: all.
    previous : StackCompletion, optional
        A result of the same stack; what it holds stays in the slices that are not completed now.
    output : str or Path, optional
        Folder to write to, in zarr, batch by batch; see `open_stack_file`.
    resume : bool
        Go on with the output of a run of the same stack, seeds and settings that was interrupted;
        begin it if there is none. Its batches stay as they are, unless ``batch`` or ``memory``
        asks for smaller ones.
    scheduler : str, optional
        Address of a running dask.distributed scheduler, whose workers compute the batches. This
        machine makes the seeds and writes the output.
    scale, units : sequence, optional
        Size of a pixel along slices, rows and columns, and the names of its units, such as
        "micrometer", for the output.

    Returns
    -------
    StackCompletion
        The curves. A batch that is too large for the GPU's memory is halved, which is told by
        its ``batches``.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        All of them ValueErrors: if stack, seeds, model or settings cannot be used or do not fit
        together.

    Examples
    --------
    >>> stack = np.repeat([0.0, 1.0, 0.0], [20, 24, 20])[None, :, None] * np.ones((3, 1, 40))
    >>> from napari_layeredcnn.core.seeds import seed_from_array
    >>> labelled = seed_from_array(np.where(np.arange(40) == 5, [[20], [44]], np.nan), 64)
    >>> completion = complete_stack(stack, {1: labelled})
    >>> completion.curves.shape, completion.labels().shape, completion.batches
    ((3, 2, 40), (3, 64, 40), ((0, 1, 2),))
    """
    with begun(
        stack, seeds, model, device, direction, region_thickness, across, stop_above, batch, memory,
        slices, previous, output, resume, scheduler, scale, units,
    ) as (run, partition, steps):  # fmt: skip
        shape = (run.slices.count, len(run.ids) - 1, run.slices.width)
        if previous is None:
            curves, uncertainty = np.full((2, *shape), np.nan, dtype=np.float32)
        else:
            curves, uncertainty = previous.curves.copy(), previous.uncertainty.copy()
        for done in steps:
            curves[done.index] = done.completion.curves
            uncertainty[done.index] = done.completion.uncertainty
    seed_uncertainty = run.seeds.uncertainty.copy()
    if previous is not None:
        others = np.setdiff1d(np.arange(run.slices.count), run.indices)
        seed_uncertainty[others] = previous.seed_uncertainty[others]
    if output is not None:  # with what was finished before
        file = open_stack_file(output)
        curves, uncertainty = np.asarray(file.curves[:]), np.asarray(file.uncertainty[:])
    return StackCompletion(
        curves, uncertainty, seed_uncertainty, run.seeds.labelled, run.ids,
        run.slices.height, run.transposed, run.model.name, run.grid, partition.batches,
        run.left_out,
    )  # fmt: skip


def iter_complete_stack(
    stack: StackArray | Sequence[NDArray[Any]],
    seeds: Mapping[int, Seed] | StackSeeds,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    across: Across = "aligned",
    stop_above: float | None = None,
    batch: int | None = None,
    memory: int | None = None,
    slices: Sequence[int] | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    scheduler: str | None = None,
    scale: Sequence[float] | None = None,
    units: Sequence[str] | None = None,
) -> Iterator[CompletedSlice]:
    """Like `complete_stack`, but yields slices when they are done, batch by batch.

    Parameters
    ----------
    stack, seeds, model, device, direction, region_thickness, across, stop_above
        See `complete_stack`.
    batch, memory, slices, output, resume, scheduler, scale, units
        See `complete_stack`.

    Yields
    ------
    CompletedSlice
        In the order of ``slices``, with a scheduler batch by batch as they are finished; not those
        that an interrupted run had finished. The generator may be closed between any two: what was
        yielded is in the output, and the rest can be resumed.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        See `complete_stack`; raised at the first ``next``, and later where a slice cannot be read
        or the output cannot be written.
    """
    with begun(
        stack, seeds, model, device, direction, region_thickness, across, stop_above, batch, memory,
        slices, None, output, resume, scheduler, scale, units,
    ) as (_, _, steps):  # fmt: skip
        yield from steps
