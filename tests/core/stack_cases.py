"""A small stack and its seeds, for the tests of what is written, resumed and sent elsewhere."""

from __future__ import annotations

import numpy as np
import torch

from napari_layeredcnn.core.network import Configuration, LayeredCNN
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.weights import Model

SHAPE = (6, 64, 40)
IDS = (5, 9, 2)


def small_stack() -> np.ndarray:
    """Three layers of noise, each slice another one; uint8."""
    noise = np.random.default_rng(0).normal(100, 20, SHAPE)
    noise[:, 20:44] += 60
    return noise.clip(0, 255).astype(np.uint8)


def small_seed(columns=(20,), heights=(20, 44), shape=SHAPE[1:], ids=IDS) -> Seed:
    height, width = shape
    curves = np.full((len(heights), width), np.nan)
    curves[:, list(columns)] = np.array(heights)[:, None]
    return Seed(curves, ids, height)


def small_model() -> Model:
    """A network that is quickly through, with weights of chance."""
    torch.manual_seed(0)
    return Model(LayeredCNN(Configuration((2, 2), 1)).eval(), {}, "own")
