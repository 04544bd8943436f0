"""What the network is given as the label, and what its answer is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_layeredcnn.core.sharpening import render

if TYPE_CHECKING:
    from torch import Tensor


def column_loss(logits: Tensor, truth: Tensor, seen: Tensor) -> Tensor:
    """Cross-entropy without the first column, less for columns that follow a lost curve.

    Where the input label is far from the truth, nothing tells the network where to go: such
    columns would rule the gradient. Their weight falls to a half at half a mean thickness.

    Parameters
    ----------
    logits : (B, K+1, H, W) tensor
        The network's answer.
    truth, seen : (B, K, W) tensor
        True curves, and those that the network was given, in edge coordinates.

    Returns
    -------
    () tensor
        The weighted mean over columns.

    Examples
    --------
    >>> truth = torch.full((1, 1, 4), 2.0)
    >>> round(float(column_loss(torch.zeros(1, 2, 4, 4), truth, truth)), 4)
    0.6931
    """
    height, n_curves = logits.shape[2], truth.shape[1]
    loss = torch.nn.functional.cross_entropy(
        logits[..., 1:].float(), render(truth, height)[..., 1:], reduction="none"
    ).mean(1)
    lost = (seen - truth)[..., :-1].abs().amax(1) / (height / (n_curves + 1) / 2)
    weight = 1 / (1 + lost**2)
    return (weight * loss).sum() / weight.sum()


def label_input(curves: Tensor, height: int) -> Tensor:
    """Draw curves (B, K, W) as the label (B, 1, K+1, H, W) that the network takes, -1 to 1."""
    label = (2 * render(curves, height) - 1).unsqueeze(1)
    return label.contiguous(memory_format=torch.channels_last_3d)
