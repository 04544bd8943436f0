"""A retina-like stack: four smooth surfaces, seen as an OCT scanner would see them.

Simulated from backscatter, attenuation and speckle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from napari_layeredcnn.sample.fields import share_below, smooth_surface
from napari_layeredcnn.sample.strokes import strokes_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPE = (24, 128, 256)
"""Slices, rows and columns of the stack."""

SCALE_UM = (12.0, 4.0, 5.0)
"""Size of a voxel in µm: slice spacing, row height, column width."""

LABELLED_SLICE = 11
"""The middle slice, which napari shows first; the only one with strokes."""

STROKE_COLUMNS = (range(38, 43), range(198, 203))
"""Columns of that slice that carry strokes."""

REGION_NAMES = ("vitreous", "inner retina", "nuclear layer", "pigment epithelium", "choroid")
"""What the ids 1 to 5 stand for."""

_SEED = 20211
_BACKSCATTER = (0.012, 0.62, 0.2, 0.85, 0.3)  # per region, top to bottom
_ATTENUATION = (0.0, 0.006, 0.004, 0.02, 0.022)  # per row
_LOOKS = 6.0  # speckle patterns averaged, as a scanner does


def sample_stack() -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Return a layered stack, its true curves and partial labels on its middle slice.

    The same arrays come back every time.

    Returns
    -------
    stack : (24, 128, 256) uint8 array
        Slices, rows, columns.
    curves : (24, 4, 256) float32 array
        The true boundaries in edge coordinates (rows above the boundary), top to bottom.
    partial_labels : (24, 128, 256) uint8 array
        Short vertical strokes of the region ids 1 to 5 in slice 11, the middle one, as a person
        would paint them: five columns wide at two places, unlabelled around the boundaries. The
        middle of each gap is the boundary within 1 px. Zero elsewhere.

    Examples
    --------
    >>> stack, curves, partial_labels = sample_stack()
    >>> stack.shape, curves.shape
    ((24, 128, 256), (24, 4, 256))
    >>> sorted(set(partial_labels[11].ravel().tolist()))
    [0, 1, 2, 3, 4, 5]
    """
    rng = np.random.default_rng(_SEED)
    curves = _surfaces(rng)
    return _scan(curves, rng), curves, _labels(curves)


def _labels(curves: NDArray[np.float32]) -> NDArray[np.uint8]:
    labels = np.zeros(SHAPE, np.uint8)
    labels[LABELLED_SLICE] = strokes_down(curves[LABELLED_SLICE], SHAPE[1], STROKE_COLUMNS)
    return labels


def _surfaces(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw four smooth ordered surfaces: a tilt, a dip as of a fovea, and a gentle waviness."""
    n_slices, _, width = SHAPE
    z = np.linspace(-1, 1, n_slices)[:, None]
    x = np.linspace(-1, 1, width)[None, :]
    dip = np.exp(-(((x - 0.15) / 0.28) ** 2 + (z / 0.9) ** 2))
    base = 58 + 7 * x - 4 * z + 6 * (x - 0.15) ** 2 + smooth_surface(rng, SHAPE, (6, 30)) * 2.0
    tops = [
        base - 27 - 3 * x + 15 * dip,
        base - 14 + 7 * dip + smooth_surface(rng, SHAPE, (5, 18)),
        base + 12 - 2 * z + smooth_surface(rng, SHAPE, (5, 18)) * 1.2,
        base + 25 + 3 * x + smooth_surface(rng, SHAPE, (5, 22)) * 0.8,
    ]
    return np.stack(tops, axis=1).astype(np.float32)


def _scan(curves: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Simulate what a scanner sees of the regions between the curves."""
    below = share_below(curves, SHAPE[1])
    scatter = np.full(SHAPE, _BACKSCATTER[0])
    loss = np.full(SHAPE, _ATTENUATION[0])
    for k, share in enumerate(below):
        scatter += share * (_BACKSCATTER[k + 1] - _BACKSCATTER[k])
        loss += share * (_ATTENUATION[k + 1] - _ATTENUATION[k])
    # Tissue is uneven: blobs longer than high, stronger in the deepest region.
    uneven = gaussian_filter(rng.standard_normal(SHAPE), (0.8, 1.5, 4.0))
    uneven /= uneven.std()
    scatter *= np.exp((0.12 + 0.18 * below[-1]) * uneven)
    light = np.exp(-2 * np.cumsum(loss, axis=1)) * _vessel_shadows(below[0], rng)
    speckle = rng.gamma(_LOOKS, 1 / _LOOKS, SHAPE)
    received = gaussian_filter1d(scatter * light * speckle, 0.6, axis=2) + 0.004
    decibels = np.log10(received)
    low, high = -2.1, 0.15
    gray: NDArray[np.uint8] = np.round(255 * np.clip((decibels - low) / (high - low), 0, 1)).astype(
        np.uint8
    )
    return gray


def _vessel_shadows(
    below_surface: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Dim what lies under a few vessels that wander across the slices."""
    n_slices, _, width = SHAPE
    columns = np.arange(width)
    shade = np.ones((n_slices, width))
    for start, half_width, depth in ((88.0, 3.0, 0.6), (160.0, 2.0, 0.45), (226.0, 3.5, 0.65)):
        steps = gaussian_filter1d(rng.standard_normal(n_slices), 2, mode="reflect")
        center = start + np.cumsum(steps) * 3
        shade *= 1 - depth * np.exp(-(((columns - center[:, None]) / half_width) ** 2))
    # A shadow begins a few rows below the surface, under the vessel itself.
    reach = np.clip(np.cumsum(below_surface, axis=1) / 8, 0, 1)
    return 1 - reach * (1 - shade[:, None, :])
