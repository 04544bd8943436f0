"""Automatic initialization of a stack: layers found in some slices, and which slices agree.

A layer goes on from slice to slice; what is found in one slice only is more likely none. The
slices in which the layers are found are the labelled ones from which the stack is completed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.autoinit import LAYER_COSTS, iter_find_layers
from napari_layeredcnn.core.candidates import choose
from napari_layeredcnn.core.runs import CompletionError
from napari_layeredcnn.core.search import FindProgress
from napari_layeredcnn.core.weights import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.core.candidates import Candidates
    from napari_layeredcnn.core.search import Along
    from napari_layeredcnn.core.slices import StackArray

#: Slices that are looked at for the clearest one.
LOOKED_AT = 5
#: A layer is no further off than this in the next slice that is looked at, px of the working grid.
REACH = 8.0
_NOTHING = "no layers found"


def find_layers_in_stack(
    stack: StackArray | Sequence[NDArray[Any]],
    k: int | None = None,
    *,
    every: int | None = None,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> dict[int, Candidates]:
    """Find layers in some slices of a stack.

    Each of these slices is searched on its own (`find_layers`); what lies at about the same place
    in the next one is the same layer. A layer costs the mean of its candidates, times the number
    of slices that were looked at, divided by the number of those in which it was found; constant
    slices do not count.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array, or sequence of slices
        NumPy, dask or zarr; one slice is read at a time.
    k : int, optional
        How many layers are chosen, the cheapest. Default: see `find_layers`.
    every : int, optional
        Look at every so many slices, and return all of them that agree with the clearest one.
        Default: look at 5 evenly spaced slices, and return the clearest one only.
    model, device, direction, region_thickness
        See `find_layers`.

    Returns
    -------
    dict of int to Candidates
        The clearest slice first: the one with the most of the layers, and of such slices the one
        where they cost least. Candidate i is the same layer, at the same cost, in all of them. If
        there are no layers none is chosen, and the notes say so.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `find_layers`.

    Examples
    --------
    >>> image = np.repeat([[0.0], [1.0], [0.0]], [20, 24, 20], axis=0) * np.ones((1, 12))
    >>> found = find_layers_in_stack([image, image], 2, every=1)
    >>> sorted(found), found[1].seed().n_curves
    ([0, 1], 2)
    """
    steps = iter_find_layers_in_stack(
        stack,
        k,
        every=every,
        model=model,
        device=device,
        direction=direction,
        region_thickness=region_thickness,
    )
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


def iter_find_layers_in_stack(
    stack: StackArray | Sequence[NDArray[Any]],
    k: int | None = None,
    *,
    every: int | None = None,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Along = "horizontal",
    region_thickness: float | None = None,
) -> Generator[FindProgress, None, dict[int, Candidates]]:
    """Like `find_layers_in_stack`, but tells how far it is.

    Parameters
    ----------
    stack, k, every, model, device, direction, region_thickness
        See `find_layers_in_stack`.

    Yields
    ------
    FindProgress
        After every column of a slice. The generator may be closed between any two.

    Returns
    -------
    dict of int to Candidates
        The value of the generator's ``StopIteration``.

    Raises
    ------
    CompletionError, ImageError, ModelError
        See `find_layers`; raised at the first ``next``.
    """
    indices = _looked_at(_count(stack), every)
    if k is not None and k < 1:
        raise CompletionError(f"one layer or more can be looked for, not {k}")
    model = model if isinstance(model, Model) else load_model(model)
    found: dict[int, Candidates] = {}
    for n, index in enumerate(indices):
        steps = iter_find_layers(
            np.asarray(stack[index]),
            model=model,
            device=device,
            direction=direction,
            region_thickness=region_thickness,
        )
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                found[index] = stop.value
                break
            yield FindProgress(n * step.total + step.done, len(indices) * step.total)
    return agreeing(found, k, clearest_only=every is None)


@dataclass
class _Layer:
    """A layer through slices: its candidate's number in each slice where it was found."""

    members: dict[int, int] = field(default_factory=dict)
    costs: list[float] = field(default_factory=list)

    def cost(self, n_slices: int) -> float:
        return float(np.mean(self.costs)) * n_slices / len(self.costs)


