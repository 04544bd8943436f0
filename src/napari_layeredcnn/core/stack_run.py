"""The work on a stack: slices on one grid, in batches that fit the memory, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.completion import Completion
from napari_layeredcnn.core.runs import CompletionError, Decoder, Runs, is_out_of_memory
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack_seeds import (
    StackSeeds,
    check_direction,
    check_seeds,
    make_seeds,
    stack_grid,
)
from napari_layeredcnn.core.weights import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_layeredcnn.core.completion import Direction
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.stack_seeds import Across

Floats = NDArray[np.float32]
Batches = tuple[tuple[int, ...], ...]

#: Slices in a batch, at most: more of them make nothing faster (`benchmarks/stack.py`).
MOST_IN_BATCH = 64
#: Share of the free memory that a batch may take where none is given.
SHARE_OF_FREE = 0.5


@dataclass(frozen=True)
class CompletedSlice:
    """A slice that is done.

    Parameters
    ----------
    index : int
        Which one.
    completion : Completion
        Its curves and their uncertainty.
    seed_uncertainty : float
        Mean uncertainty of its seed in pixels; 0 for a labelled slice.
    batch : tuple of int
        Slices that were computed together with it.
    done, total : int
        Slices done and to do.
    """

    index: int
    completion: Completion
    seed_uncertainty: float
    batch: tuple[int, ...]
    done: int
    total: int


def partition(slices: Sequence[int], batch: int) -> Batches:
    """Part slices into batches, in their order.

    Parameters
    ----------
    slices : sequence of int
        Indices.
    batch : int
        Slices in a batch; the last one may have fewer.

    Returns
    -------
    tuple of tuple of int
        The batches.

    Examples
    --------
    >>> partition(range(5), 2)
    ((0, 1), (2, 3), (4,))
    """
    return tuple(tuple(slices[i : i + batch]) for i in range(0, len(slices), batch))


class StackRun:
    """A stack, its seeds and a network, checked and ready to complete slices.

    Parameters
    ----------
    stack, seeds, model, device, direction, region_thickness, across
        See `stack.complete_stack`.

    Attributes
    ----------
    slices : Slices
        The stack.
    seeds : StackSeeds
        One for each slice, made now if they were not given.
    grid : WorkingGrid
        Of all slices.
    model : Model
        The network.
    ids : tuple of int
        Region ids.
    transposed : bool
        Whether the direction is vertical.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        See `stack.complete_stack`.
    """

    def __init__(
        self,
        stack: StackArray,
        seeds: Mapping[int, Seed] | StackSeeds,
        model: Model | str | Path | None,
        device: str,
        direction: Direction,
        region_thickness: float | None,
        across: Across,
    ) -> None:
        check_direction(direction)
        self.transposed = direction in ("down", "up", "vertical")
        self.slices = Slices(stack, transposed=self.transposed)
        self.model = model if isinstance(model, Model) else load_model(model)
        self._decoder = Decoder(self.model.network, device)
        if isinstance(seeds, StackSeeds):
            if len(seeds.seeds) != self.slices.count:
                raise CompletionError(
                    f"there are seeds for {len(seeds.seeds)} slices, but the stack has "
                    f"{self.slices.count}; give a seed for every slice"
                )
            labelled = {i: seeds.seeds[i] for i in seeds.labelled}
            check_seeds(dict(enumerate(seeds.seeds)), self.slices)
        else:
            labelled = dict(seeds)
            check_seeds(labelled, self.slices)
        both = direction in ("horizontal", "vertical")
        self.grid = stack_grid(labelled, self.slices, region_thickness)
        if not isinstance(seeds, StackSeeds):
            seeds = make_seeds(
                self.slices, labelled, self._decoder, self.grid, across, both_ways=both
            )
        self.seeds = seeds
        self.ids = seeds.seeds[0].region_ids
        self._forward = both or direction in ("right", "down")
        self._backward = both or direction in ("left", "up")

    def batches(
        self, batch: int | None, memory: int | None, slices: Sequence[int] | None
    ) -> Batches:
        """Part the slices that are asked for; see `stack.complete_stack` for the parameters."""
        indices = range(self.slices.count) if slices is None else slices
        wrong = [i for i in indices if not 0 <= i < self.slices.count]
        if wrong:
            raise CompletionError(
                f"there is no slice {wrong[0]}; the stack has the slices 0 to "
                f"{self.slices.count - 1}"
            )
        if batch is None:
            cost = self._decoder.bytes_per_image(self.grid.rows, self.grid.columns, len(self.ids))
            if memory is None:
                memory = max(cost, int(self._decoder.free_memory() * SHARE_OF_FREE))
            if memory < cost:
                raise CompletionError(
                    f"one slice needs about {cost / 1e6:.0f} MB, but the memory given is "
                    f"{memory / 1e6:.0f} MB; give more, or a larger region thickness"
                )
            batch = min(memory // cost, MOST_IN_BATCH)
        if batch < 1:
            raise CompletionError(f"a batch has one slice or more, not {batch}")
        return partition(indices, batch)

    def complete(self, batches: Batches) -> Iterator[CompletedSlice]:
        """Complete batch by batch; one that is too large for the memory is halved, as the rest."""
        done, total = 0, sum(map(len, batches))
        while batches:
            indices = batches[0]
            completions = self._batch(indices)
            if completions is None:
                left = [i for one in batches for i in one]
                batches = partition(left, (len(indices) + 1) // 2)
                continue
            batches = batches[1:]
            for index, completion in zip(indices, completions, strict=True):
                done += 1
                uncertainty = float(self.seeds.uncertainty[index])
                yield CompletedSlice(index, completion, uncertainty, indices, done, total)

    def _batch(self, indices: tuple[int, ...]) -> list[Completion] | None:
        """Completions of some slices, or None if these are too many for the memory."""
        images = np.stack([self.grid.image(self.slices[i]) for i in indices])
        curves = np.stack([self.grid.seed(self.seeds.seeds[i].curves) for i in indices])
        uncertainty = np.empty_like(curves)
        try:
            # Slices labelled in the same columns go together; most have the same seed columns.
            for group in _groups(curves):
                runs = Runs(self._decoder, images[group], curves[group])
                for _ in runs.run(forward=self._forward, backward=self._backward):
                    pass
                curves[group], uncertainty[group] = runs.curves, runs.uncertainty
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(indices) == 1:
                raise CompletionError(
                    f"a single slice needs more memory than there is ({error}); use the CPU, or "
                    "a larger region thickness"
                ) from error
        else:
            return [
                self._completion(index, *both)
                for index, *both in zip(indices, curves, uncertainty, strict=True)
            ]
        self._decoder.free_cache()
        return None

    def _completion(self, index: int, on_grid: Floats, uncertainty_on_grid: Floats) -> Completion:
        seed = self.seeds.seeds[index]
        height = self.slices.height
        curves = np.clip(self.grid.curves(on_grid), 0, height)
        given = ~np.isnan(seed.curves)
        curves = np.where(given, seed.curves, curves)
        uncertainty = self.grid.curves(uncertainty_on_grid)
        # A seed that was made is less sure than one that was given, whose uncertainty is 0.
        uncertainty[:, seed.columns] = self.seeds.uncertainty[index]
        return Completion(
            curves, uncertainty, seed.region_ids, height, self.transposed, self.model.name,
            self.grid,
        )  # fmt: skip


def _groups(curves: Floats) -> list[NDArray[Any]]:
    """Indices of those that are given in the same columns."""
    given = np.atleast_2d(~np.isnan(curves).any(axis=1))
    groups: dict[bytes, list[int]] = {}
    for i, columns in enumerate(given):
        groups.setdefault(columns.tobytes(), []).append(i)
    return [np.array(group) for group in groups.values()]
