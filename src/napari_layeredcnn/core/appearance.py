"""What the regions of an image look like, learned while their curves are followed.

The network reads which region is which from the label near by. Where it is led over to another
boundary, it goes on along that one; but the region beside it looks different then. So what each
region has looked like so far, in the features that the network's image stack has of it anyway,
has a small say in where a column's pixels belong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from napari_layeredcnn.core.network import LayeredCNN

#: Weight of a squared distance in standard deviations, mean over the features, beside the logits.
WEIGHT = 3.0
#: What a far distance counts as at most: what looks like none of the regions tells nothing.
LIMIT = 4.0
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


def standardized(features: list[Tensor], height: int, width: int) -> Tensor:
    """Bring features to the pixels of an image, each to mean 0 and variance 1.

    Parameters
    ----------
    features : list of (B, C, H', W') Tensor
        Of `last_features`.
    height, width : int
        Pixels of the images, without padding.

    Returns
    -------
    (W, B, H, C) float32 Tensor
        All features, column by column.

    Examples
    --------
    >>> pixels = standardized([torch.arange(6.0).reshape(1, 1, 2, 3)], 2, 3)
    >>> tuple(pixels.shape), round(pixels.square().mean().item(), 3)
    ((3, 1, 2, 1), 1.0)
    """
    finest = features[0].shape[2:]
    pixels = torch.cat(
        [
            functional.interpolate(f.float(), finest, mode="bilinear", align_corners=False)
            for f in features
        ],
        1,
    )[:, :, :height, :width]
    deviation, mean = torch.std_mean(pixels, (2, 3), keepdim=True, correction=0)
    pixels = pixels - mean  # one by one, not in place: little memory in use, gradients in training
    pixels = pixels / deviation.clamp_min(1e-4)
    return pixels.permute(3, 0, 2, 1).contiguous()


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
        self._pixels = standardized(features, height, width)
        self._seen: _Seen | None = None

    def follow(self, column: int, label: Tensor) -> None:
        """Take note of what the regions look like in a column.

        Parameters
        ----------
        column : int
            Which one.
        label : (B, K+1, H) Tensor
            One-hot label, scaled to [-1, 1].
        """
        new = _sums(self._pixels[column], label)
        if self._seen is not None:
            new = _Seen(*(a + b for a, b in zip(self._seen, new, strict=True)))
        self._seen = new

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
            standard deviations within regions, mean over the features, less than `LIMIT`.
        """
        assert self._seen is not None  # the first column is given
        return logits.float() - _distance(self._pixels[column], self._seen)


def weigh_columns(features: list[Tensor], label: Tensor, logits: Tensor) -> Tensor:
    """Weigh all columns at once, each by the columns to its left; for training.

    Parameters
    ----------
    features : list of (B, C, H', W') Tensor
        Of `last_features`.
    label : (B, K+1, H, W) Tensor
        One-hot label, scaled to [-1, 1].
    logits : (B, K+1, H, W) Tensor
        What the network says to it.

    Returns
    -------
    (B, K+1, H, W) float32 Tensor
        What `Appearance.weigh` would give, column by column; the first one as it is.

    Examples
    --------
    >>> features = torch.tensor([0.0, 0.0, 5.0, 5.0]).reshape(1, 1, 4, 1).repeat(1, 1, 1, 2)
    >>> label = torch.tensor([[1.0, 1, -1, -1], [-1.0, -1, 1, 1]])
    >>> label = label.reshape(1, 2, 4, 1).repeat(1, 1, 1, 2)
    >>> weigh_columns([features], label, torch.zeros(1, 2, 4, 2)).argmax(1)[0, :, 1]
    tensor([0, 0, 1, 1])
    """
    pixels = standardized(features, *logits.shape[2:])
    sums = _sums(pixels[:-1], label[..., :-1].permute(3, 0, 1, 2))
    seen = _Seen(*(each.cumsum(0) for each in sums))
    distance = _distance(pixels[1:], seen).permute(1, 2, 3, 0)
    return logits.float() - functional.pad(distance, (1, 0))


class _Seen(NamedTuple):
    # Of the columns so far: sums over the pixels of each region (..., K+1, C), their number
    # (..., K+1), and the sum over all squares (..., C).
    sums: Tensor
    number: Tensor
    squares: Tensor


def _sums(pixels: Tensor, label: Tensor) -> _Seen:
    # Pixels (..., B, H, C) and label (..., B, K+1, H) of a column, or of each of several.
    share = ((label.float() + 1) / 2) ** 2  # less where a curve parts a pixel
    weights = share.sum(-2, keepdim=True)
    return _Seen(share @ pixels, share.sum(-1), (weights @ (pixels * pixels)).squeeze(-2))


def _distance(pixels: Tensor, seen: _Seen) -> Tensor:
    # Weighted (..., B, K+1, H), of pixels (..., B, H, C) from each region's mean.
    count = seen.number.unsqueeze(-1)
    mean = seen.sums / count.clamp_min(_LEAST_SEEN)
    within = (seen.squares - (count * mean * mean).sum(-2)) / count.sum(-2)
    scale = 1 / (pixels.shape[-1] * within.clamp_min(_LEAST_VARIANCE)).unsqueeze(-2)  # (.., 1, C)
    scaled = mean * scale
    distance = (
        scale @ (pixels * pixels).mT
        - 2 * scaled @ pixels.mT
        + (scaled * mean).sum(-1, keepdim=True)
    ).clamp_min(0)
    distance = torch.where(count < _LEAST_SEEN, 1.0, distance)  # as in a region, on average
    return WEIGHT / 2 * distance * LIMIT / (distance + LIMIT)
