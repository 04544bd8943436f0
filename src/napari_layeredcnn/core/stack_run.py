"""The work on a stack: slices on one grid, in batches that fit the memory, one after the other."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.completion import Completion
from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack_batch import batch_images, batch_seeds, complete_batch
from napari_layeredcnn.core.stack_checks import check_direction, check_seeds
from napari_layeredcnn.core.stack_resume import check_seeds_of, check_settings
from napari_layeredcnn.core.stack_seeds import StackSeeds, make_seeds, stack_grid
from napari_layeredcnn.core.weights import Model, hash_tensors, load_model

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import distributed

    from napari_layeredcnn.core.completion import Direction
    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.stack_file import StackFile
    from napari_layeredcnn.core.stack_output import StackOutput
    from napari_layeredcnn.core.stack_partition import Batch, Partition
    from napari_layeredcnn.core.stack_seeds import Across

Floats = NDArray[np.float32]

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
        Slices done and to do, with those of a run that this one goes on with.
    """

    index: int
    completion: Completion
    seed_uncertainty: float
    batch: Batch
    done: int
    total: int


class StackRun:
    """A stack, its seeds and a network, checked and ready to complete slices.

    Parameters
    ----------
    stack, seeds, model, device, direction, region_thickness, across, stop_above, slices
        See `stack.complete_stack`.
    stored : StackFile, optional
        Output of a run to go on with: it tells the seeds and the range of intensities.

    Attributes
    ----------
    slices : Slices
        The stack.
    indices, left_out : tuple of int
        Slices to complete, and those that were asked for, too, but are not reached.
    seeds : StackSeeds
        One for each slice, made now if they were not given.
    grid : WorkingGrid
        Of all slices.
    model : Model
        The network.
    device : str
        As it was asked for.
    ids : tuple of int
        Region ids.
    transposed : bool
        Whether the direction is vertical.
    ways : dict
        Whether columns are continued "forward" and "backward".
    settings : dict
        What a run that goes on must have in common with the one that began.

    Raises
    ------
    CompletionError, ImageError, SeedError, ModelError
        See `stack.complete_stack`.
    """

    def __init__(
        self,
        stack: StackArray | Sequence[NDArray[Any]],
        seeds: Mapping[int, Seed] | StackSeeds,
        model: Model | str | Path | None,
        device: str,
        direction: Direction,
        region_thickness: float | None,
        across: Across,
        stop_above: float | None,
        slices: Sequence[int] | None,
        stored: StackFile | None,
    ) -> None:
        check_direction(direction)
        self.transposed = direction in ("down", "up", "vertical")
        range_ = None if stored is None else stored.range
        self.slices = Slices(stack, transposed=self.transposed, range_=range_)
        self.indices = tuple(range(self.slices.count) if slices is None else map(int, slices))
        _check_indices(self.indices, self.slices.count)
        self.model = model if isinstance(model, Model) else load_model(model)
        self.device = device
        self._decoder = Decoder(self.model.network, device)
        if isinstance(seeds, StackSeeds):
            if len(seeds.seeds) != self.slices.count:
                raise CompletionError(
                    f"there are seeds for {len(seeds.seeds)} slices, but the stack has "
                    f"{self.slices.count}; give a seed for every slice"
                )
            labelled = {i: seeds.seeds[i] for i in seeds.labelled}
            stop_above = seeds.stop_above if stop_above is None else stop_above
            check_seeds(dict(enumerate(seeds.seeds)), self.slices)
        else:
            labelled = dict(seeds)
            check_seeds(labelled, self.slices)
        self.settings = {
            "shape": list(self.slices.stack.shape),
            "dtype": np.dtype(self.slices.stack.dtype).name,
            "slices": list(self.indices),
            "weights": hash_tensors(
                {k: t.cpu() for k, t in self.model.network.state_dict().items()}
            ),
            "direction": direction,
            "region_thickness": region_thickness,
            "across": across,
            "stop_above": stop_above,
            "digest": self.slices.digest(int(min(labelled))),
        }
        both = direction in ("horizontal", "vertical")
        self.ways = {
            "forward": both or direction in ("right", "down"),
            "backward": both or direction in ("left", "up"),
        }
        self.grid = stack_grid(labelled, self.slices, region_thickness)
        if stored is not None:
            check_settings(stored, self.settings)
            seeds = check_seeds_of(stored, seeds)
        elif not isinstance(seeds, StackSeeds):
            seeds = make_seeds(
                self.slices, labelled, self._decoder, self.grid, across, both_ways=both,
                stop_above=stop_above,
            )  # fmt: skip
        self.seeds = replace(seeds, stop_above=stop_above)
        reached = self.seeds.reached
        self.left_out = tuple(i for i in self.indices if not reached[i])
        self.indices = tuple(i for i in self.indices if reached[i])
        self.ids = seeds.seeds[0].region_ids

    def batch_size(self, batch: int | None, memory: int | None, free: int | None = None) -> int:
        """Slices in a batch; see `stack.complete_stack` for the parameters.

        ``free`` is the memory where batches are computed, if that is not here.
        """
        if batch is None:
            cost = self._decoder.bytes_per_image(self.grid.rows, self.grid.columns, len(self.ids))
            if memory is None:
                free = self._decoder.free_memory() if free is None else free
                memory = max(cost, int(free * SHARE_OF_FREE))
            if memory < cost:
                raise CompletionError(
                    f"one slice needs about {cost / 1e6:.0f} MB, but the memory given is "
                    f"{memory / 1e6:.0f} MB; give more, or a larger region thickness"
                )
            batch = min(memory // cost, MOST_IN_BATCH)
        if batch < 1:
            raise CompletionError(f"a batch has one slice or more, not {batch}")
        return batch

    def complete(
        self, partition: Partition, output: StackOutput | None, client: distributed.Client | None
    ) -> Generator[CompletedSlice, None, None]:
        """Complete what is left of a partition, batch by batch, here or on a client's workers.

        A batch is written to the output and marked as finished before its slices are yielded; one
        that is too large for the memory is halved, as the rest.
        """
        with closing(self._batches(partition, client)) as batches:
            for batch, curves, uncertainty in batches:
                before = partition.done
                completions = [
                    self._completion(index, *both)
                    for index, *both in zip(batch, curves, uncertainty, strict=True)
                ]
                if output is not None:
                    for index, one in zip(batch, completions, strict=True):
                        labels = one.labels(output.dtype)
                        output.write(index, labels, one.curves, one.uncertainty)
                partition.finished.add(batch)
                if output is not None:
                    output.mark(partition)
                for place, (index, completion) in enumerate(zip(batch, completions, strict=True)):
                    yield CompletedSlice(
                        index, completion, float(self.seeds.uncertainty[index]), batch,
                        before + place + 1, partition.total,
                    )  # fmt: skip

    def _batches(
        self, partition: Partition, client: distributed.Client | None
    ) -> Generator[tuple[Batch, Floats, Floats], None, None]:
        """What is left of a partition, completed on the grid."""
        if client is not None:
            from napari_layeredcnn.core.stack_cluster import complete_on_workers

            yield from complete_on_workers(client, self, partition)
        while left := partition.left:
            batch = left[0]
            images = batch_images(self.slices, batch, self.grid)
            seeds = batch_seeds(self.seeds.seeds, batch, self.grid)
            result = complete_batch(self._decoder, images, seeds, **self.ways)
            if result is None:
                partition.halve(batch)
            else:
                yield batch, *result

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


def _check_indices(indices: Sequence[int], count: int) -> None:
    wrong = [i for i in indices if not 0 <= i < count]
    if wrong:
        raise CompletionError(
            f"there is no slice {wrong[0]}; the stack has the slices 0 to {count - 1}"
        )
    if len(set(indices)) < len(indices):
        raise CompletionError("a slice is asked for more than once; name each slice once")
