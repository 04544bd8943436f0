"""One batch of slices through the network, here or on another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.decoder import CompletionError, Decoder, is_out_of_memory
from napari_layeredcnn.core.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.slices import Slices
    from napari_layeredcnn.core.working import WorkingGrid

Floats = NDArray[np.float32]


def batch_images(slices: Slices, indices: Sequence[int], grid: WorkingGrid) -> Floats:
    """Read the slices of a batch.

    Parameters
    ----------
    slices : Slices
        The stack.
    indices : sequence of int
        Which ones.
    grid : WorkingGrid
        Of the stack.

    Returns
    -------
    (B, rows, columns) float32 array
        On the grid.
    """
    return np.stack([grid.image(image) for image in slices.images(indices)])


def batch_seeds(seeds: Sequence[Seed], indices: Sequence[int], grid: WorkingGrid) -> Floats:
    """Seeds of the slices of a batch.

    Parameters
    ----------
    seeds : sequence of Seed
        Of the whole stack.
    indices : sequence of int
        Which ones.
    grid : WorkingGrid
        Of the stack.

    Returns
    -------
    (B, K, columns) float32 array
        Curves on the grid, NaN where not given.
    """
    return np.stack([grid.seed(seeds[i].curves) for i in indices])


def complete_batch(
    decoder: Decoder, images: Floats, seeds: Floats, *, forward: bool, backward: bool
) -> tuple[Floats, Floats] | None:
    """Complete the slices of a batch.

    Parameters
    ----------
    decoder : Decoder
        The network.
    images : (B, rows, columns) float32 array
        From `batch_images`.
    seeds : (B, K, columns) float32 array
        From `batch_seeds`.
    forward, backward : bool
        Ways in which columns are continued.

    Returns
    -------
    curves, uncertainty : (B, K, columns) float32 array
        On the grid; None instead of both if the batch is too large for the memory.

    Raises
    ------
    CompletionError
        If a single slice is.
    """
    curves, uncertainty = np.empty((2, *seeds.shape), dtype=np.float32)
    try:
        # Slices labelled in the same columns go together; most have the same seed columns.
        for group in _groups(seeds):
            runs = Runs(decoder, images[group], seeds[group])
            for _ in runs.run(forward=forward, backward=backward):
                pass
            curves[group], uncertainty[group] = runs.curves, runs.uncertainty
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(images) == 1:
            raise CompletionError(
                f"a single slice needs more memory than there is ({error}); use the CPU, or "
                "a larger region thickness"
            ) from error
    else:
        return curves, uncertainty
    decoder.free_cache()
    return None


def _groups(curves: Floats) -> list[NDArray[Any]]:
    """Indices of those that are given in the same columns."""
    given = np.atleast_2d(~np.isnan(curves).any(axis=1))
    groups: dict[bytes, list[int]] = {}
    for i, columns in enumerate(given):
        groups.setdefault(columns.tobytes(), []).append(i)
    return [np.array(group) for group in groups.values()]
