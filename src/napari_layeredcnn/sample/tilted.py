"""A tilted noisy stack: strongly tilted sheets of tissue, seen as an ultrasound scanner would.

Simulated from scatterers, the width of the beam, the length of the pulse and log compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from napari_layeredcnn.sample.fields import share_below, smooth_surface
from napari_layeredcnn.sample.strokes import strokes_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPE = (16, 160, 224)
"""Slices, rows and columns of the stack."""

SCALE_UM = (200.0, 50.0, 60.0)
"""Size of a voxel in µm: slice spacing, row height, column width."""

LABELLED_SLICE = 7
"""The slice that napari shows first; the only one with strokes."""

STROKE_COLUMNS = (range(110, 113),)
"""Columns of that slice that carry strokes: few, because the sheets are steep."""

REGION_NAMES = ("fat", "fascia", "muscle", "bone")
"""What the ids 1 to 4 stand for."""

_SEED = 4711
_ECHO = (0.2, 0.5, 0.22, 0.7)  # per region, top to bottom
_LOSS = 0.0035  # per row
_PULSE, _BEAM = 0.7, 1.2  # sigma in px


def tilted_stack() -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Return a tilted noisy stack, its true curves and partial labels on one slice.

    The same arrays come back every time. The sheets fall by about 80 rows from left to right, and
    the speckle is that of a single look: within a region the gray values scatter nearly as much
    as the regions differ.

    Returns
    -------
    stack : (16, 160, 224) uint8 array
        Slices, rows, columns.
    curves : (16, 3, 224) float32 array
        The true boundaries in edge coordinates (rows above the boundary), top to bottom.
    partial_labels : (16, 160, 224) uint8 array
        Vertical strokes of the region ids 1 to 4 in slice 7, three columns wide at one place;
        zero elsewhere. The middle of each gap is the boundary within 1 px.

    Examples
    --------
    >>> stack, curves, partial_labels = tilted_stack()
    >>> stack.shape, curves.shape
    ((16, 160, 224), (16, 3, 224))
    >>> np.unique(partial_labels[7])
    array([0, 1, 2, 3, 4], dtype=uint8)
    """
    rng = np.random.default_rng(_SEED)
    curves = _surfaces(rng)
    labels = np.zeros(SHAPE, np.uint8)
    labels[LABELLED_SLICE] = strokes_down(curves[LABELLED_SLICE], SHAPE[1], STROKE_COLUMNS)
    return _scan(curves, rng), curves, labels


def _surfaces(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw three surfaces that fall from left to right and shift from slice to slice."""
    n_slices, _, width = SHAPE
    z = np.linspace(-1, 1, n_slices)[:, None]
    x = np.linspace(-1, 1, width)[None, :]
    middle = 78 + 42 * x + 6 * np.sin(2.1 * x + 0.8 * z) + 5 * z
    surfaces = [
        middle - 24 - 2 * x,
        middle + 1.2 * smooth_surface(rng, SHAPE, (4, 20)),
        middle + 24 + 4 * x + 1.2 * smooth_surface(rng, SHAPE, (4, 20)),
    ]
    return np.stack(surfaces, axis=1).astype(np.float32)


def _scan(curves: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Simulate what a scanner receives from the regions between the curves."""
    strength = np.full(SHAPE, _ECHO[0])
    for k, share in enumerate(share_below(curves, SHAPE[1])):
        strength += share * (_ECHO[k + 1] - _ECHO[k])
    # Many scatterers to a pixel, each with a phase of its own: their echoes add up to speckle.
    echo = strength * (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE))
    echo = gaussian_filter1d(gaussian_filter1d(echo, _PULSE, axis=1), _BEAM, axis=2)
    power = np.abs(echo) ** 2 * np.exp(-2 * _LOSS * np.arange(SHAPE[1]))[:, None]
    decibels = 10 * np.log10(power + 1e-4) + rng.normal(0, 1, SHAPE)
    gray: NDArray[np.uint8] = np.round(255 * np.clip((decibels + 36) / 36, 0, 1)).astype(np.uint8)
    return gray
