"""One run in a worker thread: read, seed, complete; report every step, stop when told to.

A run always ends with an `Outcome`. Nothing that can be expected to go wrong is raised: a
`RuntimeError` (torch's shape errors, too little GPU memory) would leave a generator worker
running for ever, and napari would show a traceback for the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_layeredcnn.core import seeds

if TYPE_CHECKING:
    from collections.abc import Generator
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from napari_layeredcnn.core.completion import Completion
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.plugin.request import Request

EXPECTED = (ValueError, RuntimeError, MemoryError, OSError)


@dataclass(frozen=True)
class Progress:
    """`done` of `total` columns are complete in run number `run`."""

    run: int
    done: int
    total: int


@dataclass(frozen=True)
class Outcome:
    """How run number `run` ended: with labels, with a sentence, or canceled (neither)."""

    run: int
    labels: NDArray[np.integer] | None = None
    message: str = ""


def complete_request(
    request: Request, run: int, cancel: Event
) -> Generator[Progress, None, Outcome]:
    """Complete one slice, yielding progress; `cancel` acts between two steps.

    Yields
    ------
    Progress
        After each step of the completion.

    Returns
    -------
    Outcome
        With labels (H, W) in the partial labels' dtype, if all went well.
    """
    try:
        completed = yield from _complete(request, run, cancel)
        if completed is None:
            return Outcome(run)
        completion, seed = completed
        labels = completion.labels(request.labels.dtype)
    except EXPECTED as error:
        return Outcome(run, message=_sentence(str(error)) or f"Failed: {type(error).__name__}.")
    return Outcome(run, labels=labels, message=_summary(request, seed, completion))


def _complete(
    request: Request, run: int, cancel: Event
) -> Generator[Progress, None, tuple[Completion, Seed] | None]:
    """Run the completion; None if canceled."""
    # Brings torch, which takes seconds: not on the GUI thread, and not before it is needed.
    from napari_layeredcnn.core import completion

    image = request.read_image()
    seed = _read_seed(request)
    steps = completion.iter_complete(image, seed, direction=request.direction)
    try:
        while not cancel.is_set():
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value, seed
            yield Progress(run, step.done, step.total)
        return None
    finally:
        steps.close()


def _read_seed(request: Request) -> Seed:
    """Read the partial labels, turned so that curves run along their rows."""
    along_rows = request.direction in ("down", "up", "vertical")
    labels = request.labels.T if along_rows else request.labels
    if request.strokes == "boundaries":
        return seeds.seed_from_boundaries(labels)
    return seeds.seed_from_regions(labels)


def _summary(request: Request, seed: Seed, completion: Completion) -> str:
    curves = f"{seed.n_curves} boundaries" if seed.n_curves > 1 else "1 boundary"
    where = "" if request.index is None else f" in slice {request.index}"
    text = f"Completed {curves}{where} from {len(seed.columns)} labeled columns."
    return " ".join([text, *(f"{_sentence(note)}." for note in completion.notes)])


def _sentence(text: str) -> str:
    """Begin with a capital: the library's errors and notes are clauses."""
    return text[:1].upper() + text[1:]
