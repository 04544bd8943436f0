"""One search for layers in a worker thread; as in `worker`, it always ends with an outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.plugin.reports import EXPECTED, count, sentence, told, turned
from napari_layeredcnn.plugin.stack_view import StackView, Stopped
from napari_layeredcnn.plugin.staying_alive import bring_torch

if TYPE_CHECKING:
    from collections.abc import Generator
    from threading import Event

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.core.search import FindProgress
    from napari_layeredcnn.plugin.find_request import FindRequest
    from napari_layeredcnn.plugin.planes import Plane


@dataclass(frozen=True)
class FindStep:
    """`done` of `total` steps of search number `run` are made."""

    run: int
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class FindOutcome:
    """How search number `run` ended: with a sentence, and with candidates if there are any.

    `found` holds the candidates of every slice, the clearest one first; candidate i is the same
    layer in all of them.
    """

    run: int
    message: str = ""
    found: dict[Plane, Candidates] = field(default_factory=dict)
    canceled: bool = False


def search(request: FindRequest, run: int, cancel: Event) -> Generator[FindStep, None, FindOutcome]:
    """Search for layers, yielding after every step; `cancel` acts between two of them.

    Parameters
    ----------
    request : FindRequest
        Where, and how.
    run : int
        Number that all reports carry.
    cancel : Event
        Set to stop.

    Yields
    ------
    FindStep
        How far it is.

    Returns
    -------
    FindOutcome
        How it ended.
    """
    steps: Generator[FindProgress, None, Any] | None = None
    try:
        bring_torch()  # not on the GUI thread, and not before it is needed
        steps = _steps(request, cancel)
        while not cancel.is_set():
            try:
                step = next(steps)
            except StopIteration as end:
                found = _by_plane(request, end.value)
                return FindOutcome(run, _summary(request, found), found)
            yield FindStep(run, step.done, step.total)
    except Stopped:
        pass
    except EXPECTED as error:
        return FindOutcome(run, _told(error, request))
    finally:
        if steps is not None:
            steps.close()
    return FindOutcome(run, canceled=True)


def _steps(request: FindRequest, cancel: Event) -> Generator[FindProgress, None, Any]:
    from napari_layeredcnn.core import autoinit, autoinit_stack

    choices = request.choices
    settings: dict[str, Any] = {
        "model": choices.model,
        "device": choices.device,
        "direction": choices.direction,
        "region_thickness": choices.region_thickness,
    }
    if request.axis is None:
        image = np.asarray(request.plane.of(request.image))
        return autoinit.iter_find_layers(image, choices.n_boundaries, **settings)
    return autoinit_stack.iter_find_layers_in_stack(
        StackView(request.image, request.plane, request.axis, cancel),
        choices.n_boundaries,
        every=choices.every if choices.slices == "every" else None,
        **settings,
    )


def _by_plane(request: FindRequest, found: Any) -> dict[Plane, Candidates]:
    if request.axis is None:
        return {request.plane: found}
    return {request.plane.at(request.axis, index): one for index, one in found.items()}


def _summary(request: FindRequest, found: dict[Plane, Candidates]) -> str:
    candidates = next(iter(found.values()))
    notes = [sentence(note) for note in candidates.notes]
    if not candidates.chosen:
        return " ".join(notes)
    n = len(candidates.chosen)
    text = f"Found {n} boundaries" if n > 1 else "Found 1 boundary"
    if request.axis is not None:
        numbers = sorted(plane.index[request.axis] or 0 for plane in found)
        where = f"slice {numbers[0]}"
        if len(numbers) > 1:
            where = f"{len(numbers)} slices ({', '.join(map(str, numbers))})"
        text += f" in {where}"
    return " ".join([f"{text} among {count(len(candidates.curves), 'candidate')}.", *notes])


def _told(error: Exception, request: FindRequest) -> str:
    """Return what an error says; along the columns, what is called a column is a row."""
    from napari_layeredcnn.core.decoder import CompletionError

    text = told(error)
    vertical = request.choices.direction == "vertical"
    return turned(text) if vertical and isinstance(error, CompletionError) else text