def agreeing(
    found: dict[int, Candidates], k: int | None = None, *, clearest_only: bool = False
) -> dict[int, Candidates]:
    """Choose the layers on which slices agree, and the slices that show them.

    Parameters
    ----------
    found : dict of int to Candidates
        Of each slice that was looked at, by ascending index.
    k : int, optional
        How many layers are chosen.
    clearest_only : bool
        Whether the clearest slice is enough.

    Returns
    -------
    dict of int to Candidates
        See `find_layers_in_stack`.
    """
    n_slices = sum(one.grid is not None for one in found.values())  # the others are constant
    layers = sorted(_follow(found), key=lambda layer: layer.cost(n_slices))
    notes = _common_notes(found)
    if not layers:
        first = next(iter(found))
        return {first: found[first]}
    costs = np.array([layer.cost(n_slices) for layer in layers], dtype=np.float32)
    count, said = choose(costs, k, LAYER_COSTS)
    chosen = layers[:count]
    clearest = max(found, key=lambda i: _clearness(i, chosen or layers[:1], found))
    there = [layer for layer in chosen if clearest in layer.members]
    if len(there) < len(chosen):
        said.append(f"slice {clearest} shows only {len(there)} of {len(chosen)} layers")
    order = _order(clearest, there, found)
    slices = [clearest]
    if not clearest_only and there:
        slices += [
            i
            for i in found
            if i != clearest
            and all(
                i in layer.members and found[i].costs[layer.members[i]] < LAYER_COSTS.some
                for layer in there
            )
            and _order(i, there, found) == order
        ]
    shared = [layer for layer in layers if all(i in layer.members for i in slices)]
    return {i: _of_layers(found[i], i, shared, there, n_slices, (*notes, *said)) for i in slices}


def _count(stack: Any) -> int:
    """Return how many slices a stack has."""
    shape = tuple(stack.shape) if hasattr(stack, "shape") else (len(stack),)
    if hasattr(stack, "shape") and len(shape) != 3 and not (len(shape) == 4 and shape[3] in (3, 4)):
        raise CompletionError(
            f"a stack has the shape (slices, rows, columns), or that and 3 or 4 colors, but this "
            f"one has {shape}; choose the axis of the slices and one channel"
        )
    if not shape[0]:
        raise CompletionError("the stack has no slices; choose another one")
    return int(shape[0])


def _looked_at(count: int, every: int | None) -> list[int]:
    """Return evenly spaced slices, as many at the beginning as at the end left out.

    >>> _looked_at(24, None), _looked_at(10, 4), _looked_at(2, None), _looked_at(3, 9)
    ([2, 7, 12, 16, 21], [0, 4, 8], [0, 1], [1])
    """
    if every is None:
        n = min(LOOKED_AT, count)
        return [int((i + 0.5) * count / n) for i in range(n)]
    if every < 1:
        raise CompletionError(f"every slice or fewer can be looked at, but every is {every}")
    return list(range((count - 1) % every // 2, count, every))


def _follow(found: dict[int, Candidates]) -> list[_Layer]:
    """Follow candidates through the slices: near ones go together, sure ones first."""
    layers: list[_Layer] = []
    for index, candidates in found.items():
        if candidates.grid is None:
            continue
        reach = REACH * candidates.height / candidates.grid.rows
        pairs = []
        for n, layer in enumerate(layers):
            last, member = next(reversed(layer.members.items()))
            apart = np.abs(candidates.curves - found[last].curves[member]).mean(axis=1)
            for i in np.flatnonzero(apart < reach).tolist():
                unsure = float(candidates.costs[i]) + min(layer.costs)
                pairs.append((unsure + float(apart[i]) / reach, n, i))
        taken: set[int] = set()
        for _, n, i in sorted(pairs):
            if index not in layers[n].members and i not in taken:
                taken.add(i)
                layers[n].members[index] = i
                layers[n].costs.append(float(candidates.costs[i]))
        for i, cost in enumerate(candidates.costs.tolist()):
            if i not in taken:
                layers.append(_Layer({index: i}, [cost]))
    return layers


def _clearness(index: int, layers: list[_Layer], found: dict[int, Candidates]) -> tuple[int, float]:
    """The more of the layers a slice shows, and the surer, the clearer it is."""
    costs = [
        float(found[index].costs[layer.members[index]])
        for layer in layers
        if index in layer.members
    ]
    return len(costs), -sum(costs)


def _order(index: int, layers: list[_Layer], found: dict[int, Candidates]) -> tuple[int, ...]:
    """The numbers of the layers from top to bottom of a slice."""
    curves = [found[index].curves[layer.members[index]] for layer in layers]
    return tuple(sorted(range(len(curves)), key=lambda n: float(curves[n].mean())))


def _of_layers(
    candidates: Candidates,
    index: int,
    layers: list[_Layer],
    chosen: list[_Layer],
    n_slices: int,
    notes: tuple[str, ...],
) -> Candidates:
    """Return the candidates of a slice in the order of the layers."""
    numbers = [layer.members[index] for layer in layers]
    curves = candidates.curves[numbers]
    taken = [n for n, layer in enumerate(layers) if layer in chosen]
    return replace(
        candidates,
        curves=curves,
        uncertainty=candidates.uncertainty[numbers],
        costs=np.array([layer.cost(n_slices) for layer in layers], dtype=np.float32),
        members=candidates.members[numbers],
        chosen=tuple(sorted(taken, key=lambda n: float(curves[n].mean()))),
        notes=notes,
    )


def _common_notes(found: dict[int, Candidates]) -> tuple[str, ...]:
    """Notes on all slices alike; whether there are layers is said of the stack."""
    notes = [note for one in found.values() for note in one.notes if not note.startswith(_NOTHING)]
    return tuple(dict.fromkeys(notes))
