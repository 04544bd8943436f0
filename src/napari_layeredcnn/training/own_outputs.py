"""What the network says in training, and input labels that it has made itself ([1]_, section 3.2).

.. [1] Christensen et al., "LayeredCNN: Segmenting Layers with Autoregressive Models", 2022.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from napari_layeredcnn.core.appearance import last_features, weigh_columns
from napari_layeredcnn.core.decoding import decode
from napari_layeredcnn.core.sharpening import sharpen
from napari_layeredcnn.training.loss import label_input

if TYPE_CHECKING:
    from torch import Tensor

    from napari_layeredcnn.core.network import LayeredCNN


def column_logits(
    network: LayeredCNN,
    images: Tensor,
    curves: Tensor,
    *,
    by_appearance: bool,
    features: list[Tensor] | None = None,
) -> Tensor:
    """Predict every column from the columns to its left, all at once, in bfloat16.

    Parameters
    ----------
    network : LayeredCNN
        The network.
    images : (B, 1, H, W) Tensor
        Images, scaled to [-1, 1].
    curves : (B, K, W) Tensor
        What it is given, in edge coordinates.
    by_appearance : bool
        Whether what the regions look like has a say, see `core.appearance`.
    features : list of Tensor, optional
        What `LayeredCNN.encode_image` gave for these images, if it was run already.

    Returns
    -------
    (B, K+1, H, W) Tensor
        Logits.

    Examples
    --------
    >>> from napari_layeredcnn.core.network import LayeredCNN
    >>> network = LayeredCNN("compact").eval()
    >>> curves = torch.full((1, 1, 24), 8.0)
    >>> tuple(column_logits(network, torch.zeros(1, 1, 16, 24), curves, by_appearance=True).shape)
    (1, 2, 16, 24)
    """
    label = label_input(curves, images.shape[2])
    with torch.autocast(images.device.type, torch.bfloat16):
        features = network.encode_image(images) if features is None else features
        logits: Tensor = network(images, label, features)
    if by_appearance:
        logits = weigh_columns(last_features(network, features), label[:, 0], logits)
    return logits


@torch.no_grad()
def passed_through(
    network: LayeredCNN, images: Tensor, curves: Tensor, passes: int, *, by_appearance: bool
) -> Tensor:
    """Make curves as if the network had continued them, pass by pass ([1]_, section 3.2).

    Parameters
    ----------
    network : LayeredCNN
        The network, which is left in evaluation mode.
    images, curves, by_appearance
        See `column_logits`.
    passes : int
        How often all columns are predicted from those before.

    Returns
    -------
    (B, K, W) Tensor
        The first column is the given one.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> from napari_layeredcnn.core.network import LayeredCNN
    >>> network = LayeredCNN("compact")
    >>> curves = torch.full((1, 1, 24), 8.0)
    >>> images = torch.zeros(1, 1, 16, 24)
    >>> passed_through(network, images, curves, 2, by_appearance=True)[0, 0, 0].item()
    8.0
    """
    network.eval()
    first = curves[:, :, :1]
    with torch.autocast(images.device.type, torch.bfloat16):
        features = network.encode_image(images)
    for _ in range(passes):
        logits = column_logits(
            network, images, curves, by_appearance=by_appearance, features=features
        )
        curves, _ = sharpen(torch.softmax(logits.float(), 1))
        curves = torch.cat([first, curves[:, :, 1:]], 2)  # the person gives that one
    return curves


def run_from_first(
    network: LayeredCNN, images: Tensor, curves: Tensor, *, by_appearance: bool
) -> Tensor:
    """Make curves as a person gets them: by a run from the first column on.

    Parameters
    ----------
    network, images, curves, by_appearance
        See `passed_through`; of the curves only the first column is taken.

    Returns
    -------
    (B, K, W) Tensor
        The first column is the given one.

    Examples
    --------
    >>> from napari_layeredcnn.core.network import LayeredCNN
    >>> network = LayeredCNN("compact")
    >>> curves = torch.full((1, 1, 24), 8.0)
    >>> run_from_first(network, torch.zeros(1, 1, 16, 24), curves, by_appearance=True).shape
    torch.Size([1, 1, 24])
    """
    network = copy.deepcopy(network).to(torch.bfloat16).eval()
    seed = torch.full_like(curves, torch.nan)
    seed[:, :, 0] = curves[:, :, 0]
    run = decode(network, images.bfloat16(), seed, by_appearance=by_appearance)
    columns = [column.curves for column in run]
    # A copy: tensors made in inference mode cannot enter a graph.
    return torch.cat([curves[:, :, :1], torch.stack(columns, 2)], 2).clone()
