"""One run in a worker thread: read, seed, complete; report every step, stop when told to.

A run always ends with an `Outcome`. Nothing that can be expected to go wrong is raised: a
`RuntimeError` (torch's shape errors, too little GPU memory) would leave a generator worker
running for ever, and napari would show a traceback for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core import seeds
from napari_layeredcnn.core.curves import regions_from_curves
from napari_layeredcnn.plugin.continuation import Continuation, Kept, continue_from

if TYPE_CHECKING:
    from collections.abc import Generator
    from threading import Event

    from numpy.typing import NDArray

    from napari_layeredcnn.core.completion import CompletedColumns, Completion
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.plugin.request import Request

EXPECTED = (ValueError, RuntimeError, MemoryError, OSError)


@dataclass(frozen=True)
class Progress:
    """New columns of run number `run`, in which `done` of `total` steps are made.

    `labels`, oriented as the image, belong at `where` (rows, columns).
    """

    run: int
    done: int
    total: int
    where: tuple[slice, slice]
    labels: NDArray[np.integer]


@dataclass(frozen=True)
class Outcome:
    """How run number `run` ended: with labels, with a sentence, or canceled (neither).

    `kept` is what the run has left: all, or the columns up to the one at which it was canceled.
    """

    run: int
    labels: NDArray[np.integer] | None = None
    message: str = ""
    kept: Kept | None = None


def complete_request(
    request: Request, run: int, cancel: Event
) -> Generator[Progress, None, Outcome]:
    """Complete one slice, yielding columns; `cancel` acts between two steps.

    Yields
    ------
    Progress
        After each step of the completion; with the first step the columns that were given.

    Returns
    -------
    Outcome
        With labels (H, W) in the partial labels' dtype, if all went well.
    """
    try:
        seed = _read_seed(request)
        continuation = _continuation(request, seed)
        start = _start(request, seed) if continuation is None else continuation
        curves = start.seed.curves.copy()
        completion = yield from _complete(request, run, cancel, start.seed, curves)
        if completion is None:
            kept = _kept(request, start, curves, np.full_like(curves, np.nan), finished=False)
            return Outcome(run, kept=kept)
        kept = _kept(request, start, completion.curves, completion.uncertainty, finished=True)
        labels = completion.labels(request.labels.dtype)
    except EXPECTED as error:
        return Outcome(run, message=_sentence(str(error)) or f"Failed: {type(error).__name__}.")
    return Outcome(run, labels, _summary(request, start, completion), kept)


def _complete(
    request: Request, run: int, cancel: Event, seed: Seed, curves: NDArray[np.float32]
) -> Generator[Progress, None, Completion | None]:
    """Run the completion and fill in the curves; None if canceled."""
    # Brings torch, which takes seconds: not on the GUI thread, and not before it is needed.
    from napari_layeredcnn.core import completion

    steps = completion.iter_complete(request.read_image(), seed, direction=request.direction)
    given = seed.stretches
    try:
        while not cancel.is_set():
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value
            for start, stop in given:
                yield _progress(request, run, seed, step, start, seed.curves[:, start:stop])
            given = []
            curves[:, step.start : step.stop] = step.curves
            yield _progress(request, run, seed, step, step.start, step.curves)
        return None
    finally:
        steps.close()


def _progress(
    request: Request,
    run: int,
    seed: Seed,
    step: CompletedColumns,
    start: int,
    curves: NDArray[np.float32],
) -> Progress:
    """Columns from `start` on, with their labels in the image's orientation."""
    labels = regions_from_curves(curves, seed.height, seed.region_ids)
    labels = labels.astype(request.labels.dtype)
    where = (slice(None), slice(start, start + curves.shape[1]))
    if request.transposed:
        where, labels = where[::-1], labels.T
    return Progress(run, step.done, step.total, where, labels)


def _read_seed(request: Request) -> Seed:
    """Read the partial labels, turned so that curves run along their rows."""
    labels = request.labels.T if request.transposed else request.labels
    if request.strokes == "boundaries":
        return seeds.seed_from_boundaries(labels)
    return seeds.seed_from_regions(labels)


def _start(request: Request, seed: Seed) -> Continuation:
    """Begin from nothing: all that is kept is the seed."""
    given = ~np.isnan(seed.curves[0])
    nothing = Kept(
        seed.curves,
        np.where(given, 0, np.nan * seed.curves).astype(np.float32),
        seed.region_ids,
        seed.height,
        given,
        request.transposed,
        finished=False,
    )
    return Continuation(seed, nothing, given, 0, 0)


def _continuation(request: Request, seed: Seed) -> Continuation | None:
    if request.resume is None:
        return None
    shown = request.resume.shown
    shown = shown.T if request.transposed else shown
    return continue_from(request.resume.runs, seed, shown, request.direction)


def _kept(
    request: Request,
    start: Continuation,
    curves: NDArray[np.float32],
    uncertainty: NDArray[np.float32],
    *,
    finished: bool,
) -> Kept:
    """What the run has left; columns that it took over are as doubtful as they were."""
    taken_over = ~np.isnan(start.seed.curves[0]) & ~start.given
    uncertainty = np.where(taken_over, start.kept.uncertainty, uncertainty)
    uncertainty[:, start.given] = 0
    return Kept(
        curves,
        uncertainty,
        start.seed.region_ids,
        start.seed.height,
        start.given,
        request.transposed,
        finished,
    )


def _summary(request: Request, start: Continuation, completion: Completion) -> str:
    where = "" if request.index is None else f" in slice {request.index}"
    if request.resume is None:
        n = start.seed.n_curves
        boundaries = f"{n} boundaries" if n > 1 else "1 boundary"
        text = f"Completed {boundaries}{where} from {len(start.seed.columns)} labelled columns."
    elif start.n_repainted:
        text = f"Continued{where} from {start.n_repainted} repainted columns."
        if start.n_unreadable:
            text += (
                f" {start.n_unreadable} more were left out: in them the regions are not in order."
            )
    else:
        text = f"Went on{where} with the columns that were missing."
    return " ".join([text, *(f"{_sentence(note)}." for note in completion.notes)])


def _sentence(text: str) -> str:
    """Begin with a capital: the library's errors and notes are clauses."""
    return text[:1].upper() + text[1:]
