"""LayeredCNN one column at a time: the numbers of the full pass, each computed once.

Nothing computed for a column changes when columns are added to its right. So every masked layer
keeps the last two columns of its input, and a new column costs one small 2D convolution a layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from napari_layeredcnn.core.appearance import last_features
from napari_layeredcnn.core.blocks import Block, MaskedConv

if TYPE_CHECKING:
    from napari_layeredcnn.core.network import LayeredCNN


class Pair(NamedTuple):
    """Two neighboring columns of a layer's input, side by side in the channels.

    Even columns stand in the first C channels, odd ones in the last C: a new column replaces the
    one before the last in place, and nothing is ever shifted.
    """

    both: Tensor  # (B, 2C, K+1, H), channels last in memory
    slots: tuple[Tensor, Tensor]  # (B, C, K+1, H) views of the even and the odd column


@dataclass
class ColumnState:
    """What one run of a `ColumnNetwork` remembers; made by its `start`."""

    terms: list[tuple[Tensor, ...]]  # per block and column: image term (B, C, 1, H)
    inputs: list[Pair]  # per block: last two columns of its input
    middles: list[Pair]  # per block: last two columns between its convolutions
    ends: list[Pair]  # per level: last two columns at the end of the way down
    features: list[Tensor]  # of the image, in which regions are compared; see `appearance`
    grown: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)  # from the level below
    column: int = 0  # the next one


class ColumnNetwork:
    """A `LayeredCNN` prepared for column-by-column runs.

    Batch normalization is folded into the convolutions where it follows one, and the masked
    kernels are laid out for pairs of columns.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode; its weights are read now.

    Raises
    ------
    ValueError
        If the network is in training mode.

    Examples
    --------
    >>> from napari_layeredcnn.core.network import LayeredCNN
    >>> columns = ColumnNetwork(LayeredCNN("compact").eval())
    >>> with torch.inference_mode():
    ...     state = columns.start(torch.zeros(1, 1, 16, 8), n_curves=2)
    ...     logits = columns.advance(state, None)
    >>> tuple(logits.shape)
    (1, 3, 16)
    """

    def __init__(self, network: LayeredCNN) -> None:
        if network.training:
            raise ValueError(
                "the network is in training mode, in which columns depend on each other; "
                "call its eval() first"
            )
        self._network = network
        self._blocks = [_BlockColumn(block) for _, block in network.blocks()]
        self._levels = [level for level, _ in network.blocks()]
        order = iter(range(1, len(self._blocks)))
        self._down = [[next(order) for _ in stack] for stack in network.down_blocks()]
        self._up = [[next(order) for _ in stack] for stack in network.up_blocks()[::-1]][::-1]
        shrink = cast("list[nn.Conv3d]", list(network.shrink_label))
        self._shrink = [(_pair_kernels(conv)[0], conv.bias) for conv in shrink]
        grow_label = cast("list[nn.ConvTranspose3d]", list(network.grow_label))
        grow_skip = cast("list[nn.ConvTranspose3d]", list(network.grow_skip))
        self._grow_label = [_grow_matrix(conv) for conv in grow_label]
        self._grow_skip = [_grow_matrix(conv) for conv in grow_skip]
        self._head1 = _matrix(network.head1)
        self._head2 = _matrix(network.head2)

    def start(self, images: Tensor, *, n_curves: int) -> ColumnState:
        """Run the image stack and return an empty state.

        Parameters
        ----------
        images : (B, 1, H, W) Tensor
            Images, scaled to [-1, 1].
        n_curves : int
            Number of curves K.

        Returns
        -------
        ColumnState
            Ready for column 0.
        """
        # Runs with several seeds on one image share its features.
        different = images if (images != images[:1]).any() else images[:1]
        features = self._network.encode_image(
            different.contiguous(memory_format=torch.channels_last)
        )
        batch, height = len(images), features[0].shape[2]
        widths = self._network.configuration.widths

        def pair(level: int) -> Pair:
            shape = (batch, n_curves + 1, height >> level, 2 * widths[level])
            both = images.new_zeros(shape).permute(0, 3, 1, 2)
            return Pair(both, (both[:, : widths[level]], both[:, widths[level] :]))

        return ColumnState(
            terms=[b.image_terms(f) for b, f in zip(self._blocks, features, strict=True)],
            inputs=[pair(level) for level in self._levels],
            middles=[pair(level) for level in self._levels],
            ends=[pair(level) for level in range(len(widths))],
            features=last_features(self._network, features),
        )

    def advance(
        self, state: ColumnState, label: Tensor | None, *, predict: bool = True
    ) -> Tensor | None:
        """Compute the next column.

        Parameters
        ----------
        state : ColumnState
            Changed in place.
        label : (B, K+1, H) Tensor or None
            One-hot label of the column before, scaled to [-1, 1]; None for column 0, which has
            none.
        predict : bool
            If False only the state is brought up to date.

        Returns
        -------
        (B, K+1, H') Tensor or None
            Logits of this column, with the rows padded to the network's stride.
        """
        first = state.middles[0]
        padded = first.both.shape[3]
        if label is None:
            label = first.both.new_zeros((first.both.shape[0], first.both.shape[2], padded))
        elif label.shape[2] < padded:  # the last row goes on, as in LayeredCNN.pad_label
            last = label[:, :, -1:].expand(-1, -1, padded - label.shape[2])
            label = torch.cat([label, last], dim=2)
        slot = state.column % 2
        y = self._blocks[0](
            label.unsqueeze(1), None, first, state.terms[0][state.column], slot,
            state.inputs[self._down[0][0]].slots[slot],
        )  # fmt: skip
        _, skip = self._level(state, 0, state.column, y)
        state.column += 1
        if not predict:
            return None
        rows = skip.permute(0, 2, 3, 1).relu()  # (B, K+1, H', C)
        return F.linear(F.linear(rows, *self._head1).relu_(), *self._head2).squeeze(3)

    def _level(
        self, state: ColumnState, level: int, column: int, skip: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Column of one level and of all coarser ones; its input stands in the state already."""
        slot = column % 2
        down, up = self._down[level], self._up[level]
        coarsest = level == len(self._down) - 1
        end = state.inputs[up[0]] if coarsest else state.ends[level]
        for i, following in zip(down, [*down[1:], None], strict=True):
            target = end if following is None else state.inputs[following]
            y = self._block(state, i, column, target.slots[slot])
            skip = y if skip is None else skip + y
        assert skip is not None
        if not coarsest:
            if slot == 0:  # a level at stride 2**l gets a new column every 2**l columns
                kernel, bias = self._shrink[level]
                shrunk = F.conv2d(end.both, kernel, bias, stride=(1, 2))
                entry = state.inputs[self._down[level + 1][0]]
                entry.slots[column // 2 % 2].copy_(shrunk)
                coarse, coarse_skip = self._level(state, level + 1, column // 2, None)
                state.grown[level] = (
                    _grow(coarse, *self._grow_label[level]),
                    _grow(coarse_skip, *self._grow_skip[level]),
                )
            channels = y.shape[1]
            grown, grown_skip = (g.narrow(1, slot * channels, channels) for g in state.grown[level])
            torch.add(y, grown, out=state.inputs[up[0]].slots[slot])
            skip = skip + grown_skip
        for i, following in zip(up, [*up[1:], None], strict=True):
            out = None if following is None else state.inputs[following].slots[slot]
            y = self._block(state, i, column, out)
            skip = skip + y
        return y, skip

    def _block(self, state: ColumnState, i: int, column: int, out: Tensor | None) -> Tensor:
        pair, slot = state.inputs[i], column % 2
        return self._blocks[i](
            pair.both, pair.slots[slot], state.middles[i], state.terms[i][column], slot, out
        )


class _BlockColumn:
    """The label part of a `Block` for one column, and its image part's share for all columns."""

    def __init__(self, block: Block) -> None:
        scale1, shift1 = _affine(block.label_norm1)
        kernels = _pair_kernels(block.label_conv1)
        self._kernels1 = [(k * scale1.view(-1, 1, 1, 1)).to(k.dtype) for k in kernels]
        self._image_weight, image_bias = _matrix(block.image_to_label)
        bias = block.label_conv1.bias
        assert bias is not None
        self._image_bias = (image_bias + bias * scale1 + shift1).to(bias.dtype)
        self._kernels2 = _pair_kernels(block.label_conv2)
        self._bias2 = block.label_conv2.bias
        scale2, shift2 = _affine(block.label_norm2)
        self._scale2 = scale2.view(1, -1, 1, 1).to(bias.dtype)
        self._shift2 = shift2.view(1, -1, 1, 1).to(bias.dtype)

    def image_terms(self, image: Tensor) -> tuple[Tensor, ...]:
        columns = image.permute(3, 0, 2, 1)  # (W, B, H, C)
        terms = F.linear(columns, self._image_weight, self._image_bias)
        return terms.permute(0, 1, 3, 2).unsqueeze(3).unbind(0)

    def __call__(
        self,
        x: Tensor,
        residual: Tensor | None,
        middle: Pair,
        term: Tensor,
        slot: int,
        out: Tensor | None,
    ) -> Tensor:
        y = F.conv2d(x, self._kernels1[slot % len(self._kernels1)], padding=(0, 1))
        torch.add(y, term, out=middle.slots[slot]).relu_()
        y = F.conv2d(middle.both, self._kernels2[slot], self._bias2, padding=(1, 1)).relu_()
        if residual is not None:
            y += residual
        return torch.addcmul(self._shift2, self._scale2, y, out=out)


def _affine(norm: nn.BatchNorm3d) -> tuple[Tensor, Tensor]:
    """Scale and shift of a batch normalization in evaluation mode, in at least float32."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    dtype = torch.promote_types(norm.weight.dtype, torch.float32)
    scale = norm.weight.to(dtype) / (norm.running_var.to(dtype) + norm.eps).sqrt()
    return scale.detach(), (norm.bias - norm.running_mean * scale).detach()


def _pair_kernels(conv: nn.Conv3d) -> list[Tensor]:
    """2D kernels over (region, row) for a `Pair`, for an even and for an odd current column."""
    weight = conv.weight.detach()  # (C', C, regions, rows, columns)
    if isinstance(conv, MaskedConv) and conv.kernel_size[2] == 1:
        kernels = [weight[..., 0]]
    else:
        before, current = weight.unbind(4)
        kernels = [torch.cat([current, before], 1), torch.cat([before, current], 1)]
    return [k.contiguous(memory_format=torch.channels_last) for k in kernels]


def _matrix(conv: nn.Linear) -> tuple[Tensor, Tensor]:
    assert conv.bias is not None
    return conv.weight.detach().flatten(1), conv.bias.detach()


def _grow_matrix(conv: nn.ConvTranspose3d) -> tuple[Tensor, Tensor]:
    """Matrix from a coarse pixel to its 2 rows by 2 columns by C channels."""
    assert conv.bias is not None
    weight = conv.weight.detach()[:, :, 0].permute(2, 3, 1, 0)  # (row, column, C, C coarse)
    return weight.flatten(0, 2).contiguous(), conv.bias.detach().repeat(4)


def _grow(coarse: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(B, C', K+1, H) to (B, 2C, K+1, 2H): the even column's channels, then the odd one's."""
    batch, _, regions, height = coarse.shape
    grown = F.linear(coarse.permute(0, 2, 3, 1), weight, bias)
    return grown.view(batch, regions, 2 * height, -1).permute(0, 3, 1, 2)
