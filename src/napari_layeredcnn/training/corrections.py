"""How many columns a person must correct until all curves are near enough: a simulation.

The person looks from left to right, corrects the first column that is wrong, and presses "Continue
from here": what lies before stays, everything after comes anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from napari_layeredcnn.core.decoding import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.core.columns import ColumnNetwork
    from napari_layeredcnn.core.network import LayeredCNN
    from napari_layeredcnn.core.working import WorkingGrid
    from napari_layeredcnn.training.evaluate import Predictor

    Floats = NDArray[np.float32]

#: A column is wrong if one of its curves is off by more than this many pixels of the image.
LIMIT = 2.0


class Corrected(NamedTuple):
    """What a simulation has come to.

    Parameters
    ----------
    counts : (B,) int array
        Columns that were corrected in each image.
    curves : (B, K, W) float32 array
        The curves at the end: no column is wrong.
    """

    counts: NDArray[np.intp]
    curves: Floats


def count_corrections(
    predict: Predictor,
    images: NDArray[Any],
    truths: Floats,
    *,
    limit: float = LIMIT,
    ahead: int | None = None,
) -> Corrected:
    """Simulate corrections by running a method again after each of them.

    Parameters
    ----------
    predict : callable
        Images (B, H, W) and seeds (B, K, W), NaN where not given, to curves (B, K, W). The columns
        given are the first ones, more in one image than in another.
    images : (B, H, W) array
        The images.
    truths : (B, K, W) float32 array
        True curves. The first column is given, and not counted.
    limit : float
        A column is wrong if one of its curves is off by more pixels.
    ahead : int, optional
        For a slow method: it sees only so many columns ahead of what it was given last, and of
        these, where none is wrong, the first half is kept. Default: it sees the whole image.

    Returns
    -------
    Corrected
        Counts from 0 to W - 1.

    Examples
    --------
    >>> from napari_layeredcnn.training.alternatives import flat_line
    >>> truth = np.float32([[[4, 4, 5, 6, 7, 8, 9]]])
    >>> found = count_corrections(flat_line, np.zeros((1, 20, 7)), truth)
    >>> found.counts, found.curves[0, 0]
    (array([1]), array([4., 4., 4., 4., 7., 7., 7.], dtype=float32))
    """
    width = truths.shape[-1]
    curves = truths.copy()
    counts = np.zeros(len(truths), np.intp)
    known = np.ones(len(truths), np.intp)  # so many first columns are given or kept
    while (known < width).any():
        # Images that see as far go together.
        stop = width if ahead is None else min(width, int(known.min()) + ahead)
        going = np.flatnonzero(known < stop)
        seeds = curves[going, :, :stop].copy()
        seeds[np.broadcast_to(known[going, None, None] <= np.arange(stop), seeds.shape)] = np.nan
        found = np.asarray(predict(images[going, :, :stop], seeds), np.float32)
        wrong = (np.abs(found - truths[going, :, :stop]) > limit).any(1)
        for i, column, curve in zip(going, wrong, found, strict=True):
            seen = slice(known[i], stop)
            if not column[seen].any():
                end = stop if stop == width else known[i] + max(1, (stop - known[i]) // 2)
                curves[i, :, known[i] : end] = curve[:, known[i] : end]
                known[i] = end
                continue
            first = known[i] + int(column[seen].argmax())
            curves[i, :, known[i] : first] = curve[:, known[i] : first]
            known[i] = first + 1  # the true curves stand there already
            counts[i] += 1
    return Corrected(counts, curves)


def count_network_corrections(
    network: LayeredCNN,
    images: Floats,
    truths: Floats,
    grid: WorkingGrid,
    *,
    columns: ColumnNetwork | None = None,
    limit: float = LIMIT,
) -> Corrected:
    """Simulate corrections of the network in a single run.

    The network sees nothing of the curves right of a column, so nothing needs to be done again: a
    wrong column is replaced before the next one is computed. Corrected columns of the working grid
    that lie in the same column of the image count once.

    Parameters
    ----------
    network : LayeredCNN
        In evaluation mode.
    images : (B, h, w) float32 array
        On the working grid, scaled to [-1, 1].
    truths : (B, K, w) float32 array
        True curves on the working grid.
    grid : WorkingGrid
        Of all these images. It stays the same during the corrections.
    columns : ColumnNetwork, optional
        The network prepared for runs.
    limit : float
        In pixels of the image.

    Returns
    -------
    Corrected
        Curves on the working grid.
    """
    step = grid.width / grid.columns  # columns of the image for a column of the grid
    near = limit * grid.rows / grid.height
    truth = torch.from_numpy(np.ascontiguousarray(truths))
    seeds = torch.full_like(truth, torch.nan)
    seeds[..., 0] = truth[..., 0]
    curves = truth.clone()
    tensor = torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1)
    counts = torch.zeros(len(truth), dtype=torch.long)
    last = torch.full((len(truth),), int(0.5 * step))  # column of the image that was given last
    with torch.inference_mode():
        for column in decode(network, tensor, seeds, columns=columns):
            x = column.index
            here = int((x + 0.5) * step)
            given = last == here
            wrong = ((column.curves - truth[..., x]).abs() > near).any(1) & ~given
            counts += wrong
            last[wrong] = here
            replaced = (wrong | given).unsqueeze(1)
            # The decoder goes on from what stands in its column.
            column.curves.copy_(torch.where(replaced, truth[..., x], column.curves))
            curves[..., x] = column.curves
    return Corrected(counts.numpy().astype(np.intp), curves.numpy())
