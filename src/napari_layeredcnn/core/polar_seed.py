"""Strokes that lead away from a center, read as a seed: a labelled ray is a labelled column."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from scipy.ndimage import minimum_filter1d

from napari_layeredcnn.core.label_seeds import seed_from_boundaries, seed_from_regions
from napari_layeredcnn.core.polar import PolarError, PolarGrid, polar_grid
from napari_layeredcnn.core.seeds import Seed, SeedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Strokes = Literal["regions", "boundaries"]

#: How far to look, in multiples of the largest labelled radius, and at least (px).
_REACH, _SHORTEST_REACH = 3.0, 32.0
#: Rows to a pixel when strokes are read.
_PARTS = 4
#: Rays among which the best are taken where a stroke does not lie straight along them.
_BESIDE = 11


@dataclass(frozen=True, eq=False)
class PolarSeed:
    """What a person has labelled about a center.

    Parameters
    ----------
    grid : PolarGrid
        How the image is unrolled.
    seed : Seed
        Labelled rays: columns of the unrolled image.
    """

    grid: PolarGrid
    seed: Seed


def seed_around(
    labels: ArrayLike,
    center: tuple[float, float],
    *,
    start_angle: float = 0.0,
    max_radius: float | None = None,
    strokes: Strokes = "regions",
    zero_is_region: bool = False,
) -> PolarSeed:
    """Read strokes that lead away from a center.

    Parameters
    ----------
    labels : (H, W) array_like of int
        Partial labels.
    center : (float, float)
        Row and column in napari coordinates (pixel centers at integers). Every curve goes once
        around it and crosses every ray from it once.
    start_angle : float
        Ray of column 0 of the result, in degrees: 0 points to the right, 90 down.
    max_radius : float, optional
        How far from the center to look, in pixels. Default: three times as far as the
        farthest labelled boundary, enough for a circle whose middle is half its radius off.
    strokes : {"regions", "boundaries"}
        Whether regions are painted or thin lines along the boundaries; see `seed_from_regions`
        and `seed_from_boundaries`, where a column is a ray here.
    zero_is_region : bool
        Whether 0 is a region like the others, not unlabelled.

    Returns
    -------
    PolarSeed
        Rays on which everything is labelled, and how to unroll the image.

    Raises
    ------
    PolarError, SeedError
        If these are no labels by shape or type; the center lies outside; a label lies out of
        reach; no ray from the center passes all labels; or a ray passes them in another order.

    Examples
    --------
    >>> labels = np.zeros((9, 9), int)
    >>> labels[4, 4:] = [1, 1, 1, 2, 2]
    >>> around = seed_around(labels, (4, 4))
    >>> around.seed.curves[:, 0], around.seed.region_ids
    (array([2.5], dtype=float32), (1, 2))
    """
    if strokes not in get_args(Strokes):
        raise PolarError(
            f"strokes are {' or '.join(get_args(Strokes))}, but {strokes!r} was given; choose one"
        )
    zero_is_region = zero_is_region and strokes == "regions"
    image = np.asarray(labels)
    if image.dtype.kind not in "iu" or image.ndim != 2:
        raise PolarError(
            "labels of one image are an (H, W) array of integers, but these are of type "
            f"{image.dtype} and shape {image.shape}; convert them or pass one slice"
        )
    grid = polar_grid(image.shape, center, start_angle=start_angle, max_radius=max_radius)
    if not image.any():
        raise PolarError("there are no labels; paint a stroke away from the center first")
    seed = _read(grid, image, strokes, zero_is_region)
    if max_radius is not None:
        return PolarSeed(grid, seed)
    reach = max(_REACH * float(np.nanmax(seed.curves)), _SHORTEST_REACH)
    nearer = polar_grid(image.shape, center, start_angle=start_angle, max_radius=reach)
    if nearer == grid:
        return PolarSeed(grid, seed)
    return PolarSeed(nearer, _read(nearer, image, strokes, zero_is_region))


def _read(grid: PolarGrid, labels: NDArray[Any], strokes: Strokes, zero_is_region: bool) -> Seed:
    # Finer than a pixel: the pixels are not in line with the rays.
    unrolled = grid.labels(labels, zero_is_region=zero_is_region, parts=_PARTS)
    _check_rays(grid, labels, unrolled, zero_is_region)
    try:
        if strokes == "boundaries":
            seed = seed_from_boundaries(unrolled)
        else:
            seed = seed_from_regions(unrolled, zero_is_region=zero_is_region)
    except SeedError as error:
        raise PolarError(
            f"unrolled about the center, so that column c is the ray at {grid.start_angle:g} + "
            f"{360 / grid.columns:.4g} c degrees and top is inside: {error}"
        ) from None
    curves = seed.curves / np.float32(_PARTS)
    if strokes == "regions":
        _without_grazed(curves, unrolled)
    # Most rays pass some labels, those near the center; that they were left out says nothing.
    return Seed(curves, seed.region_ids, grid.rows)


def _without_grazed(curves: NDArray[np.float32], unrolled: NDArray[Any]) -> None:
    """Take out rays that a stroke leaves and enters again: they know less than those beside them.

    In the middle of a stroke they are interpolated, or it would fall to pieces.
    """
    labelled = unrolled != 0
    first, last = np.argmax(labelled, axis=0), np.argmax(labelled[::-1], axis=0)
    given = ~np.isnan(curves[0])
    gaps = np.where(given, len(labelled) - last - first - labelled.sum(axis=0), len(labelled))
    kept = np.flatnonzero(given & (gaps <= minimum_filter1d(gaps, _BESIDE, mode="wrap") + _PARTS))
    interpolated = np.full_like(curves, np.nan)
    interpolated[:, kept] = curves[:, kept]
    for a, b in itertools.pairwise(kept):
        if 1 < b - a <= _BESIDE and given[a:b].all():
            interpolated[:, a : b + 1] = np.linspace(curves[:, a], curves[:, b], b - a + 1, axis=1)
    curves[:] = interpolated


def _check_rays(
    grid: PolarGrid, labels: NDArray[Any], unrolled: NDArray[Any], zero_is_region: bool
) -> None:
    """Check that all labels are in reach, and that some ray passes them all."""
    ids = np.unique(labels)
    ids = ids if zero_is_region else ids[ids != 0]
    passed = np.stack([(unrolled == i).any(axis=0) for i in ids])
    if not passed.any(axis=1).all():
        raise PolarError(
            f"label {ids[np.argmin(passed.any(axis=1))]} lies farther than {grid.rows} pixels from "
            "the center; look farther"
        )
    if not passed.all(axis=0).any():
        closest = int(np.argmax(passed.sum(axis=0)))
        y, x = grid.center
        raise PolarError(
            f"no ray from the center at row {y:g} and column {x:g} passes all of the labels "
            f"{_listed(ids)}; the ray at {grid.angles[closest]:.0f} degrees comes closest and "
            f"lacks {_listed(ids[~passed[:, closest]])}; paint a stroke straight away from the "
            "center through all of them"
        )


def _listed(values: NDArray[Any]) -> str:
    return ", ".join(str(value) for value in values)
