"""One run in a worker thread: read, seed, complete; report every step, stop when told to.

A run always ends with an `Outcome`. Nothing that can be expected to go wrong is raised: napari
would show a traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.regions import regions_from_curves
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
from napari_layeredcnn.plugin.start import Start, notes_on_strokes, start_of
from napari_layeredcnn.plugin.staying_alive import bring_torch

if TYPE_CHECKING:
    from collections.abc import Generator
    from threading import Event

    from numpy.typing import NDArray

    from napari_layeredcnn.core.around import PolarCompletion
    from napari_layeredcnn.core.completion import CompletedColumns, Completion
    from napari_layeredcnn.core.weights import Model
    from napari_layeredcnn.plugin.request import Request

    Labels = NDArray[np.integer[Any]]


def complete_request(
    request: Request, run: int, cancel: Event
) -> Generator[Progress, None, Outcome]:
    """Complete slices one after the other, yielding columns; `cancel` acts between two steps.

    Parameters
    ----------
    request : Request
        What, and how.
    run : int
        Number that all reports carry.
    cancel : Event
        Set to stop.

    Yields
    ------
    Progress
        After each step; with the first one of a slice the columns that were given.

    Returns
    -------
    Outcome
        How it ended.
    """
    at = 0
    try:
        # All are read before anything is computed: what is wrong is told at once.
        starts: list[Start] = []
        for part in request.slices:
            at = len(starts)
            starts.append(start_of(part, request.choices, resume=request.resume))
        # Not on the GUI thread, and not before it is needed.
        bring_torch()
        from napari_layeredcnn.core.weights import load_model

        model = load_model(request.choices.model)
        notes = notes_on_strokes(request.slices, request.choices)
        for at, start in enumerate(starts):
            curves = start.seed.curves.copy()
            steps = _slice(request, model, at, start, curves, run, cancel)
            found = yield from steps
            if found is None:
                kept = start.kept(request.slices[at], request.choices, curves)
                return Outcome(run, canceled=True, at=at, kept=kept)
            notes.extend(note for note in found if note not in notes)
    except EXPECTED as error:
        text = told(error, transposed=request.choices.transposed)
        number = request.slices[at].number
        if len(request.slices) > 1:
            text = f"Slice {number}: {text}"
        return Outcome(run, text, at=at)
    card = {"name": model.name, "hash": str(model.card.get("hash", ""))}
    return Outcome(run, _summary(request, starts, notes), completed=True, at=at, model=card)


def _slice(
    request: Request,
    model: Model,
    at: int,
    start: Start,
    curves: NDArray[np.float32],
    run: int,
    cancel: Event,
) -> Generator[Progress, None, tuple[str, ...] | None]:
    """Run one slice and fill in the curves; return notes for the person, None if canceled."""
    from napari_layeredcnn.core import around, completion, polar_seed

    choices, part = request.choices, request.slices[at]
    settings: dict[str, Any] = {
        "model": model,
        "device": choices.device,
        "region_thickness": choices.region_thickness,
    }
    image = np.asarray(part.plane.of(request.image))
    steps: Generator[CompletedColumns, None, Completion | PolarCompletion]
    picture: Labels | None = None
    if start.grid is None:
        assert choices.direction != "around"
        steps = completion.iter_complete(image, start.seed, direction=choices.direction, **settings)
    else:
        seed = polar_seed.PolarSeed(start.grid, start.seed)
        steps = around.iter_complete_around(image, seed, **settings)
        picture = np.zeros(part.labels.shape, request.dtype)
    given = start.seed.stretches
    total = 1
    try:
        while not cancel.is_set():
            try:
                step = next(steps)
            except StopIteration as end:
                done = end.value
                kept = start.kept(part, choices, done.curves, done.uncertainty)
                labels = done.labels(request.dtype)
                yield Progress(run, at, total, total, EVERYWHERE, labels, kept)
                return done.notes
            curves[:, step.start : step.stop] = step.curves
            total = step.total
            if picture is not None and start.grid is not None:
                first, last = (None, None) if given else (step.start, step.stop)
                start.grid.draw(picture, curves, start.seed.region_ids, first or 0, last)
                given = []
                yield Progress(run, at, step.done, step.total, EVERYWHERE, picture.copy())
                continue
            for first, last in given:
                yield _columns(
                    request, run, at, start, step, first, start.seed.curves[:, first:last]
                )
            given = []
            yield _columns(request, run, at, start, step, step.start, step.curves)
        return None
    finally:
        steps.close()


def _columns(
    request: Request,
    run: int,
    at: int,
    start: Start,
    step: CompletedColumns,
    first: int,
    curves: NDArray[np.float32],
) -> Progress:
    """Columns from `first` on, with their labels in the image's orientation."""
    labels = regions_from_curves(curves, start.seed.height, start.seed.region_ids)
    labels = labels.astype(request.dtype)
    where = (slice(None), slice(first, first + curves.shape[1]))
    if request.choices.transposed:
        where, labels = where[::-1], labels.T
    return Progress(run, at, step.done, step.total, where, labels)


def _summary(request: Request, starts: list[Start], notes: list[str]) -> str:
    numbers = [part.number for part in request.slices]
    where = "" if numbers[0] is None else f" in slice {numbers[0]}"
    if len(numbers) > 1:
        where = f" in {len(numbers)} slices ({numbers[0]} to {numbers[-1]})"
    start = starts[0]
    if request.resume:
        if start.n_repainted:
            repainted = count(start.n_repainted, f"repainted {request.choices.line}")
            text = f"Continued{where} from {repainted}."
            if start.n_unreadable:
                text += (
                    f" {start.n_unreadable} more were left out: in them the regions are not in "
                    "order."
                )
        else:
            text = f"Went on{where} with the {request.choices.line}s that were missing."
    else:
        n = start.seed.n_curves
        boundaries = f"{n} boundaries" if n > 1 else "1 boundary"
        labelled = sum(int((~np.isnan(s.labelled[0])).sum()) for s in starts)
        lines = request.choices.line
        text = f"Completed {boundaries}{where} from {count(labelled, f'labelled {lines}')}."
    if request.choices.transposed:
        notes = [turned(note) for note in notes]
    return " ".join([text, *(sentence(note) for note in notes)])
