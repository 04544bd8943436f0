"""The (row, slice) plane at one column of a stack, completed like an image.

The columns around it are averaged, for less noise, and slices are moved to fit their neighbors:
where slices are far apart their layers jump, which layers along an image rarely do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_layeredcnn.core.runs import Runs
from napari_layeredcnn.core.working import WorkingGrid

if TYPE_CHECKING:
    from napari_layeredcnn.core.decoder import Decoder
    from napari_layeredcnn.core.slices import Slices

Floats = NDArray[np.float32]

#: Columns (of the working grid) on either side of a seed column that are averaged into the plane.
AVERAGED = 4
#: Columns around it on which the shift between neighboring slices is measured.
LOOKED_AT = 48
#: Share of the rows by which neighboring slices may be shifted.
MOST_SHIFTED = 0.2
#: A shift must make neighboring slices more alike by this share, or there is none.
WORTH_SHIFTING = 0.005
#: Neighbors that correlate less than this at best show other things, and are not shifted: .54 was
#: the least of simulated stacks with jumps between slices, .16 the most where the layers are lost.
ALIKE = 0.3


def strip(slices: Slices, column: int, grid: WorkingGrid) -> tuple[Floats, int]:
    """Take what lies around a column from every slice, on the grid.

    Parameters
    ----------
    slices : Slices
        The stack.
    column : int
        Of the stack.
    grid : WorkingGrid
        Of whole slices.

    Returns
    -------
    strip : (S, rows, columns) float32 array
        The columns around it, of every slice.
    center : int
        Which of them it is.
    """
    step = grid.width / grid.columns
    width = min(grid.width, round(LOOKED_AT * step) + 1)
    start = min(max(0, column - width // 2), grid.width - width)  # as wide at the border
    stop = start + width
    part = WorkingGrid(grid.height, stop - start, grid.rows, max(1, round((stop - start) / step)))
    images = np.stack([part.image(image) for image in slices.strip(start, stop)])
    return images, min(int((column - start + 0.5) / step), part.columns - 1)


def complete_plane(
    decoder: Decoder, images: Floats, center: int, known: Floats, *, align: bool
) -> tuple[Floats, Floats]:
    """Complete the (row, slice) plane at one column.

    Parameters
    ----------
    decoder : Decoder
        The network.
    images : (S, rows, columns) float32 array
        From `strip`.
    center : int
        Its column in which the curves are wanted.
    known : (S, K) float32 array
        Curves of the labelled slices there, NaN for the others.
    align : bool
        Whether slices are moved up or down to fit their neighbors.

    Returns
    -------
    curves, uncertainty : (S, K) float32 array
        In rows.
    """
    count, rows, _ = images.shape
    offsets = np.zeros(count, dtype=int)
    if align and count > 1:
        offsets = _offsets(images, known)
    plane = images[:, :, max(0, center - AVERAGED) : center + AVERAGED + 1].mean(axis=2)
    source = np.clip(np.arange(rows) + offsets[:, None], 0, rows - 1)
    plane = np.take_along_axis(plane, source, axis=1).T
    seed = np.clip(known - offsets[:, None], 0, rows).T.astype(np.float32)
    runs = Runs(decoder, plane, seed)
    for _ in runs.run(forward=True, backward=True):
        pass
    curves = np.clip(runs.curves.T + offsets[:, None], 0, rows)
    return curves.astype(np.float32), runs.uncertainty.T


def _offsets(images: Floats, known: Floats) -> NDArray[np.int64]:
    """Rows by which every slice lies lower than the first labelled one."""
    labelled = np.flatnonzero(~np.isnan(known[:, 0]))
    shifts, unlike = _shifts(images)
    moved = np.concatenate([[0.0], np.cumsum(shifts)])
    moved -= moved[labelled[0]]
    told = known[labelled].mean(axis=1) - known[labelled[0]].mean()
    for before, after, labels in zip(labelled, labelled[1:], told[1:], strict=False):
        # Between two labelled slices the labels tell by how much the layers move in all.
        missed = labels - moved[after]
        steps = np.arange(1, after - before + 1)
        if abs(missed) > len(steps) / 2:  # more than rounding: somewhere is a jump
            jump = np.argmax(unlike[before:after])
            share = (steps > jump).astype(float)
        else:
            share = steps / len(steps)
        moved[before + 1 : after + 1] += missed * share
        moved[after + 1 :] += missed
    offsets: NDArray[np.int64] = np.rint(moved).astype(np.int64)
    return offsets


def _shifts(images: Floats) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows by which each slice but the first lies lower than the one before; what differs then."""
    rows = images.shape[1]
    smooth = gaussian_filter(images, (0, 1, 1))
    shifts = np.zeros(len(images) - 1, dtype=np.int64)
    least = np.full(len(shifts), np.inf)
    most = min(int(rows * MOST_SHIFTED), rows - 1)
    for shift in sorted(range(-most, most + 1), key=abs):
        before, after = _overlapping(smooth[:-1], smooth[1:], shift)
        unlike = np.square(before - after).mean(axis=(1, 2))
        better = unlike < least * (1 - WORTH_SHIFTING)
        least[better], shifts[better] = unlike[better], shift
    for shift in np.unique(shifts):
        there = shifts == shift
        alike = _correlation(*_overlapping(smooth[:-1][there], smooth[1:][there], int(shift)))
        shifts[np.flatnonzero(there)[alike < ALIKE]] = 0
    return shifts, least


def _overlapping(before: Floats, after: Floats, shift: int) -> tuple[Floats, Floats]:
    """Rows of images that show the same if the later ones lie lower by a shift."""
    rows = before.shape[1]
    return (
        before[:, max(0, -shift) : rows - max(0, shift)],
        after[:, max(0, shift) : rows - max(0, -shift)],
    )


def _correlation(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Correlation of the pixels of images (N, rows, columns) with others, (N,)."""
    one = one - one.mean(axis=(1, 2), keepdims=True)
    other = other - other.mean(axis=(1, 2), keepdims=True)
    spread = np.sqrt(np.square(one).sum(axis=(1, 2)) * np.square(other).sum(axis=(1, 2)))
    product: NDArray[np.float64] = (one * other).sum(axis=(1, 2)) / np.maximum(spread, 1e-12)
    return product
