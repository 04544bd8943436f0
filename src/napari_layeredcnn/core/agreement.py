"""Slices of a stack that agree on their layers: candidates followed from slice to slice.

A layer goes on from slice to slice; what is found in one slice only is more likely none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.autoinit import layer_costs
from napari_layeredcnn.core.choosing import choose, doubts

if TYPE_CHECKING:
    from napari_layeredcnn.core.candidates import Candidates

#: A layer is no further off than this in the next slice that is looked at, px of the working grid.
REACH = 8.0
_NOTHING = "no layers found"  # said of the stack, not of a slice


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
    notes = [note for one in found.values() for note in one.notes if not note.startswith(_NOTHING)]
    if not layers:
        first = next(iter(found))
        return {first: found[first]}
    costs = np.array([layer.cost(n_slices) for layer in layers], dtype=np.float32)
    limits = layer_costs(k)
    count, said = choose(costs, k, limits)
    if k is not None:
        said += doubts(costs[:count], limits)
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
                i in layer.members and found[i].costs[layer.members[i]] < limits.layer
                for layer in there
            )
            and _order(i, there, found) == order
        ]
    shared = [layer for layer in layers if all(i in layer.members for i in slices)]
    return {
        i: _of_layers(found[i], i, shared, there, n_slices, (*dict.fromkeys(notes), *said))
        for i in slices
    }


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
