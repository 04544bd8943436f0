"""Batches of synthetic images, made on the fly by this process or by worker processes.

Batch number ``i`` of a training depends on the seed and on ``i`` alone, so the same images come
whatever the number of workers, and after a resumption. NumPy only: workers never load torch.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.scaling import scale_intensities
from napari_layeredcnn.training.augment import flip, warp_borders
from napari_layeredcnn.training.synthesis import synthesize_batch
from napari_layeredcnn.training.textures import TextureBank

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class BatchSize:
    """Shape of a batch: so many images of (height, width) pixels with so many curves."""

    images: int
    height: int
    width: int
    n_curves: int


@dataclass(frozen=True)
class Batch:
    """Training batch.

    Parameters
    ----------
    images : (B, H, W) float32 array
        Scaled to [-1, 1], each by its own range.
    curves : (B, K, W) float32 array
        True curves in edge coordinates.
    warped : (B, K, W) float32 array
        The same after border warping: what the network sees to the left of a column.
    """

    images: NDArray[np.float32]
    curves: NDArray[np.float32]
    warped: NDArray[np.float32]


def make_batch(seed: int, index: int, size: BatchSize, bank: TextureBank) -> Batch:
    """Make batch number ``index`` of the training with this seed.

    Parameters
    ----------
    seed, index : int
        Which training, which batch; equal numbers give equal batches.
    size : BatchSize
        Shape of the batch.
    bank : TextureBank
        Textures of the regions.

    Returns
    -------
    Batch
        Flipped at random and with warped borders ([1]_, section 3.2).

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
    """
    rng = np.random.default_rng([seed, index])
    images, curves = synthesize_batch(
        rng, size.images, height=size.height, width=size.width, n_curves=size.n_curves, bank=bank
    )
    images, curves = flip(rng, images, curves, size.height)
    images = np.stack([scale_intensities(image) for image in images])
    return Batch(images, curves, warp_borders(rng, curves, size.height))


def batches(
    seed: int,
    first: int,
    size_of: Callable[[int], BatchSize],
    *,
    textures: Path | None,
    exclude: tuple[str, ...],
    workers: int,
) -> Generator[Batch, None, None]:
    """Yield batches number ``first``, ``first + 1``, and so on without end.

    Parameters
    ----------
    seed : int
        Seed of the training.
    first : int
        Number of the first batch.
    size_of : callable
        Shape of a batch from its number; asked a few batches ahead if there are workers.
    textures : Path or None
        Folder of texture images beside the procedural ones.
    exclude : tuple of str
        Parts of paths in that folder that are left out.
    workers : int
        Processes that make batches ahead; 0 makes them here.

    Yields
    ------
    Batch
        In order.
    """
    if workers == 0:
        bank = TextureBank(textures, exclude=exclude)
        index = first
        while True:
            yield make_batch(seed, index, size_of(index), bank)
            index += 1
    # A fresh interpreter: forking a process in which torch has started its threads may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        workers, context, initializer=_start_worker, initargs=(textures, exclude)
    )
    try:
        waiting: deque[Future[Batch]] = deque()
        index = first
        while True:
            while len(waiting) < 3 * workers:
                waiting.append(pool.submit(_make_in_worker, seed, index, size_of(index)))
                index += 1
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_worker_bank: TextureBank


def _start_worker(textures: Path | None, exclude: tuple[str, ...]) -> None:
    global _worker_bank
    _worker_bank = TextureBank(textures, exclude=exclude)


def _make_in_worker(seed: int, index: int, size: BatchSize) -> Batch:
    return make_batch(seed, index, size, _worker_bank)
