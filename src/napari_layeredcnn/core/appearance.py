"""What the regions of an image look like, learned while their curves are followed.

The network reads which region is which from the label near by. Where it is led over to another
boundary, it goes on along that one; but the region beside it looks different then. So what each
region has looked like so far, in the features that the network's image stack has of it anyway,
has a small say in where a column's pixels belong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from napari_layeredcnn.core.network import LayeredCNN

#: Weight of a squared distance in standard deviations, mean over the features, beside the logits.
WEIGHT = 1.5
#: Distance from which on it counts no more: what looks like none of the regions tells nothing.
LIMIT = 3.0
#: Variance within regions that is assumed at least, of a feature whose whole variance is 1.
_LEAST_VARIANCE = 0.02
#: Pixels of a region that must have been seen, before anything is known of it.
_LEAST_SEEN = 0.5


def last_features(network: LayeredCNN, features: list[Tensor]) -> list[Tensor]:
    """Choose the features in which regions are compared: the last ones of the finest two levels.

    Parameters
    ----------
    network : LayeredCNN
        The network.
    features : list of (B, C, H', W') Tensor
        What its `encode_image` gave.

    Returns
    -------
    list of (B, C, H', W') Tensor
        At stride 1 and 2 (at stride 1 only, if the network has one level).

    Examples
    --------
    >>> from napari_layeredcnn.core.network import LayeredCNN
    >>> network = LayeredCNN("compact").eval()
    >>> chosen = last_features(network, network.encode_image(torch.zeros(1, 1, 16, 24)))
    >>> [tuple(each.shape) for each in chosen]
    [(1, 32, 16, 24), (1, 64, 8, 12)]
    """
    finest = len(network.up_blocks()[0])
    return [features[-1], features[-1 - finest]][: network.configuration.levels]


class Appearance:
    """Running mean of the features in each region of a batch, and what follows from it.

    Parameters
    ----------
    features : list of (B, C, H', W') Tensor
        Of `last_features`; of one image, if all of the batch are the same.
    height, width : int
        Pixels of the images, without padding.

    Examples
    --------
    >>> features = torch.tensor([0.0, 0.0, 5.0, 5.0]).reshape(1, 1, 4, 1).repeat(1, 1, 1, 3)
    >>> appearance = Appearance([features], 4, 3)
    >>> appearance.follow(0, torch.tensor([[[1.0, 1, -1, -1], [-1.0, -1, 1, 1]]]))
    >>> appearance.weigh(1, torch.zeros(1, 2, 4)).argmax(1)
    tensor([[0, 0, 1, 1]])
    """

    def __init__(self, features: list[Tensor], height: int, width: int) -> None:
        finest = features[0].shape[2:]
        pixels = torch.cat(
            [
                functional.interpolate(f.float(), finest, mode="bilinear", align_corners=False)
                for f in features
            ],
            1,
        )[:, :, :height, :width]
        deviation, mean = torch.std_mean(pixels, (2, 3), keepdim=True, correction=0)
        pixels.sub_(mean).div_(deviation.clamp_min(1e-4))
        self._pixels = pixels.permute(3, 0, 2, 1).contiguous()  # (W, B, H, C)
        # Sums over the pixels of each region (B, K+1, C), their number, and of all squares (B, C).
        self._sums = self._seen = self._squares = torch.zeros(())

    def follow(self, column: int, label: Tensor) -> None:
        """Take note of what the regions look like in a column.

        Parameters
        ----------
        column : int
            Which one.
        label : (B, K+1, H) Tensor
            One-hot label, scaled to [-1, 1].
        """
        pixels = self._pixels[column]
        share = ((label.float() + 1) / 2) ** 2  # less where a curve parts a pixel
        self._sums = self._sums + share @ pixels
        self._seen = self._seen + share.sum(2)
        weights = share.sum(1, keepdim=True)
        self._squares = self._squares + (weights @ (pixels * pixels)).squeeze(1)

    def weigh(self, column: int, logits: Tensor) -> Tensor:
        """Let a column's pixels tend to the region that they look like.

        Parameters
        ----------
        column : int
            Which one.
        logits : (B, K+1, H) Tensor
            What the network says.

        Returns
        -------
        (B, K+1, H) float32 Tensor
            Less `WEIGHT` times half the squared distance from the mean of the region so far, in
            standard deviations within regions, mean over the features, `LIMIT` at most.
        """
        pixels = self._pixels[column]
        seen = self._seen.unsqueeze(2)
        mean = self._sums / seen.clamp_min(_LEAST_SEEN)
        within = (self._squares - (seen * mean * mean).sum(1)) / seen.sum(1)
        scale = 1 / (pixels.shape[2] * within.clamp_min(_LEAST_VARIANCE)).unsqueeze(1)  # (B, 1, C)
        scaled = mean * scale
        distance = (
            scale @ (pixels * pixels).mT
            - 2 * scaled @ pixels.mT
            + (scaled * mean).sum(2, keepdim=True)
        )
        distance = torch.where(seen < _LEAST_SEEN, 1.0, distance)  # as in a region, on average
        return logits.float() - WEIGHT / 2 * distance.clamp(0, LIMIT)
