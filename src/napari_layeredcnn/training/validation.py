"""Validation during training: column-by-column error on synthetic images of a fixed seed.

The teacher-forced loss says little about the runs that a person sees, so checkpoints are chosen by
this error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.training.batches import BatchSize, make_batch
from napari_layeredcnn.training.textures import TextureBank

if TYPE_CHECKING:
    from pathlib import Path

    from napari_layeredcnn.core.network import LayeredCNN

SEED = 20211112
SIZES = (
    BatchSize(32, 64, 128, 1),
    BatchSize(32, 64, 128, 2),
    BatchSize(32, 64, 128, 3),
    BatchSize(32, 64, 128, 4),
    BatchSize(32, 64, 128, 5),
    BatchSize(12, 96, 128, 8),
)


class ValidationSet:
    """Synthetic images with known curves, the same in every training.

    Parameters
    ----------
    textures : Path or None
        Folder of textures that the training does not see; without one only procedural textures
        are used.
    """

    def __init__(self, textures: Path | None) -> None:
        bank = TextureBank(textures)
        self.batches = [make_batch(SEED, i, size, bank) for i, size in enumerate(SIZES)]

    def errors(self, network: LayeredCNN, device: torch.device) -> dict[int, float]:
        """Mean distance from the true curves with one labelled column.

        Parameters
        ----------
        network : LayeredCNN
            In evaluation mode.
        device : torch.device
            Where the network is.

        Returns
        -------
        dict of int to float
            By number of curves: mean L1 in pixels over the columns that were not given.
        """
        found = {}
        for batch in self.batches:
            images = torch.from_numpy(batch.images).unsqueeze(1).to(device)
            truth = torch.from_numpy(batch.curves).to(device)
            seed = torch.full_like(truth, torch.nan)
            seed[:, :, 0] = truth[:, :, 0]
            curves = torch.stack([c.curves for c in decode(network, images, seed)], 2)
            found[truth.shape[1]] = float(np.mean((curves - truth[:, :, 1:]).abs().cpu().numpy()))
        return found
