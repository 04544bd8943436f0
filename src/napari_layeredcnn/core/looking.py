"""A last look at what was found, with the columns on both sides of each column known.

A run knows the columns to the left of the one that it is at. When all of them are found, the
network can be asked once more what it sees in each, from the left and, mirrored, from the right.
No column waits for another then, so the two are one pass through the network, many columns at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from napari_layeredcnn.core.appearance import last_features, weigh_columns
from napari_layeredcnn.core.sharpening import render, sharpen

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from napari_layeredcnn.core.network import LayeredCNN

Floats = NDArray[np.float32]

#: Columns that go through the network at once.
AT_ONCE = 64
#: Columns next to the labelled ones whose mean height is kept, and in what part it is, see
#: docs/experiments.md.
COLUMNS, KEPT = 14, 0.7


@torch.inference_mode()
def seen_from_both_sides(
    network: LayeredCNN, image: Tensor, curves: Tensor
) -> Generator[None, None, Tensor]:
    """Tell where the network sees curves that were found, each column by all the others.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode.
    image : (1, 1, H, W) Tensor
        Image, scaled to [-1, 1], in the network's dtype and on its device.
    curves : (1, K, W) Tensor
        What was found, in edge coordinates; W is 2 at least.

    Yields
    ------
    None
        After each `AT_ONCE` columns. The generator may be closed then.

    Returns
    -------
    (1, K, W) float32 Tensor
        Ordered curves: the mean of what is seen from the left and from the right, sharpened.

    Examples
    --------
    >>> from napari_layeredcnn.core.network import LayeredCNN
    >>> from napari_layeredcnn.core.steps import finish
    >>> image, curves = torch.zeros(1, 1, 8, 16), torch.full((1, 2, 16), 4.0)
    >>> seen = finish(seen_from_both_sides(LayeredCNN("compact").eval(), image, curves))
    >>> tuple(seen.shape)
    (1, 2, 16)
    """
    images, given = (torch.cat([each, each.flip(-1)]) for each in (image, curves))
    label = (2 * render(given, image.shape[-2]) - 1).to(image.dtype)
    features = network.encode_image(images)
    pieces = []
    for piece in network.columns_in_pieces(label.unsqueeze(1), features, AT_ONCE):
        pieces.append(piece)
        yield
    logits = weigh_columns(last_features(network, features), label, torch.cat(pieces, -1))
    left, right = torch.softmax(logits, 1)
    right = right.flip(-1)
    mean = (left + right) / 2
    # Nothing is to the left of the first column, nor to the right of the last one.
    mean[..., 0], mean[..., -1] = right[..., 0], left[..., -1]
    return sharpen(mean.unsqueeze(0))[0]


def kept_in_place(
    before: Floats, after: Floats, height: int, *, at_both_ends: bool = False
) -> Floats:
    """Take back most of what a look has changed in the height at which curves begin.

    There they were drawn by a person, who may mean another place than the network.

    Parameters
    ----------
    before, after : (..., K, W) float32 array
        Curves in edge coordinates, from the first column behind the labelled ones on.
    height : int
        Number of rows.
    at_both_ends : bool
        Whether columns were labelled behind the last one, too.

    Returns
    -------
    (..., K, W) float32 array
        ``after``, moved by `KEPT` of the mean difference in the first `COLUMNS` columns, curve by
        curve, and gradually from there to the last ones if both ends are kept; ordered, and within
        the image.

    Examples
    --------
    >>> kept_in_place(np.float32([[10, 10, 10]]), np.float32([[11, 12, 10]]), 64).round(1).tolist()
    [[10.300000190734863, 11.300000190734863, 9.300000190734863]]
    """
    moved = (before - after)[..., :COLUMNS].mean(axis=-1, keepdims=True)
    if at_both_ends:
        last = (before - after)[..., -COLUMNS:].mean(axis=-1, keepdims=True)
        moved = moved + (last - moved) * np.linspace(0, 1, after.shape[-1], dtype=np.float32)
    placed = np.clip(after + np.float32(KEPT) * moved, 0, height)
    return np.asarray(np.maximum.accumulate(placed, axis=-2), dtype=np.float32)
