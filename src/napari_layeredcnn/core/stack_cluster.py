"""Batches of a stack on the workers of a running dask.distributed scheduler.

Which worker does what, and again if one is lost, is the scheduler's matter. Here a few batches
more than there are threads are given to it at a time; the weights go to each worker once.
"""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.torch

from napari_layeredcnn.core.decoder import CompletionError, Decoder
from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.core.scaling import ImageError
from napari_layeredcnn.core.stack_batch import batch_images, batch_seeds, complete_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import distributed
    from numpy.typing import NDArray

    from napari_layeredcnn.core.slices import Slices
    from napari_layeredcnn.core.stack_partition import Batch, Partition
    from napari_layeredcnn.core.stack_run import StackRun
    from napari_layeredcnn.core.working import WorkingGrid

    Floats = NDArray[np.float32]

#: Batches for each thread that the scheduler has at a time: one to work at and one to come.
AHEAD = 2
#: Seconds after which there is no such scheduler.
PATIENCE = 10
#: A stack that takes more bytes than this to tell another machine of is read here.
LARGE = 2**20


@contextmanager
def connect(address: str) -> Iterator[distributed.Client]:
    """Connect to a scheduler.

    Parameters
    ----------
    address : str
        Such as "tcp://127.0.0.1:8786".

    Yields
    ------
    distributed.Client
        Closed at the end, which takes back what has not been begun.

    Raises
    ------
    CompletionError
        If dask.distributed is not installed, there is no such scheduler, or it has no workers.
    """
    try:
        import distributed
    except ImportError as error:
        raise CompletionError(
            "other machines are reached through dask.distributed, which is not installed; "
            'pip install "napari-layeredcnn[cluster]"'
        ) from error
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CompletionError(
            f"no scheduler answers at {address} ({error}); check the address, or start one with "
            "`dask scheduler`"
        ) from error
    try:
        if not client.nthreads():
            raise CompletionError(
                f"the scheduler at {address} has no workers; start some with "
                f"`dask worker {address}`"
            )
        yield client
    finally:
        client.close()


def memory_of_workers(client: distributed.Client) -> int | None:
    """Bytes for each thread of the smallest worker.

    Parameters
    ----------
    client : distributed.Client
        From `connect`.

    Returns
    -------
    int or None
        None where no worker is limited.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    limits = [w["memory_limit"] // w["nthreads"] for w in workers if w["memory_limit"]]
    return min(limits, default=None)


def complete_on_workers(
    client: distributed.Client, run: StackRun, partition: Partition
) -> Iterator[tuple[Batch, Floats, Floats]]:
    """Complete batches on the workers.

    A stack that other machines can read, such as a zarr array in a folder that they share, is read
    by them; of any other the slices are sent, on the working grid.

    Parameters
    ----------
    client : distributed.Client
        From `connect`.
    run : StackRun
        What is completed.
    partition : Partition
        What is left is parted anew after a batch that was too large for a worker.

    Yields
    ------
    batch : tuple of int
        A batch of the partition; as they are finished.
    curves, uncertainty : (B, K, columns) float32 array
        On the grid.

    Raises
    ------
    CompletionError, ImageError
        If the workers cannot complete a batch.
    """
    from distributed import as_completed

    weights = client.submit(_same, _Weights.of(run), pure=False)
    source = _shared(client, run)
    running: dict[distributed.Future, Batch] = {}
    completed = as_completed(loop=client.loop)
    while True:
        waiting = [batch for batch in partition.left if batch not in running.values()]
        room = AHEAD * sum(client.nthreads().values()) - len(running)
        # All workers may be lost at the moment; then one batch waits for the next.
        for batch in waiting[: max(room, not running)]:
            images = batch_images(run.slices, batch, run.grid) if source is None else source
            seeds = batch_seeds(run.seeds.seeds, batch, run.grid)
            future = client.submit(
                _complete, weights, images, batch, seeds, run.grid, run.ways, pure=False
            )
            running[future] = batch
            completed.add(future)
        if not running:
            return
        future = next(completed)
        batch = running.pop(future)
        result = _result(future, batch)
        if result is None:
            partition.halve(batch, running.values())
        else:
            yield batch, *result


@dataclass(frozen=True)
class _Weights:
    """A network on its way to the workers."""

    digest: str
    device: str
    configuration: Configuration
    tensors: bytes = field(compare=False, repr=False)

    @classmethod
    def of(cls, run: StackRun) -> _Weights:
        network = run.model.network
        tensors = {name: t.detach().cpu() for name, t in network.state_dict().items()}
        digest = run.settings["weights"]
        return cls(digest, run.device, network.configuration, safetensors.torch.save(tensors))


@dataclass(frozen=True)
class _Shared:
    """A stack that the workers read, and what one of its slices looks like."""

    slices: Slices
    index: int
    digest: str


class _InOneThread:
    """A dask array that is computed where it is needed, not by the scheduler that waits for it."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        part: NDArray[Any] = self._array[key].compute(scheduler="synchronous")
        return part


