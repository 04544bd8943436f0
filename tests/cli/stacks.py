"""A tiny stack, its partial labels and random weights, in files."""

from __future__ import annotations

import numpy as np

S, H, W = 5, 48, 64
IDS = (7, 300, 5)
LABELLED = (1, 3)


def truth():
    """Two curves in each slice, (S, 2, W)."""
    z, x = np.arange(S)[:, None, None], np.arange(W)
    return np.float32([[14], [30]]) + 2 * np.sin(x / 9 + z / 4) + z / 2


def make_stack():
    """The image, (S, H, W) uint8."""
    region = _regions()
    noise = np.random.default_rng(0).normal(0, 6, region.shape)
    return np.clip(np.array([60, 170, 100])[region] + noise, 0, 255).astype(np.uint8)


def make_labels():
    """Three labelled columns in two of the slices, (S, H, W) uint16."""
    labels = np.zeros((S, H, W), np.uint16)
    for index in LABELLED:
        labels[index, :, 20:23] = np.array(IDS)[_regions()[index, :, 20:23]]
    return labels


def save_random_model(path):
    """Random weights of a small network: what comes out is of no use, but it is all real."""
    import torch

    from napari_layeredcnn.core.network import Configuration, LayeredCNN
    from napari_layeredcnn.core.weights import save_model

    torch.manual_seed(0)
    save_model(path, LayeredCNN(Configuration((4, 4, 4, 4), 1)).eval(), {})


def _regions():
    return (truth()[:, :, None] <= np.arange(H)[:, None] + 0.5).sum(axis=1)
