"""A wider image stack for a trained network that goes on as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_layeredcnn.core.network import LayeredCNN

if TYPE_CHECKING:
    from torch import Tensor

    from napari_layeredcnn.core.network import Configuration


@torch.no_grad()
def widen_image_stack(
    network: LayeredCNN, configuration: Configuration, images: Tensor
) -> LayeredCNN:
    """Add feature channels to the image stack of a trained network.

    The new channels see what the old ones see; nothing that is there listens to them yet, so the
    output is the same until a training finds use for them.

    Parameters
    ----------
    network : LayeredCNN
        Trained network; left as it is.
    configuration : Configuration
        That of the network but for ``image_widths``, none of them smaller.
    images : (B, 1, H, W) Tensor
        Images, scaled to [-1, 1], for the normalization statistics of the new channels.

    Returns
    -------
    LayeredCNN
        In evaluation mode. The new weights are random (torch's generator).

    Raises
    ------
    ValueError
        If the configuration is another one, or a level would lose channels.

    Examples
    --------
    >>> from napari_layeredcnn.core.network import Configuration
    >>> small = LayeredCNN(Configuration((2, 4), blocks=1)).eval()
    >>> image, label = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 2, 8, 8)
    >>> wide = widen_image_stack(small, Configuration((2, 4), 1, image_widths=(3, 6)), image)
    >>> torch.equal(wide(image, label), small(image, label))
    True
    """
    before = network.configuration
    if replace(before, image_widths=configuration.image_widths) != configuration or any(
        new < old for new, old in zip(configuration.image_widths, before.image_widths, strict=True)
    ):
        raise ValueError(
            f"only the image stack can be widened, but the weights have the {before}, and the "
            f"{configuration} was asked for; leave the configuration out"
        )
    wide = LayeredCNN(configuration)
    wide.to(images.device)
    old = network.state_dict()
    weights = {name: _grown(name, value, old[name]) for name, value in wide.state_dict().items()}
    wide.load_state_dict(weights)
    norms = {
        name: module for name, module in wide.named_modules() if isinstance(module, nn.BatchNorm2d)
    }
    for norm in norms.values():
        norm.train()
        norm.momentum = 1.0  # what these images say, without the zeros and ones to begin with
    wide.encode_image(images)
    for name, norm in norms.items():
        norm.momentum = 0.1
        for statistic in ("running_mean", "running_var"):
            kept = old[f"{name}.{statistic}"]
            getattr(norm, statistic)[: len(kept)] = kept
    return wide.eval()


def _grown(name: str, new: Tensor, old: Tensor) -> Tensor:
    """Return random values `new` with the `old` ones in front, which hear nothing of the others."""
    grown = new.clone()
    if new.shape != old.shape and new.dim() > 1:
        # Transposed convolutions hold their inputs first, all others their outputs.
        if name.startswith("grow_"):
            grown[old.shape[0] :, : old.shape[1]] = 0
        else:
            grown[: old.shape[0], old.shape[1] :] = 0
    grown[tuple(slice(size) for size in old.shape)] = old
    return grown