def _shared(client: distributed.Client, run: StackRun) -> _Shared | None:
    """The stack to be read by the workers, if it is not pixels and they all see the same."""
    from distributed import futures_of

    stack = _from_anywhere(run.slices.stack)
    if isinstance(stack, np.ndarray) or futures_of(stack):
        return None
    slices = copy(run.slices)
    slices.stack = _InOneThread(stack) if hasattr(stack, "compute") else stack
    source = _Shared(slices, run.seeds.labelled[0], run.settings["digest"])
    try:
        if len(pickle.dumps(source)) > LARGE:
            return None
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, NotImplementedError):
        return None
    seen = client.run(_seen, source, on_error="return")
    return source if all(one is True for one in seen.values()) else None


def _from_anywhere(stack: Any) -> Any:
    """A zarr array with its whole path: workers may run in another folder."""
    import zarr

    root = getattr(getattr(stack, "store", None), "root", None)
    if isinstance(stack, zarr.Array) and isinstance(root, Path) and not root.is_absolute():
        return zarr.open_array(root.absolute(), path=stack.path, mode="r")
    return stack


def _result(future: distributed.Future, batch: Batch) -> tuple[Floats, Floats] | None:
    from distributed import KilledWorker

    which = f"slice {batch[0]}" if len(batch) == 1 else f"slices {batch[0]} to {batch[-1]}"
    try:
        result: tuple[Floats, Floats] | None = future.result()
    except (CompletionError, ImageError):
        raise
    except KilledWorker as error:
        raise CompletionError(
            f"every worker that was given {which} was lost, perhaps for want of memory; start "
            "workers with more, or give a smaller batch"
        ) from error
    except Exception as error:
        raise CompletionError(
            f"the workers cannot complete {which} ({type(error).__name__}: {error}); the same "
            "version of napari-layeredcnn must be installed there"
        ) from error
    return result


# What runs on the workers.

_SEEN: set[str] = set()


def _same(weights: _Weights) -> _Weights:
    """A task: were the weights just data, they would be lost with the workers that hold them."""
    return weights


def _seen(source: _Shared) -> bool:
    """Whether this machine sees the stack that is meant; a folder may be another one here."""
    if source.digest not in _SEEN and source.slices.digest(source.index) == source.digest:
        _SEEN.add(source.digest)
    return source.digest in _SEEN


@lru_cache(maxsize=1)
def _decoder(weights: _Weights) -> Decoder:
    """One for a worker, whatever the number of batches."""
    network = LayeredCNN(weights.configuration)
    network.load_state_dict(safetensors.torch.load(weights.tensors))
    return Decoder(network.eval(), weights.device)


def _complete(
    weights: _Weights,
    images: Floats | _Shared,
    batch: Batch,
    seeds: Floats,
    grid: WorkingGrid,
    ways: dict[str, bool],
) -> tuple[Floats, Floats] | None:
    if isinstance(images, _Shared):
        if not _seen(images):
            raise CompletionError(
                "a worker that came later reads another stack than this machine does; keep the "
                "stack in a folder that all of them share"
            )
        images = batch_images(images.slices, batch, grid)
    return complete_batch(_decoder(weights), images, seeds, **ways)
