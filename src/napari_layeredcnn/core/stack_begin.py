"""Beginning to complete a stack, or going on: with all at hand that it takes."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.decoder import CompletionError
from napari_layeredcnn.core.stack_cluster import connect, memory_of_workers
from napari_layeredcnn.core.stack_output import StackOutput, create_output
from napari_layeredcnn.core.stack_partition import Partition
from napari_layeredcnn.core.stack_partition import partition as divide
from napari_layeredcnn.core.stack_resume import find_output
from napari_layeredcnn.core.stack_run import StackRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_layeredcnn.core.completion import Direction
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.stack import StackCompletion
    from napari_layeredcnn.core.stack_run import CompletedSlice
    from napari_layeredcnn.core.stack_seeds import Across, StackSeeds
    from napari_layeredcnn.core.weights import Model


@contextmanager
def begun(
    stack: StackArray | Sequence[NDArray[Any]],
    seeds: Mapping[int, Seed] | StackSeeds,
    model: Model | str | Path | None,
    device: str,
    direction: Direction,
    region_thickness: float | None,
    across: Across,
    stop_above: float | None,
    batch: int | None,
    memory: int | None,
    slices: Sequence[int] | None,
    previous: StackCompletion | None,
    output: str | Path | None,
    resume: bool,
    scheduler: str | None,
    scale: Sequence[float] | None,
    units: Sequence[str] | None,
) -> Iterator[tuple[StackRun, Partition, Iterator[CompletedSlice]]]:
    """Check and prepare everything that is needed to complete a stack.

    Parameters
    ----------
    stack, seeds, model, device, direction, region_thickness, across, stop_above
        See `stack.complete_stack`.
    batch, memory, slices, previous, output, resume, scheduler, scale, units
        See `stack.complete_stack`.

    Yields
    ------
    run : StackRun
        What is completed.
    partition : Partition
        Batches to do and done.
    steps : iterator of CompletedSlice
        The work. It is ended, and a connection closed, at the end of the context.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        See `stack.complete_stack`.
    """
    if resume and output is None:
        raise CompletionError("only a run with an output can be resumed; name its output")
    path = None if output is None else Path(output)
    stored = None if path is None else find_output(path, resume=resume)
    with ExitStack() as ending:
        client = None if scheduler is None else ending.enter_context(connect(scheduler))
        run = StackRun(
            stack, seeds, model, device, direction, region_thickness, across, stop_above, slices,
            stored,
        )  # fmt: skip
        _check_previous(run, previous)
        if stored is None:
            free = None if client is None else memory_of_workers(client)
            partition = Partition(divide(run.indices, run.batch_size(batch, memory, free)))
            if path is not None:
                create_output(path, run, partition, scale, units, _kept(run, previous))
        else:
            partition = stored.partition
            if batch is not None or memory is not None:
                size = run.batch_size(batch, memory)
                if any(len(one) > size for one in partition.left):
                    partition.part_again(size)
        writer = None if path is None else StackOutput(path)
        yield run, partition, ending.enter_context(closing(run.complete(partition, writer, client)))


def _check_previous(run: StackRun, previous: StackCompletion | None) -> None:
    shape = (run.slices.count, len(run.ids) - 1, run.slices.width)
    if previous is not None and (previous.curves.shape != shape or previous.region_ids != run.ids):
        raise CompletionError(
            f"the previous result has curves of shape {previous.curves.shape} and the regions "
            f"{list(previous.region_ids)}, but these are {shape} and {list(run.ids)}; give a "
            "result of the same stack and regions"
        )


def _kept(
    run: StackRun, previous: StackCompletion | None
) -> dict[int, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Labels, curves and uncertainty of slices that a previous result holds."""
    if previous is None:
        return {}
    kept = {}
    labels = previous.labels()
    for index in set(range(run.slices.count)).difference(run.indices):
        if not np.isnan(previous.curves[index]).all():
            kept[index] = labels[index], previous.curves[index], previous.uncertainty[index]
    return kept
