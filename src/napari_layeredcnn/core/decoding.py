"""The column-by-column loop: `decode` computes each number once, `decode_plain` is the reference.

Both are generators that yield one column at a time, so that a caller can show it, stop, or go on
from any column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from napari_layeredcnn.core.appearance import Appearance, last_features
from napari_layeredcnn.core.columns import ColumnNetwork
from napari_layeredcnn.core.persistence import Persistence
from napari_layeredcnn.core.sharpening import render, sharpen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_layeredcnn.core.network import LayeredCNN


@dataclass(frozen=True)
class Column:
    """One decoded column of a batch.

    Parameters
    ----------
    index : int
        Which column.
    curves : (B, K) Tensor
        Curves in edge coordinates.
    uncertainty : (B, K) Tensor
        Difference that sharpening made, in pixels; 0 for given columns.
    logits : (B, K+1, H) Tensor
        What the network said of this column, and what the regions look like.
    """

    index: int
    curves: Tensor
    uncertainty: Tensor
    logits: Tensor


@torch.inference_mode()
def decode(
    network: LayeredCNN,
    images: Tensor,
    curves: Tensor,
    *,
    start: int | None = None,
    columns: ColumnNetwork | None = None,
    by_appearance: bool = True,
) -> Iterator[Column]:
    """Complete curves from left to right, computing each activation once.

    Given columns are taken as they are; every other column is predicted from the image and the
    columns to its left ([1]_, section 3.1). All of it costs the arithmetic of about one forward
    pass.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode.
    images : (B, 1, H, W) Tensor
        Images, scaled to [-1, 1], in the network's dtype and on its device.
    curves : (B, K, W) Tensor
        Curves in edge coordinates; a column is given for an image where none of its K values is
        NaN. The first column must be given for every image.
    start : int, optional
        First column to yield; columns before it must be given (a run resumed at ``start`` gives
        the columns that it had). Default: the first column that is missing somewhere.
    columns : ColumnNetwork, optional
        The network prepared for this loop, if several runs share it.
    by_appearance : bool
        Whether what the regions have looked like so far has a say, see `appearance`.

    Yields
    ------
    Column
        Columns ``start`` to ``W - 1`` in order.

    Raises
    ------
    ValueError
        If a column before ``start`` is not given for every image.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.
    """
    curves, given, start = _check(images, curves, start)
    height = images.shape[-2]
    columns = ColumnNetwork(network) if columns is None else columns
    state = columns.start(images, n_curves=curves.shape[1])
    chosen = curves[:, :, 0]
    columns.advance(state, None, predict=False)
    persistence = Persistence(chosen)
    appearance = Appearance(state.features, height, images.shape[-1]) if by_appearance else None
    for x in range(1, curves.shape[2]):
        previous = _label(chosen.unsqueeze(2), height, images.dtype)[..., 0]
        logits = columns.advance(state, previous)
        assert logits is not None
        logits = logits[:, :, :height]
        if appearance is not None:
            appearance.follow(x - 1, previous)
            logits = appearance.weigh(x, logits)
        column, said = _choose(x, logits, curves[:, :, x], given[:, x], persistence)
        if x >= start:
            yield column
        chosen = column.curves  # a caller may have changed them
        persistence.follow(said, chosen)


@torch.inference_mode()
def decode_plain(
    network: LayeredCNN, images: Tensor, curves: Tensor, *, start: int | None = None
) -> Iterator[Column]:
    """Complete curves as the paper does: one full pass through the network for every column.

    The reference that `decode` is tested against; parameters, yields and errors are the same.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode.
    images : (B, 1, H, W) Tensor
        Images, scaled to [-1, 1].
    curves : (B, K, W) Tensor
        Curves in edge coordinates, NaN where not given.
    start : int, optional
        First column to yield.

    Yields
    ------
    Column
        Columns ``start`` to ``W - 1`` in order.

    Raises
    ------
    ValueError
        If a column before ``start`` is not given for every image.
    """
    curves, given, start = _check(images, curves, start)
    height = images.shape[-2]
    label = torch.zeros(
        (len(images), 1, curves.shape[1] + 1, height, curves.shape[2]),
        dtype=images.dtype,
        device=images.device,
    ).contiguous(memory_format=torch.channels_last_3d)
    label[:, 0, ..., :start] = _label(curves[:, :, :start], height, images.dtype)
    features = network.encode_image(images)
    logits = network(images, label, features)
    persistence = Persistence(curves[:, :, 0])
    appearance = Appearance(last_features(network, features), height, images.shape[-1])
    for x in range(1, curves.shape[2]):
        if x > start:
            logits = network(images, label)
        appearance.follow(x - 1, label[:, 0, ..., x - 1])
        weighed = appearance.weigh(x, logits[..., x])
        column, said = _choose(x, weighed, curves[:, :, x], given[:, x], persistence)
        if x >= start:
            yield column
        label[:, 0, ..., x] = _label(column.curves.unsqueeze(2), height, images.dtype)[..., 0]
        persistence.follow(said, column.curves)


def _check(images: Tensor, curves: Tensor, start: int | None) -> tuple[Tensor, Tensor, int]:
    # Curves keep at least single precision when the network runs in bfloat16.
    curves = curves.to(torch.promote_types(images.dtype, torch.float32))
    given = ~curves.isnan().any(1)  # (B, W)
    missing = (~given.all(0)).nonzero()
    first_missing = int(missing[0, 0]) if len(missing) else given.shape[1]
    if start is None:
        start = first_missing
    if start < 1 or first_missing < start:
        raise ValueError(
            f"the columns before column {max(start, 1)} must be given for every image, "
            f"but column {first_missing} is not; give its curves or start there"
        )
    return curves, given, start


def _choose(
    x: int, logits: Tensor, curves: Tensor, given: Tensor, persistence: Persistence
) -> tuple[Column, Tensor]:
    """Return the column, and the curves that stand there where none are given."""
    logits = logits.to(curves.dtype)
    probabilities = torch.softmax(logits, 1)
    said, uncertainty = (part[:, :, 0] for part in sharpen(probabilities.unsqueeze(3)))
    said = persistence.hold(said, 1 - probabilities[:, :-1].cumsum(1))
    given = given.unsqueeze(1)
    chosen = torch.where(given, curves, said)
    return Column(x, chosen, torch.where(given, 0.0, uncertainty), logits), said


def _label(curves: Tensor, height: int, dtype: torch.dtype) -> Tensor:
    """Network input (B, K+1, H, W) for curves (B, K, W)."""
    return (2 * render(curves, height) - 1).to(dtype)
