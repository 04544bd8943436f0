"""Closed structures (tree rings, vessels, tubes) completed about a center, so that the ends meet.

The unrolled image begins at a labelled ray and ends at the same again; what lies between is
completed from both sides.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.completion import (
    CompletedColumns,
    Completion,
    Direction,
    iter_complete,
)
from napari_layeredcnn.core.meeting import meet
from napari_layeredcnn.core.polar import PolarError, PolarGrid
from napari_layeredcnn.core.polar_seed import PolarSeed, Strokes, seed_around
from napari_layeredcnn.core.scaling import to_grayscale
from napari_layeredcnn.core.steps import finish
from napari_layeredcnn.core.weights import Model, load_model

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from napari_layeredcnn.core.seeds import Seed
    from napari_layeredcnn.core.working import WorkingGrid

    Floats = NDArray[np.float32]
    Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PolarCompletion:
    """Closed curves about a center, with an uncertainty.

    Parameters
    ----------
    curves : (K, columns) float32 array
        Radius of each curve in pixels at the angles ``grid.angles``, ordered from the center
        outwards. Labelled rays are as they went in.
    uncertainty : (K, columns) float32 array
        Pixels; 0 on labelled rays. See `Completion`; the disagreement of the two runs is in it.
    region_ids : tuple of int
        Ids of the K+1 regions, from the center outwards.
    grid : PolarGrid
        How the image was unrolled.
    model_name : str
        Model that was used.
    working_grid : WorkingGrid
        Working resolution of the unrolled image.
    notes : tuple of str
        What the person should know.
    """

    curves: Floats
    uncertainty: Floats
    region_ids: tuple[int, ...]
    grid: PolarGrid
    model_name: str
    working_grid: WorkingGrid
    notes: tuple[str, ...] = ()

    def labels(self, dtype: DTypeLike | None = None, *, beyond: bool = False) -> NDArray[Any]:
        """Label image with the seed's ids, in the frame of the image.

        Parameters
        ----------
        dtype : dtype, optional
            Of the result. Default: int32, or int64 for large ids.
        beyond : bool
            Whether pixels beyond the reach of the grid belong to the outermost region; else they
            are 0.

        Returns
        -------
        (H, W) array
            Region ids.
        """
        if dtype is None:
            small = np.iinfo(np.int32)
            fits = all(small.min <= i <= small.max for i in self.region_ids)
            dtype = np.int32 if fits else np.int64
        labels = np.full(self.grid.shape, self.region_ids[-1] if beyond else 0, dtype)
        self.grid.draw(labels, self.curves, self.region_ids)
        return labels

    def paths(self) -> list[NDArray[np.float64]]:
        """Closed paths, see `PolarGrid.paths`."""
        return self.grid.paths(self.curves)


def complete_around(
    image: NDArray[Any],
    labels: ArrayLike,
    center: tuple[float, float],
    *,
    start_angle: float = 0.0,
    max_radius: float | None = None,
    strokes: Strokes = "regions",
    zero_is_region: bool = False,
    model: Model | str | Path | None = None,
    device: str = "auto",
    region_thickness: float | None = None,
    thorough: bool = True,
) -> PolarCompletion:
    """Complete closed structures about a center from one labelled ray or more.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        See `complete`.
    labels, center, start_angle, max_radius, strokes, zero_is_region
        See `seed_around`.
    model, device, region_thickness, thorough
        See `complete`.

    Returns
    -------
    PolarCompletion
        Closed curves. The ends meet: where the runs from both sides are joined, a curve moves by
        at most half a pixel from one ray to the next beyond what the runs themselves do, if there
        are rays enough for it.

    Raises
    ------
    PolarError, CompletionError, ImageError, SeedError, ModelError
        All of them ValueErrors: if the image, the labels, the center or the model cannot be used
        or do not fit together.

    Examples
    --------
    >>> rows, columns = np.indices((80, 80)) - 39.5
    >>> distance = np.hypot(rows, columns)
    >>> image = (distance > 20).astype(np.uint8)
    >>> labels = np.zeros((80, 80), np.uint8)
    >>> labels[40, 45:70] = 1 + image[40, 45:70]  # a stroke from the center to the right
    >>> completion = complete_around(image, labels, center=(39.5, 39.5))
    >>> completion.curves.shape, completion.labels().shape
    ((1, 179), (80, 80))
    """
    seed = seed_around(
        labels,
        center,
        start_angle=start_angle,
        max_radius=max_radius,
        strokes=strokes,
        zero_is_region=zero_is_region,
    )
    steps = iter_complete_around(
        image,
        seed,
        model=model,
        device=device,
        region_thickness=region_thickness,
        thorough=thorough,
    )
    return finish(steps)


def iter_complete_around(
    image: NDArray[Any],
    seed: PolarSeed,
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    region_thickness: float | None = None,
    thorough: bool = True,
) -> Generator[CompletedColumns, None, PolarCompletion]:
    """Like `complete_around`, but yields rays as they are computed.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        See `complete`.
    seed : PolarSeed
        See `seed_around`.
    model, device, region_thickness, thorough
        See `complete`.

    Yields
    ------
    CompletedColumns
        Columns of the unrolled image in the order of computation: once around to the right, once
        to the left, then both joined; later ones replace earlier ones. `PolarGrid.draw` brings
        them into a label image.

    Returns
    -------
    PolarCompletion
        The value of the generator's ``StopIteration``.

    Raises
    ------
    PolarError, CompletionError, ImageError, SeedError, ModelError
        See `complete_around`; raised at the first ``next``.
    """
    gray, had_colors = to_grayscale(image)
    grid = seed.grid
    if gray.shape != grid.shape:
        raise PolarError(
            f"the labels have {grid.shape[0]} x {grid.shape[1]} pixels, but the image has "
            f"{gray.shape[0]} x {gray.shape[1]}; give partial labels of the image's own shape"
        )
    if not isinstance(model, Model):
        model = load_model(model)
    turn = _full_turn(seed.seed)
    given = replace(seed.seed, curves=seed.seed.curves[:, turn])
    unrolled = grid.image(gray)[:, turn]
    runs = []
    directions: tuple[Direction, ...] = ("right", "left")
    for number, direction in enumerate(directions):
        steps = iter_complete(
            unrolled,
            given,
            model=model,
            device=device,
            direction=direction,
            region_thickness=region_thickness,
            thorough=thorough,
        )
        runs.append((yield from _in_columns_of(grid, steps, turn, number)))
    right, left = runs
    curves, uncertainty = right.curves.copy(), right.uncertainty.copy()
    for (_, start), (stop, _) in itertools.pairwise(given.stretches):
        gap = slice(start, stop)
        curves[:, gap], uncertainty[:, gap] = meet(
            right.curves[:, gap],
            right.uncertainty[:, gap],
            left.curves[:, gap],
            left.uncertainty[:, gap],
        )
        for part in _pieces(grid, curves[:, gap], turn[gap]):
            yield CompletedColumns(*part, 1, 1)
    # Every column is in the turn; the labelled ones at its end are those at its start.
    order = np.empty(grid.columns, np.intp)
    order[turn[: grid.columns]] = np.arange(grid.columns)
    return PolarCompletion(
        curves[:, order],
        uncertainty[:, order],
        right.region_ids,
        grid,
        right.model_name,
        right.grid,
        (*(["the colors were turned into luminance"] if had_colors else []), *right.notes),
    )


def _full_turn(seed: Seed) -> Indices:
    """Columns of a full turn from the widest labelled stretch to the same stretch again."""
    missing = np.isnan(seed.curves[0])
    columns = np.arange(seed.width)
    if not missing.any():
        return columns
    # Begun where nothing is labelled, so that no stretch is cut in two.
    first = int(np.argmax(missing))
    turned = replace(seed, curves=np.roll(seed.curves, -first, axis=1))
    start, stop = max(turned.stretches, key=lambda stretch: stretch[1] - stretch[0])
    return (first + np.arange(start, stop + seed.width)) % seed.width


def _in_columns_of(
    grid: PolarGrid,
    steps: Generator[CompletedColumns, None, Completion],
    turn: Indices,
    number: int,
) -> Generator[CompletedColumns, None, Completion]:
    """Pass on what one of two runs over the turn yields, in columns of the grid."""
    while True:
        try:
            columns = next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        where = turn[columns.start : columns.stop]
        for part in _pieces(grid, columns.curves, where):
            done = columns.done + number * columns.total
            yield CompletedColumns(*part, done, 2 * columns.total)


def _pieces(grid: PolarGrid, curves: Floats, where: Indices) -> Iterator[tuple[int, int, Floats]]:
    """Columns that follow one another about the center, split where the grid ends."""
    splits = np.flatnonzero(np.diff(where) != 1) + 1
    for start, stop in itertools.pairwise([0, *splits.tolist(), len(where)]):
        yield int(where[start]), int(where[stop - 1]) + 1, curves[:, start:stop]
