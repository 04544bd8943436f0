"""Whole stacks: every slice completed from a seed of its own, many slices in a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.curves import regions_from_curves
from napari_layeredcnn.core.runs import CompletionError
from napari_layeredcnn.core.stack_run import StackRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_layeredcnn.core.completion import Direction
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.stack_run import Batches, CompletedSlice
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

    @property
    def slice_uncertainty(self) -> Floats:
        """Mean uncertainty of each slice in pixels, (S,); NaN where no column was reached.

        It sorts slices by their error better than the seed's uncertainty or the distance to the
        neighboring slices does, but loosely (`benchmarks/stack_accuracy.py`).
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
    stack: StackArray,
    seeds: Mapping[int, Seed] | StackSeeds,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    across: Across = "aligned",
    batch: int | None = None,
    memory: int | None = None,
    slices: Sequence[int] | None = None,
    previous: StackCompletion | None = None,
) -> StackCompletion:
    """Complete every slice of a stack from one labelled slice or more.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array
        NumPy, or anything that is sliced like it.
    seeds : mapping of int to Seed, or StackSeeds
        Seeds of the labelled slices, by the slice's index, or what `seeds_for_stack` made.
    model, device, direction, region_thickness
        See `complete`. All slices share one working grid and one range of intensities.
    across : {"aligned", "plane", "copy"}
        See `seeds_for_stack`.
    batch : int, optional
        Slices computed at once. Default: as many as the memory allows, 64 at most.
    memory : int, optional
        Bytes that a batch may take. Default: half of what is free.
    slices : sequence of int, optional
        Slices to complete, see `slices_between`. Default: all.
    previous : StackCompletion, optional
        A result of the same stack; what it holds stays in the slices that are not completed now.

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
    run = StackRun(stack, seeds, model, device, direction, region_thickness, across)
    todo = run.batches(batch, memory, slices)
    shape = (run.slices.count, len(run.ids) - 1, run.slices.width)
    if previous is None:
        curves, uncertainty = np.full((2, *shape), np.nan, dtype=np.float32)
        seed_uncertainty = run.seeds.uncertainty.copy()
    else:
        if previous.curves.shape != shape or previous.region_ids != run.ids:
            raise CompletionError(
                f"the previous result has curves of shape {previous.curves.shape} and the regions "
                f"{list(previous.region_ids)}, but these are {shape} and {list(run.ids)}; give a "
                "result of the same stack and regions"
            )
        curves, uncertainty = previous.curves.copy(), previous.uncertainty.copy()
        seed_uncertainty = previous.seed_uncertainty.copy()
    batches: dict[tuple[int, ...], None] = {}
    for done in run.complete(todo):
        curves[done.index] = done.completion.curves
        uncertainty[done.index] = done.completion.uncertainty
        seed_uncertainty[done.index] = done.seed_uncertainty
        batches[done.batch] = None
    return StackCompletion(
        curves, uncertainty, seed_uncertainty, run.seeds.labelled, run.ids, run.slices.height,
        run.transposed, run.model.name, run.grid, tuple(batches),
    )  # fmt: skip


def iter_complete_stack(
    stack: StackArray,
    seeds: Mapping[int, Seed] | StackSeeds,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    across: Across = "aligned",
    batch: int | None = None,
    memory: int | None = None,
    slices: Sequence[int] | None = None,
) -> Iterator[CompletedSlice]:
    """Like `complete_stack`, but yields slices when they are done, batch by batch.

    Parameters
    ----------
    stack, seeds, model, device, direction, region_thickness, across, batch, memory, slices
        See `complete_stack`.

    Yields
    ------
    CompletedSlice
        In the order of ``slices``. The generator may be closed between any two.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        See `complete_stack`; raised at the first ``next``.
    """
    run = StackRun(stack, seeds, model, device, direction, region_thickness, across)
    yield from run.complete(run.batches(batch, memory, slices))
