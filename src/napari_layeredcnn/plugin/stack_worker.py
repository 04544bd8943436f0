"""A stack run in a worker thread: labelled slices read, all others seeded and done in batches.

As in `worker`, a run always ends with an `Outcome`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.plugin.kept import Kept
from napari_layeredcnn.plugin.reports import (
    EVERYWHERE,
    EXPECTED,
    Outcome,
    Progress,
    count,
    sentence,
    told,
    turned,
)
from napari_layeredcnn.plugin.stack_view import StackView, Stopped
from napari_layeredcnn.plugin.start import Start, notes_on_strokes, start_of
from napari_layeredcnn.plugin.staying_alive import bring_torch

if TYPE_CHECKING:
    from collections.abc import Generator
    from threading import Event

    from napari_layeredcnn.core.stack_run import CompletedSlice
    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.request import Request
    from napari_layeredcnn.plugin.slice_request import SliceRequest


def complete_stack_request(
    request: Request, run: int, cancel: Event
) -> Generator[Progress, None, Outcome]:
    """Complete slices from the labelled ones, yielding each when its batch is done.

    Parameters
    ----------
    request : Request
        What, and how; it has a `stack`.
    run : int
        Number that all reports carry.
    cancel : Event
        Set to stop when something of the stack is read the next time: before each seed column,
        and between two batches.

    Yields
    ------
    Progress
        A whole slice, with what it has left.

    Returns
    -------
    Outcome
        How it ended.
    """
    stack, choices = request.stack, request.choices
    assert stack is not None
    assert choices.direction != "around"
    starts: dict[int, Start] = {}
    number: int | None = None
    try:
        for part in stack.labelled:
            number = part.number
            assert number is not None
            starts[number] = start_of(part, choices, resume=False)
        number = None
        bring_torch()
        from napari_layeredcnn.core.stack import iter_complete_stack
        from napari_layeredcnn.core.weights import load_model

        model = load_model(choices.model)
        steps = iter_complete_stack(
            StackView(request.image, stack.plane, stack.axis, cancel),
            {i: start.seed for i, start in starts.items()},
            model=model,
            device=choices.device,
            direction=choices.direction,
            region_thickness=choices.region_thickness,
            batch=stack.batch,
            slices=[part.number for part in request.slices if part.number is not None],
        )
        for at, done in enumerate(steps):
            part = request.slices[at]
            kept = _kept(done, starts.get(done.index), part, choices)
            labels = done.completion.labels(request.dtype)
            yield Progress(run, at, 1, 1, EVERYWHERE, labels, kept)
    except Stopped:
        return Outcome(run, canceled=True)
    except EXPECTED as error:
        text = told(error, transposed=choices.transposed)
        return Outcome(run, text if number is None else f"Slice {number}: {text}")
    card = {"name": model.name, "hash": str(model.card.get("hash", ""))}
    return Outcome(run, _summary(request, starts), completed=True, model=card)


def _kept(done: CompletedSlice, start: Start | None, part: SliceRequest, choices: Choices) -> Kept:
    """Return what the run has left in a slice."""
    completion = done.completion
    if start is not None:
        return start.kept(part, choices, completion.curves, completion.uncertainty)
    # The stack gave the slice a seed, whose columns all have the uncertainty of the seed.
    seeded = (completion.uncertainty == np.float32(done.seed_uncertainty)).all(axis=0)
    return Kept(
        completion.curves,
        completion.uncertainty,
        completion.region_ids,
        completion.height,
        seeded,
        completion.transposed,
        finished=True,
        labelled=np.where(seeded, completion.curves, np.nan).astype(np.float32),
        made=True,
    )


def _summary(request: Request, starts: dict[int, Start]) -> str:
    stack, choices = request.stack, request.choices
    assert stack is not None
    numbers = [part.number for part in request.slices]
    where = f"slice {numbers[0]}"
    if len(numbers) > 1:
        where = f"{len(numbers)} slices ({numbers[0]} to {numbers[-1]})"
    n = next(iter(starts.values())).seed.n_curves
    what = "1 boundary" if n == 1 else f"{n} boundaries"
    text = f"Completed {what} in {where} from {count(len(starts), 'labelled slice')}."
    if stack.mends:
        text += " The others stay."
    notes = notes_on_strokes(stack.labelled, choices)
    skipped = sum(start.seed.skipped_columns for start in starts.values())
    if skipped:
        notes.append(
            f"{skipped} labelled columns were left out, as not every region is labelled in them"
        )
    if stack.n_left:
        notes.append(f"{count(stack.n_left, 'slice')} that you have changed or locked stay")
    if choices.transposed:
        notes = [turned(note) for note in notes]
    return " ".join([text, *(sentence(note) for note in notes)])
