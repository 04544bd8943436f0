"""From labelled slices to seeds for every slice: layers are curves across the slices, too.

At one column the slices side by side show the same layers as curves over the slices. This plane
is completed with the same network, from the labelled slices outwards; where two are labelled, both
runs are joined. By default slices are first moved up or down to fit their neighbors: it costs
next to nothing, changes nothing where slices are close, and is what keeps the layers where they
are far apart. Mean distance to the true curves in pixels, every fourth slice of simulated volumes
of 64 slices, one column of one slice labelled ("all": that whole slice), see
`benchmarks/stack_accuracy.py`; "own" gives every slice its own true first column, "copy" the
labelled slice's true curves, "carry" goes on from each slice into the next::

    slices apart   volume       own    copy   carry  plane  aligned  aligned, all
     1 px          retina       0.25   2.28   0.26   0.26   0.26     0.26
                   ultrasound   0.46   2.21   0.48   0.47   0.47     0.48
                   tissue       0.59   2.21   0.57   0.54   0.54     0.61
                   recipe       0.37   2.21   0.39   0.39   0.39     0.39
    10 px          retina       0.26   3.68   0.53   0.27   0.26     0.24
                   ultrasound   0.45   3.69   1.07   0.47   0.46     0.46
                   tissue       0.52   3.69   0.62   0.48   0.47     0.42
                   recipe       0.40   3.69   0.41   0.40   0.40     0.40

At 10 px the alignment brings the seeds themselves from 0.58, 0.51, 0.64 and 0.30 px to 0.27, 0.44,
0.42 and 0.29. On a finer grid, of 80 rows, "plane" lost the layers of "tissue": 1.74 px, and 0.62
aligned. Averaging some columns around the seed column takes noise away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.completion import Direction
from napari_layeredcnn.core.runs import CompletionError, Decoder, Runs
from napari_layeredcnn.core.seeds import Seed
from napari_layeredcnn.core.slices import Slices
from napari_layeredcnn.core.stack_plane import complete_plane, strip
from napari_layeredcnn.core.weights import Model, load_model
from napari_layeredcnn.core.working import working_grid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_layeredcnn.core.slices import StackArray
    from napari_layeredcnn.core.working import WorkingGrid

Across = Literal["aligned", "plane", "copy"]
Floats = NDArray[np.float32]

#: Seed columns are this far apart at least (columns of the working grid).
APART = 32


#: And as far from the border, where a plane has columns on one side only.
FROM_BORDER = 12


@dataclass(frozen=True)
class StackSeeds:
    """A seed for every slice of a stack.

    Parameters
    ----------
    seeds : tuple of Seed
        One for each slice; a labelled slice has its own, as it was given.
    uncertainty : (S,) float32 array
        Mean uncertainty of the seed's curves in pixels; 0 for labelled slices.
    labelled : tuple of int
        Slices with labels of their own.
    columns : tuple of int
        Columns in which the other slices got a seed.
    """

    seeds: tuple[Seed, ...]
    uncertainty: Floats
    labelled: tuple[int, ...]
    columns: tuple[int, ...]


def seeds_for_stack(
    stack: StackArray,
    seeds: Mapping[int, Seed],
    *,
    model: Model | str | Path | None = None,
    device: str = "auto",
    direction: Direction = "horizontal",
    region_thickness: float | None = None,
    across: Across = "aligned",
) -> StackSeeds:
    """Give every slice a seed, from the slices that are labelled.

    Parameters
    ----------
    stack : (S, H, W) or (S, H, W, 3 or 4) array
        NumPy, or anything that is sliced like it.
    seeds : mapping of int to Seed
        Seeds of the labelled slices, by the slice's index; with a vertical direction, of the
        transposed labels.
    model, device, direction, region_thickness
        See `complete`.
    across : {"aligned", "plane", "copy"}
        "aligned" moves every slice up or down to fit its neighbor before the plane is completed,
        and the curves back afterwards; "plane" does not; "copy" takes the curves of the labelled
        slices, interpolated between two.

    Returns
    -------
    StackSeeds
        The seeds. Labelled slices keep theirs.

    Raises
    ------
    CompletionError, ImageError, ModelError
        If the stack, the seeds or the model cannot be used or do not fit together.

    Examples
    --------
    >>> stack = np.repeat([0.0, 1.0, 0.0], [20, 24, 20])[None, :, None] * np.ones((3, 1, 40))
    >>> labelled = Seed(np.where(np.arange(40) == 20, [[20.0], [44.0]], np.nan), (1, 2, 3), 64)
    >>> made = seeds_for_stack(stack, {1: labelled})
    >>> made.columns, len(made.seeds), made.seeds[1] is labelled
    ((20,), 3, True)
    """
    check_direction(direction)
    slices = Slices(stack, transposed=direction in ("down", "up", "vertical"))
    check_seeds(seeds, slices)
    if not isinstance(model, Model):
        model = load_model(model)
    decoder = Decoder(model.network, device)
    grid = stack_grid(seeds, slices, region_thickness)
    both = direction in ("horizontal", "vertical")
    return make_seeds(slices, seeds, decoder, grid, across, both_ways=both)


def make_seeds(
    slices: Slices,
    seeds: Mapping[int, Seed],
    decoder: Decoder,
    grid: WorkingGrid,
    across: Across = "aligned",
    *,
    both_ways: bool = True,
) -> StackSeeds:
    """Like `seeds_for_stack`, with everything checked and prepared.

    Parameters
    ----------
    slices : Slices
        The stack.
    seeds : mapping of int to Seed
        Of the labelled slices, see `check_seeds`.
    decoder : Decoder
        The network.
    grid : WorkingGrid
        From `stack_grid`.
    across : {"aligned", "plane", "copy"}
        See `seeds_for_stack`.
    both_ways : bool
        Whether slices will be completed both ways: seed columns need not be labelled ones then.

    Returns
    -------
    StackSeeds
        The seeds.

    Raises
    ------
    CompletionError
        If there is no such way across.
    """
    if across not in get_args(Across):
        raise CompletionError(
            f"there is no way across slices {across!r}; choose one of {', '.join(get_args(Across))}"
        )
    labelled = sorted(seeds)
    columns = _columns(seeds, grid, both_ways=both_ways)
    known = _known(slices, seeds, columns, decoder, grid)  # (S, K, columns)
    made = np.empty_like(known)
    uncertainty = np.zeros_like(known)
    for i, column in enumerate(columns):
        if across == "copy":
            made[:, :, i] = _copied(known[:, :, i])
        else:
            around = strip(slices, column, grid)
            made[:, :, i], uncertainty[:, :, i] = complete_plane(
                decoder, *around, known[:, :, i], align=across == "aligned"
            )
    scale = np.float32(grid.height / grid.rows)
    made = np.clip(made * scale, 0, grid.height)
    mean = uncertainty.mean(axis=(1, 2)) * scale
    ids = seeds[labelled[0]].region_ids
    complete = []
    for index in range(slices.count):
        if index in seeds:
            complete.append(seeds[index])
            mean[index] = 0
        else:
            curves = np.full((len(ids) - 1, grid.width), np.nan, dtype=np.float32)
            curves[:, columns] = np.maximum.accumulate(made[index], axis=0)
            complete.append(Seed(curves, ids, grid.height))
    return StackSeeds(tuple(complete), mean, tuple(labelled), tuple(columns))


def check_direction(direction: str) -> None:
    """Check that there is such a direction.

    Parameters
    ----------
    direction : str
        See `complete`.

    Raises
    ------
    CompletionError
        If there is not.
    """
    if direction not in get_args(Direction):
        raise CompletionError(
            f"there is no direction {direction!r}; choose one of {', '.join(get_args(Direction))}"
        )


def check_seeds(seeds: Mapping[int, Seed], slices: Slices) -> None:
    """Check that the labelled slices' seeds fit the stack and each other.

    Parameters
    ----------
    seeds : mapping of int to Seed
        By the slice's index.
    slices : Slices
        The stack.

    Raises
    ------
    CompletionError
        If they do not.
    """
    if not seeds:
        raise CompletionError(
            "no slice is labelled; label all regions in one column or more of one slice or more"
        )
    first = seeds[min(seeds)]
    for index, seed in sorted(seeds.items()):
        if not 0 <= index < slices.count:
            raise CompletionError(
                f"there is a seed for slice {index}, but the stack has the slices 0 to "
                f"{slices.count - 1}; give seeds of its own slices"
            )
        if (seed.height, seed.width) != (slices.height, slices.width):
            raise CompletionError(
                f"the seed of slice {index} is for {seed.height} x {seed.width} pixels, but the "
                f"slices have {slices.height} x {slices.width} in this direction; give labels of "
                "the stack's own shape"
            )
        if seed.region_ids != first.region_ids:
            raise CompletionError(
                f"slice {index} has the regions {list(seed.region_ids)}, but slice {min(seeds)} "
                f"has {list(first.region_ids)}; label the same regions in every labelled slice"
            )


def stack_grid(
    seeds: Mapping[int, Seed], slices: Slices, region_thickness: float | None = None
) -> WorkingGrid:
    """One working grid for all slices, from the curves of all labelled ones.

    Parameters
    ----------
    seeds : mapping of int to Seed
        Of the labelled slices.
    slices : Slices
        The stack.
    region_thickness : float, optional
        See `complete`.

    Returns
    -------
    WorkingGrid
        The grid.
    """
    given = np.concatenate([s.curves[:, s.columns] for _, s in sorted(seeds.items())], axis=1)
    if region_thickness is None and len(given) > 1:
        thickness = float(np.mean(given[-1] - given[0])) / (len(given) - 1)
        region_thickness = max(thickness, 1e-6)
    curves = np.full((len(given), slices.width), np.nan, dtype=np.float32)
    return working_grid(curves, slices.height, region_thickness)


def _columns(seeds: Mapping[int, Seed], grid: WorkingGrid, *, both_ways: bool) -> list[int]:
    """Seed columns: the middle of every labelled stretch, and more of them in a long one."""
    apart = APART * grid.width / grid.columns
    border = 0
    if both_ways:
        border = min(round(FROM_BORDER * grid.width / grid.columns), (grid.width - 1) // 2)
    wanted = []
    for _, seed in sorted(seeds.items()):
        for start, stop in seed.stretches:
            parts = max(1, int((stop - start) // apart))
            middles = start + (np.arange(parts) + 0.5) * (stop - start) / parts
            wanted += np.clip(middles, border, grid.width - 1 - border).astype(int).tolist()
    columns: list[int] = []
    for column in wanted:  # earlier slices' first
        if all(abs(column - other) >= apart for other in columns):
            columns.append(column)
    return sorted(columns)


def _known(
    slices: Slices,
    seeds: Mapping[int, Seed],
    columns: list[int],
    decoder: Decoder,
    grid: WorkingGrid,
) -> Floats:
    """Curves of the labelled slices at the seed columns, in rows of the grid; NaN elsewhere.

    Where a labelled slice is not labelled in such a column, it is completed.
    """
    n_curves = next(iter(seeds.values())).n_curves
    known = np.full((slices.count, n_curves, len(columns)), np.nan, dtype=np.float32)
    for index, seed in seeds.items():
        curves = seed.curves
        if np.isnan(curves[:, columns]).any():
            runs = Runs(decoder, grid.image(slices[index]), grid.seed(curves))
            for _ in runs.run(forward=True, backward=True):
                pass
            curves = np.where(np.isnan(curves), grid.curves(runs.curves), curves)
        known[index] = curves[:, columns]
    return known * np.float32(grid.rows / grid.height)


def _copied(known: Floats) -> Floats:
    """Curves (S, K) of the labelled slices; NaN is interpolated, and outside the nearest taken."""
    labelled = np.flatnonzero(~np.isnan(known[:, 0]))
    every = np.arange(len(known))
    return np.stack(
        [np.interp(every, labelled, curve[labelled]) for curve in known.T], axis=1
    ).astype(np.float32)
