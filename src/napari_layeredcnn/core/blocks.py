"""Masked convolution and convolutional block, of which the network is built."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 (the name that every torch program uses)
from torch import Tensor, nn

#: The last column that each layer was given, for those that see the column to the left.
Memory = dict[nn.Module, Tensor]


def preceded(layer: nn.Module, x: Tensor, memory: Memory | None) -> Tensor | None:
    """Tell what stands to the left of columns that a layer is given; remember their last one.

    Parameters
    ----------
    layer : nn.Module
        Which one.
    x : (..., W) Tensor
        What it is given.
    memory : dict, optional
        Of the columns before; changed.

    Returns
    -------
    (..., 1) Tensor or None
        The column to their left; None at the left end of the image.

    Examples
    --------
    >>> layer, memory = nn.Identity(), {}
    >>> preceded(layer, torch.tensor([1, 2]), memory)
    >>> preceded(layer, torch.tensor([3, 4]), memory)
    tensor([2])
    """
    if memory is None:
        return None
    before = memory.get(layer)
    memory[layer] = x[..., -1:].clone()  # not a view, which would keep all of x
    return before


class MaskedConv(nn.Conv3d):
    """Convolution over (region, row, column) that never looks to the right.

    Seen along the columns, with ``x`` the column that is computed::

        mask A   [ x-1 ]  .        only the column to the left
        mask B   [ x-1 ][ x ]      the column to the left and this one

    The paper masks a kernel of three columns ([1]_, section 3.1); only the weights that its masks
    leave are stored here.

    Parameters
    ----------
    in_channels, out_channels : int
        Feature channels.
    regions : {1, 3}
        Kernel size along the regions; with 3 a region sees its two neighbors.
    mask : {"A", "B"}
        Which columns are seen.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, regions: int = 1, mask: str = "B"
    ) -> None:
        columns = {"A": 1, "B": 2}[mask]
        super().__init__(in_channels, out_channels, (regions, 3, columns), padding=(0, 1, 0))

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """Convolve ``x`` (B, C, K+1, H, W); the result has as many columns, see `preceded`."""
        regions, _, columns = self.kernel_size
        # A column of zeros on the left; mask A drops the last one. Regions are padded here, too:
        # if the convolution pads two of them, its gradient in bfloat16 is wrong on CPUs that have
        # AVX512_BF16 and no AMX (torch 2.13).
        beside = regions // 2
        before = preceded(self, x, memory)
        if before is not None:
            x = torch.cat([before, x], dim=4)
        x = F.pad(x, (int(before is None), columns - 2, 0, 0, beside, beside))
        if self.in_channels > 1:
            return super().forward(x)
        # One channel in: a matrix over the three rows. In bfloat16 on the CPU the backward pass
        # of such a Conv3d (and of one with a 1x1x1 kernel) writes beyond its memory (torch 2.13).
        height = x.shape[3]
        x = F.pad(x, (0, 0, 1, 1))
        rows = torch.stack([x[:, 0, :, row : row + height] for row in range(3)], dim=4)
        return F.linear(rows, self.weight.view(-1, 3), self.bias).permute(0, 4, 1, 2, 3)


class Block(nn.Module):
    """The paper's convolutional block: an image part that feeds a label part ([1]_, figure 4).

    Parameters
    ----------
    channels, image_channels : int
        Feature channels of the label part and of the image part.
    first : bool
        The network's first block: one channel in, mask A, no residual additions.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
    """

    def __init__(self, channels: int, image_channels: int, *, first: bool = False) -> None:
        super().__init__()
        self.first = first
        c_in, image_in = (1, 1) if first else (channels, image_channels)
        self.image_conv1 = nn.Conv2d(image_in, image_channels, 3, padding=1)
        self.image_norm1 = nn.BatchNorm2d(image_channels)
        self.image_conv2 = nn.Conv2d(image_channels, image_channels, 3, padding=1)
        self.image_norm2 = nn.BatchNorm2d(image_channels)
        self.label_conv1 = MaskedConv(c_in, channels, mask="A" if first else "B")
        self.label_norm1 = nn.BatchNorm3d(channels)
        # The paper's 1x1 convolutions, this one and the head's, are matrices over the channels.
        self.image_to_label = nn.Linear(image_channels, channels)
        self.label_conv2 = MaskedConv(channels, channels, regions=3)
        self.label_norm2 = nn.BatchNorm3d(channels)

    def image(self, x: Tensor) -> Tensor:
        """Image part: (B, C, H, W) to (B, C, H, W)."""
        y = F.relu(self.image_norm1(self.image_conv1(x)))
        y = F.relu(self.image_conv2(y))
        return self.image_norm2(y if self.first else y + x)  # type: ignore[no-any-return]

    def label(self, x: Tensor, image: Tensor, memory: Memory | None = None) -> Tensor:
        """Label part: (B, C, K+1, H, W) and the image part's output (B, C, H, W)."""
        y = self.label_norm1(self.label_conv1(x, memory))
        term = self.image_to_label(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = F.relu(y + term.unsqueeze(2))  # the same for every region
        y = F.relu(self.label_conv2(y, memory))
        return self.label_norm2(y if self.first else y + x)  # type: ignore[no-any-return]
