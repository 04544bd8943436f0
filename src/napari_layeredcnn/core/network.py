"""LayeredCNN as plain ``nn.Module``s, readable from top to bottom.

An image stack (2D convolutions, sees the whole image) feeds a label stack (masked 3D convolutions
over region, row and column, sees only the columns to the left of the one that it predicts).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
import torch.nn.functional as F  # noqa: N812 (the name that every torch program uses)
from torch import Tensor, nn

from napari_layeredcnn.core.blocks import Block, Memory, preceded

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Configuration:
    """Size of a `LayeredCNN`.

    Parameters
    ----------
    widths : tuple of int
        Feature channels of the label stack at each level, the finest first. Level ``l`` works at
        stride ``2**l``.
    blocks : int
        Convolutional blocks in each stack: so many on the way down and as many on the way up, at
        every level.
    image_widths : tuple of int, optional
        Feature channels of the image stack, level by level; it is computed once and not for every
        region, so they cost little. Default: ``widths``.

    Examples
    --------
    >>> Configuration().stride
    8
    """

    widths: tuple[int, ...] = (32, 32, 32, 32)
    blocks: int = 3
    image_widths: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.image_widths:
            object.__setattr__(self, "image_widths", self.widths)

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.widths)

    @property
    def stride(self) -> int:
        """Rows (and columns) of the image per row of the coarsest level."""
        return int(2 ** (self.levels - 1))


CONFIGURATIONS = {
    "paper": Configuration(),
    "compact": Configuration((16, 32, 48, 64), blocks=2, image_widths=(32, 64, 64, 64)),
}


class LayeredCNN(nn.Module):
    """Autoregressive, class-agnostic network for layered images ([1]_, section 3.1).

    Parameters
    ----------
    configuration : Configuration or str, optional
        Network size, or its name in `CONFIGURATIONS`. Default: the paper's.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> network = LayeredCNN("paper")
    >>> sum(p.numel() for p in network.parameters())
    1159233
    >>> logits = network(torch.zeros(1, 1, 16, 24), torch.zeros(1, 1, 3, 16, 24))
    >>> tuple(logits.shape)
    (1, 3, 16, 24)
    """

    def __init__(self, configuration: Configuration | str = "paper") -> None:
        super().__init__()
        if isinstance(configuration, str):
            configuration = CONFIGURATIONS[configuration]
        self.configuration = configuration
        widths, blocks = configuration.widths, configuration.blocks
        levels = list(zip(widths, configuration.image_widths, strict=True))
        self.first = Block(*levels[0], first=True)
        self.down = nn.ModuleList(_stack(*level, blocks) for level in levels)
        self.up = nn.ModuleList(_stack(*level, blocks) for level in levels)
        steps = list(itertools.pairwise(widths))  # (finer, coarser) widths
        seen = list(itertools.pairwise(configuration.image_widths))  # of the image stack
        self.shrink_image = nn.ModuleList(nn.Conv2d(f, c, 2, stride=2) for f, c in seen)
        self.shrink_label = nn.ModuleList(
            nn.Conv3d(f, c, (1, 2, 2), stride=(1, 2, 2)) for f, c in steps
        )
        self.grow_image = nn.ModuleList(nn.ConvTranspose2d(c, f, 2, stride=2) for f, c in seen)
        self.grow_label = nn.ModuleList(_grow(c, f) for f, c in steps)
        self.grow_skip = nn.ModuleList(_grow(c, f) for f, c in steps)
        self.head1 = nn.Linear(widths[0], widths[0])
        self.head2 = nn.Linear(widths[0], 1)

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """Yield (level, block) in the order of computation: first, down, then up."""
        yield 0, self.first
        for level, stack in enumerate(self.down_blocks()):
            for block in stack:
                yield level, block
        for level, stack in reversed(list(enumerate(self.up_blocks()))):
            for block in stack:
                yield level, block

    def down_blocks(self) -> list[list[Block]]:
        """Blocks of the way down, by level."""
        return [cast("list[Block]", list(cast("nn.ModuleList", stack))) for stack in self.down]

    def up_blocks(self) -> list[list[Block]]:
        """Blocks of the way up, by level, the finest first."""
        return [cast("list[Block]", list(cast("nn.ModuleList", stack))) for stack in self.up]

    def encode_image(self, image: Tensor) -> list[Tensor]:
        """Run the image stack, which does not depend on the label.

        Parameters
        ----------
        image : (B, 1, H, W) Tensor
            Images, scaled to [-1, 1].

        Returns
        -------
        list of (B, C, H', W') Tensor
            The image part's output of every block, in the order of `blocks`; ``H'`` and ``W'``
            are those of the image, padded to a multiple of the stride and divided by the level's.
        """
        height, width = image.shape[-2:]
        below, right = -height % self.configuration.stride, -width % self.configuration.stride
        x = F.pad(image, (0, right, 0, below), mode="replicate") if below or right else image
        x = self.first.image(x)
        features, level_ends = [x], []
        for level, stack in enumerate(self.down_blocks()):
            if level:
                x = self.shrink_image[level - 1](x)
            for block in stack:
                x = block.image(x)
                features.append(x)
            level_ends.append(x)
        for level, stack in reversed(list(enumerate(self.up_blocks()))):
            if level < self.configuration.levels - 1:
                x = self.grow_image[level](x) + level_ends[level]
            for block in stack:
                x = block.image(x)
                features.append(x)
        return features

    def forward(
        self,
        image: Tensor,
        label: Tensor,
        features: list[Tensor] | None = None,
        memory: Memory | None = None,
    ) -> Tensor:
        """Predict every column from the image and the label columns to its left.

        Parameters
        ----------
        image : (B, 1, H, W) Tensor
            Images, scaled to [-1, 1].
        label : (B, 1, K+1, H, W) Tensor
            One-hot label columns, scaled to [-1, 1], the top region first.
        features : list of Tensor, optional
            What `encode_image` gave for this image, if it was run already.
        memory : dict, optional
            For some columns of an image after the others, see `columns_in_pieces`.

        Returns
        -------
        (B, K+1, H, W) Tensor
            Logits; their softmax over the regions is the prediction.
        """
        height, width = image.shape[-2:]
        if features is None:
            features = self.encode_image(image)
        image_part = iter(features)
        x = self.first.label(self.pad_label(label), next(image_part), memory)
        skip = x
        level_ends = []
        for level, stack in enumerate(self.down_blocks()):
            if level:
                # Shifted to the right first, so that no coarse column holds a later fine one.
                shrink = self.shrink_label[level - 1]
                before = preceded(shrink, x, memory)
                shifted = F.pad(x, (1, -1))
                if before is not None:
                    shifted[..., :1] = before
                x = shrink(shifted)
            for i, block in enumerate(stack):
                x = block.label(x, next(image_part), memory)
                skip = x if level and i == 0 else skip + x
            level_ends.append((x, skip))
        for level, stack in reversed(list(enumerate(self.up_blocks()))):
            if level < self.configuration.levels - 1:
                x_down, skip_down = level_ends[level]
                x = self.grow_label[level](x) + x_down
                skip = self.grow_skip[level](skip) + skip_down
            for block in stack:
                x = block.label(x, next(image_part), memory)
                skip = skip + x
        pixels = F.relu(skip).permute(0, 2, 3, 4, 1)  # (B, K+1, H', W', C)
        logits = self.head2(F.relu(self.head1(pixels)))
        return logits[:, :, :height, :width, 0]  # type: ignore[no-any-return]

    def columns_in_pieces(
        self, label: Tensor, features: list[Tensor], columns: int
    ) -> Iterator[Tensor]:
        """Run `forward` from left to right on so many columns at a time.

        The numbers are the same; memory is taken for these columns only, and the piece is small
        enough for the processor's cache.

        Parameters
        ----------
        label : (B, 1, K+1, H, W) Tensor
            One-hot label columns, scaled to [-1, 1].
        features : list of Tensor
            What `encode_image` gave for the images.
        columns : int
            A multiple of the configuration's stride.

        Yields
        ------
        (B, K+1, H, columns) Tensor
            Logits; the last piece may be narrower.
        """
        memory: Memory = {}
        levels = [level for level, _ in self.blocks()]
        for start in range(0, label.shape[-1], columns):
            stop = start + columns
            seen = [f[..., start >> i : stop >> i] for i, f in zip(levels, features, strict=True)]
            piece = label[..., start:stop]
            yield self(piece[:, 0], piece, seen, memory)

    def pad_label(self, label: Tensor) -> Tensor:
        """Pad rows by continuing the last one and columns by zeros, to the network's stride."""
        below = -label.shape[-2] % self.configuration.stride
        right = -label.shape[-1] % self.configuration.stride
        if below:
            last = label[..., -1:, :].expand(*label.shape[:-2], below, -1)
            label = torch.cat([label, last], dim=-2)
        return F.pad(label, (0, right)) if right else label


def _stack(channels: int, image_channels: int, blocks: int) -> nn.ModuleList:
    return nn.ModuleList(Block(channels, image_channels) for _ in range(blocks))


def _grow(coarser: int, finer: int) -> nn.ConvTranspose3d:
    return nn.ConvTranspose3d(coarser, finer, (1, 2, 2), stride=(1, 2, 2))
