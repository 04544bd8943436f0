"""A whole stack: completed from its labelled slices, and written."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.cli.begun import read_stack_seeds
from napari_layeredcnn.cli.console import warn, with_progress
from napari_layeredcnn.cli.options import Across
from napari_layeredcnn.cli.outputs import is_zarr_output
from napari_layeredcnn.cli.places import places_to_look_at
from napari_layeredcnn.cli.settings import Done
from napari_layeredcnn.cli.stack_outputs import room_for, write_stack_outputs
from napari_layeredcnn.core.stack import StackCompletion, iter_complete_stack
from napari_layeredcnn.core.stack_file import open_stack_file

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from napari_layeredcnn.cli.settings import Settings, StackSettings
    from napari_layeredcnn.core.stack_run import CompletedSlice
    from napari_layeredcnn.files import Opened

_NOTHING = (
    "No slice was completed, as all seeds are more uncertain than --stop-above: give more, or "
    "label another slice."
)


def segment_stack(
    stack: Opened,
    outputs: Sequence[Path],
    settings: Settings,
    choices: StackSettings,
    *,
    doing: str,
) -> Done:
    """Complete the slices of a stack that are asked for, and write what comes out."""
    seeds = read_stack_seeds(settings, stack.array.shape[:3], choices.seed_slice)
    labelled = tuple(sorted(seeds))
    zarr = next((path for path in outputs if is_zarr_output(path)), None)
    asked = _asked(choices.slices, stack.n_slices)
    steps = iter_complete_stack(
        stack.array,
        seeds,
        direction=settings.way,
        slices=asked,
        across=(choices.across or Across.ALIGNED).value,
        memory=choices.memory,
        batch=choices.batch,
        scheduler=choices.scheduler,
        stop_above=choices.stop_above,
        **settings.options,
        **({} if zarr is None else _output(zarr, stack, resume=choices.resume)),
    )
    if zarr is None:
        completion = with_progress(_kept(steps, stack.n_slices, labelled), doing, "slices")
    else:
        room = nullcontext() if choices.resume else room_for(zarr)
        with room, _telling_how_to_go_on(zarr, resumed=choices.resume):
            with_progress(_drained(steps), doing, "slices")
        completion = _read(zarr)
        if np.isnan(completion.curves).all():
            raise ValueError(_NOTHING)
    write_stack_outputs(outputs, stack, completion)
    return _done(completion, asked)


def _asked(chosen: slice | None, count: int) -> range:
    if chosen is None:
        return range(count)
    asked = range(chosen.start or 0, count if chosen.stop is None else chosen.stop)
    if not asked or asked.stop > count:
        raise ValueError(
            f"--slices {asked.start}:{chosen.stop or ''} goes beyond the stack, which has the "
            f"slices 0 to {count - 1}."
        )
    return asked


def _output(zarr: Path, stack: Opened, *, resume: bool) -> dict[str, Any]:
    """Return what `iter_complete_stack` takes to write a zarr."""
    scale, units = stack.place.scale or None, stack.place.units or None
    if units is not None and "pixel" in units:  # which is no unit there
        units = None
    return {"output": zarr, "resume": resume, "scale": scale, "units": units}


def _kept(
    steps: Iterator[CompletedSlice], count: int, labelled: tuple[int, ...]
) -> Generator[CompletedSlice, None, StackCompletion]:
    """Pass slices on, and return them as one result."""
    done: dict[int, CompletedSlice] = {}
    for step in steps:
        done[step.index] = step
        yield step
    if not done:
        raise ValueError(_NOTHING)
    first = next(iter(done.values())).completion
    curves, uncertainty = np.full((2, count, *first.curves.shape), np.nan, np.float32)
    seed_uncertainty = np.full(count, np.nan, np.float32)
    for index, step in done.items():
        curves[index] = step.completion.curves
        uncertainty[index] = step.completion.uncertainty
        seed_uncertainty[index] = step.seed_uncertainty
    return StackCompletion(
        curves, uncertainty, seed_uncertainty, labelled, first.region_ids, first.height,
        first.transposed, first.model_name, first.grid,
        tuple(dict.fromkeys(step.batch for step in done.values())),
    )  # fmt: skip


def _drained(steps: Iterator[CompletedSlice]) -> Generator[CompletedSlice, None, None]:
    yield from steps


def _read(zarr: Path) -> StackCompletion:
    """Read the result of this run, and of those before it that it has resumed."""
    file = open_stack_file(zarr)
    return StackCompletion(
        np.asarray(file.curves[:]), np.asarray(file.uncertainty[:]), file.seed_uncertainty,
        file.labelled, file.region_ids, file.grid.height, file.transposed, file.model_name,
        file.grid, file.partition.batches,
    )  # fmt: skip


@contextmanager
def _telling_how_to_go_on(zarr: Path, *, resumed: bool) -> Iterator[None]:
    """Say how to go on, where a run ends early and leaves finished slices."""
    finished = False
    try:
        yield
        finished = True
    finally:
        if not finished and zarr.exists():
            how = "the same command goes on" if resumed else "add --resume to go on"
            warn(f"Finished slices are kept in {zarr}: {how} from there.")


def _done(completion: StackCompletion, asked: range) -> Done:
    done = np.asarray(np.isfinite(completion.curves).any(axis=(1, 2)))
    count, labelled = int(done.sum()), len(completion.labelled)
    k, n = completion.curves.shape[1:]
    along = "rows" if completion.transposed else "columns"
    summary = (
        f"Completed {k} curve{'s' * (k > 1)} over {n} {along} of {count} "
        f"slice{'s' * (count > 1)} from {labelled} "
        f"labelled slice{'s' * (labelled > 1)} ({completion.model_name})."
    )
    notes = places_to_look_at(completion)
    left_out = [i for i in asked if not done[i]]
    if left_out:
        notes.insert(0, f"Left empty, as their seeds are too uncertain: slices {_spans(left_out)}.")
    means = completion.slice_uncertainty[done]
    return Done(count, k, float(means.mean()), summary, tuple(notes))


def _spans(numbers: Sequence[int]) -> str:
    """Write numbers in order, those side by side as a span.

    Examples
    --------
    >>> _spans([0, 1, 2, 5, 7, 8])
    '0 to 2, 5, 7 to 8'
    """
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join(" to ".join(map(str, span)) for span in spans)
