"""Seeds handed on from slice to slice, which `stack_accuracy.py` compares with the planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.decoder import Decoder
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack import complete_stack
from napari_layeredcnn.core.stack_seeds import StackSeeds, stack_grid
from napari_layeredcnn.core.weights import load_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Columns of the slice before that are looked back on, and new ones after which it goes on.
CARRIED = 32


def carried(stack: NDArray[np.uint8], start: int, labelled: Seed) -> StackSeeds:
    """Make seeds slice by slice: the mirrored columns of the one before, then its own.

    The image goes on in the next slice where the one before ends, so that the network sees how
    the regions look there; the second half of the new columns is taken, when it has settled.
    """
    slices = Slices(stack)
    model = load_model()
    decoder = Decoder(model.network, "cpu")
    grid = stack_grid({start: labelled}, slices)
    first = complete_stack(stack, {start: labelled}, slices=[start])
    on_grid = grid.seed(first.curves[start])
    images = [grid.image(slices[i]) for i in range(len(stack))]
    made = np.full((len(stack), *on_grid.shape), np.nan, dtype=np.float32)
    made[start] = on_grid
    for step in (1, -1):
        for index in range(start + step, len(stack) if step > 0 else -1, step):
            before = index - step
            back = slice(CARRIED - 1, None, -1)
            image = np.concatenate([images[before][:, back], images[index][:, :64]], axis=1)
            curves = np.full((1, len(on_grid), image.shape[1]), np.nan, dtype=np.float32)
            curves[0, :, :CARRIED] = made[before][:, back]
            for x, column, _ in decoder.decode(image[None], curves):
                if x >= 2 * CARRIED:
                    break
                made[index, :, x - CARRIED] = column[0]
    seeds = []
    for curves in made:
        wide = grid.curves(curves)
        wide[:, : CARRIED // 2], wide[:, CARRIED // 2 + 1 :] = np.nan, np.nan
        seeds.append(Seed(wide, labelled.region_ids, labelled.height))
    seeds[start] = labelled
    return StackSeeds(tuple(seeds), np.zeros(len(stack), np.float32), (start,), (CARRIED // 2,))
