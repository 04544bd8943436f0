"""What a training does when: budget, image sizes, learning rate, use of the network's own outputs.

Everything follows from the progress, a number from 0 to 1 that the budget (steps or minutes) fixes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_layeredcnn.training.batches import BatchSize

if TYPE_CHECKING:
    import numpy as np

#: Batch normalization takes a batch's own statistics in the first part of a training from nothing.
BATCH_STATISTICS_UNTIL = 0.45
#: The network's own outputs are used as input from here on (paper: after 3 of 30 epochs, then
#: one pass more every 3 epochs up to 5).
OWN_OUTPUTS_FROM = 0.2
MOST_PASSES = 3

# Number of curves, rows and columns. To begin with mostly small images: full-size ones, 64x128,
# teach less in the same time (docs/experiments.md, run `compact-f`). Some with few curves are as
# long as full-size ones, so that runs are. Planes of 96x128 or 128x64 pixels (not 64x128) and above
# must be avoided: in bfloat16 on the CPU the backward pass of Conv3d writes beyond its memory for
# 16 channels of that size (torch 2.13, found with glibc's checking allocator).
_SHAPES = (
    (1, 32, 64),
    (2, 32, 64),
    (3, 32, 64),
    (4, 48, 64),
    (5, 48, 64),
    (1, 32, 128),
    (2, 48, 64),
    (3, 32, 128),
    (7, 64, 64),
    (1, 64, 128),
    (2, 32, 128),
    (9, 80, 64),
    (4, 48, 128),
)
# Trained weights learn more from the sizes of the working grids: regions and their textures are
# coarser there than in small images with few curves (docs/experiments.md, run p1).
_SHAPES_IN_USE = (
    (1, 56, 112),
    (2, 56, 112),
    (3, 56, 112),
    (4, 56, 112),
    (5, 48, 96),
    (1, 64, 128),
    (2, 64, 128),
    (7, 64, 64),
    (3, 64, 128),
    (2, 48, 96),
    (9, 80, 64),
    (4, 48, 128),
    (3, 48, 64),
)


@dataclass(frozen=True)
class Schedule:
    """Plan of a training.

    Parameters
    ----------
    steps : int or None
        Budget in steps.
    minutes : float or None
        Budget in minutes; one of the two is given.
    batch : int
        Images of 64x128 with three curves in a batch; batches of another shape have about as
        many voxels (regions x rows x columns).
    learning_rate : float
        The highest; reached after ``warmup`` steps, then falling along a cosine to a hundredth.
    warmup : int
        Steps.
    fresh : bool
        Whether the first weights are random. Trained ones go on with what comes last: own outputs,
        fixed normalization, images as large as in use.
    warping : bool
        Whether the input label is the true one with warped borders; if not, as it is.
    own : bool
        Whether the input label is at times what the network has made of it.
    """

    steps: int | None
    minutes: float | None
    batch: int = 8
    learning_rate: float = 2e-3
    warmup: int = 300
    fresh: bool = True
    warping: bool = True
    own: bool = True

    def progress(self, step: int, minutes: float) -> float:
        """Part of the budget that is used up, 0 to 1."""
        if self.steps is not None:
            return min(step / self.steps, 1.0)
        assert self.minutes is not None
        return min(minutes / self.minutes, 1.0)

    def batch_size(self, index: int) -> BatchSize:
        """Shape of batch number ``index``; they go round through 13 of them."""
        shapes = _SHAPES if self.fresh else _SHAPES_IN_USE
        n_curves, height, width = shapes[index % len(shapes)]
        voxels = self.batch * 4 * 64 * 128
        images = max(2, round(voxels / ((n_curves + 1) * height * width)))
        return BatchSize(images, height, width, n_curves)

    def normalizes_by_batch(self, progress: float) -> bool:
        """Whether batch normalization uses the batch's own statistics, or fixed ones as in use.

        A batch's statistics hold columns that are not decoded yet, and other images: a network
        that leans on them loses that in use (a fifth to a half more loss, docs/experiments.md).
        """
        return self.fresh and progress < BATCH_STATISTICS_UNTIL

    def rate(self, step: int, progress: float) -> float:
        """Learning rate of a step."""
        cosine = 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2
        return self.learning_rate * cosine * min(1.0, (step + 1) / self.warmup)

    def own_outputs(self, rng: np.random.Generator, progress: float) -> int | None:
        """How the input label of a step is made.

        Parameters
        ----------
        rng : Generator
            Draws.
        progress : float
            0 to 1.

        Returns
        -------
        int or None
            Number of passes on the network's own outputs (section 3.2 of the paper; 0: the true
            label, warped), or None: a whole column-by-column run from the first column.
        """
        if not self.own or (self.fresh and progress < OWN_OUTPUTS_FROM):
            return 0
        draw = rng.random()
        if draw < 0.4:
            return 0
        if draw < 0.7:
            return int(rng.integers(1, MOST_PASSES + 1))
        return None
