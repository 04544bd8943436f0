"""What the network is given as the label, and what its answer is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_layeredcnn.core.sharpening import render

if TYPE_CHECKING:
    from torch import Tensor


#: Loss for each pixel of mean distance from the true curves, beside the cross-entropy (.05 to .2).
DISTANCE = 0.02


def column_loss(logits: Tensor, truth: Tensor, seen: Tensor) -> Tensor:
    """Cross-entropy and distance without the first column, less where they follow a lost curve.

    Cross-entropy does not mind how far from the true curve a wrong row is; the second term is that
    distance: by how much probability has to be moved, how far.

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
    0.7331
    """
    height, n_curves = logits.shape[2], truth.shape[1]
    logits, target = logits[..., 1:].float(), render(truth, height)[..., 1:]
    loss = torch.nn.functional.cross_entropy(logits, target, reduction="none").mean(1)
    # Summed over the regions from the top: how much of a pixel lies above each curve.
    above = torch.softmax(logits, 1).cumsum(1)[:, :-1]
    loss = loss + DISTANCE * (above - target.cumsum(1)[:, :-1]).abs().sum(2).mean(1)
    lost = (seen - truth)[..., :-1].abs().amax(1) / (height / (n_curves + 1) / 2)
    weight = 1 / (1 + lost**2)
    return (weight * loss).sum() / weight.sum()


def label_input(curves: Tensor, height: int) -> Tensor:
    """Draw curves (B, K, W) as the label (B, 1, K+1, H, W) that the network takes, -1 to 1."""
    label = (2 * render(curves, height) - 1).unsqueeze(1)
    return label.contiguous(memory_format=torch.channels_last_3d)
